#include "app/gemm_inputs.h"

#include "app/number_text.h"
#include "app/random_matrix.h"
#include "app/usage_error.h"
#include "quant/input_error.h"

#include <span>
#include <utility>
#include <vector>

namespace app {

namespace {

using quant::GemmType;

constexpr const char* command = "gemm";
constexpr uint64_t mostElements = UINT32_MAX - 1;
constexpr uint64_t seedOfA = 1, seedOfB = 2, seedOfC = 3;

// numpy has no bf16: its bits come as uint16. Nor has it integers of fewer than 8 bits.
quant::DType dtypeOf(GemmType type) {
    switch (type) {
        case GemmType::Fp32:
        case GemmType::Tf32:
            return quant::DType::F32;
        case GemmType::Fp16:
            return quant::DType::F16;
        case GemmType::Bf16:
            return quant::DType::U16;
        case GemmType::Int16:
            return quant::DType::I16;
        case GemmType::Uint8:
            return quant::DType::U8;
        default:
            return quant::DType::I8;
    }
}

// The codes of int8 values, end to end. Throws quant::InputError for a value that the type lacks.
std::vector<std::byte> packed(const std::vector<std::byte>& values, uint64_t elements, GemmType type,
                              const std::string& path) {
    const uint32_t bits = elementBits(type);
    std::vector<std::byte> bytes(wordBytes(type, elements));
    for (uint64_t i = 0; i < elements; ++i) {
        const int value = std::to_integer<int8_t>(values[i]);
        const bool isHeld = type == GemmType::Binary    ? value == -1 || value == 1
                            : type == GemmType::Ternary ? value >= -1 && value <= 1
                                                        : value >= -8 && value <= 7;
        if (!isHeld)
            throw quant::InputError(path, "",
                                    "element " + std::to_string(i) + " is " + std::to_string(value) +
                                        ", which " + std::string(quant::name(type)) + " has not");
        const auto code =
            static_cast<uint32_t>(type == GemmType::Binary ? value > 0 : value) & ((1u << bits) - 1);
        bytes[i * bits / 8] |= static_cast<std::byte>(code << i * bits % 8);
    }
    return bytes;
}

// "F32 for fp32"
std::string wantedText(GemmType type) {
    return std::string(quant::name(dtypeOf(type))) + " for " + std::string(quant::name(type));
}

std::optional<quant::NpyFile> opened(const std::string& path, quant::DType dtype, const std::string& wanted) {
    if (path.empty()) return {};
    quant::NpyFile file{quant::InputFile(path)};
    const quant::TensorInfo& info = file.tensors().front();
    if (info.dtype != dtype)
        throw quant::InputError(
            path, "",
            "holds elements of " + std::string(quant::name(info.dtype)) + ", but " + wanted + " is needed");
    if (info.shape.size() != 2)
        throw quant::InputError(path, "",
                                "is no matrix of two dimensions: its shape is " + shapeText(info.shape));
    if (info.shape[0] > UINT32_MAX || info.shape[1] > UINT32_MAX)
        throw quant::InputError(path, "", "its shape, " + shapeText(info.shape) + ", is too large");
    return file;
}

const std::vector<uint64_t>& shapeOf(const quant::NpyFile& file) {
    return file.tensors().front().shape;
}

// "b.npy of 3x4, transposed"
std::string described(const quant::NpyFile& file, bool isTransposed) {
    return file.path() + " of " + shapeText(shapeOf(file)) + (isTransposed ? ", transposed" : "");
}

void checkOptions(const GemmSource& source) {
    const auto fail = [](const std::string& problem) { throw UsageError(problem, command); };
    if (source.a.empty() != source.b.empty()) fail("--a and --b belong together");
    if (!source.c.empty() && source.a.empty()) fail("--c needs --a and --b");
    if (!source.c.empty() && source.beta == 0) fail("--c needs a --beta other than 0");
    if (!source.a.empty() && source.c.empty() && source.beta != 0)
        fail("--beta needs --c, as --a and --b are files");
    if (isInteger(source.types) && source.alpha != 1) fail("--alpha is 1 for products of integers");
    if (isInteger(source.types) && source.beta != 0 && source.beta != 1)
        fail("--beta is 0 or 1 for products of integers");
}

void checkSize(const char* option, std::optional<uint32_t> asked, uint32_t extent, const std::string& file) {
    if (asked && *asked != extent)
        throw UsageError(std::string(option) + " " + std::to_string(*asked) + " contradicts " + file,
                         command);
}

std::vector<std::byte> bytesOf(const quant::NpyFile& file) {
    const uint64_t size = file.tensors().front().sizeBytes;
    std::vector<std::byte> bytes((size + 3) / 4 * 4);
    file.read(0, 0, std::span(bytes).first(size));
    return bytes;
}

}  // namespace

GemmInputs::GemmInputs(const GemmSource& source, uint32_t extent) : m_source(source) {
    checkOptions(source);
    m_a = opened(source.a, dtypeOf(source.types.a), wantedText(source.types.a));
    m_b = opened(source.b, dtypeOf(source.types.b), wantedText(source.types.b));
    const bool hasIntegers = isInteger(source.types);
    m_c = opened(source.c, hasIntegers ? quant::DType::I32 : quant::DType::F32,
                 hasIntegers ? "I32 for C" : "F32 for C");
    if (m_a)
        takeFileSizes();
    else
        takeSizes(extent);
    const auto check = [](const char* matrix, uint64_t rows, uint64_t columns) {
        if (rows * columns > mostElements)
            throw UsageError(std::string("matrix ") + matrix + " of " + shapeText({rows, columns}) +
                                 " has 2^32 elements or more",
                             command);
    };
    check("A", m_m, m_k);
    check("B", m_k, m_n);
    check("C", m_m, m_n);
}

void GemmInputs::takeSizes(uint32_t extent) {
    m_m = m_source.m.value_or(extent);
    m_n = m_source.n.value_or(extent);
    m_k = m_source.k.value_or(extent);
}

void GemmInputs::takeFileSizes() {
    const bool isATransposed = m_source.isATransposed, isBTransposed = m_source.isBTransposed;
    const auto &a = shapeOf(*m_a), &b = shapeOf(*m_b);
    const std::string textOfA = described(*m_a, isATransposed), textOfB = described(*m_b, isBTransposed);
    const uint64_t depthOfA = a[isATransposed ? 0 : 1], depthOfB = b[isBTransposed ? 1 : 0];
    if (depthOfA != depthOfB)
        throw quant::InputError(
            textOfA, "",
            "has " + counted(depthOfA, "column") + ", but " + textOfB + " has " + counted(depthOfB, "row"));
    m_m = static_cast<uint32_t>(a[isATransposed ? 1 : 0]);
    m_n = static_cast<uint32_t>(b[isBTransposed ? 0 : 1]);
    m_k = static_cast<uint32_t>(depthOfA);
    checkSize("--m", m_source.m, m_m, textOfA);
    checkSize("--k", m_source.k, m_k, textOfA);
    checkSize("--n", m_source.n, m_n, textOfB);
    if (m_c && shapeOf(*m_c) != std::vector<uint64_t>{m_m, m_n})
        throw quant::InputError(described(*m_c, false), "",
                                "is not of the product's shape, " + shapeText({m_m, m_n}));
}

uint64_t GemmInputs::sizeBytes() const {
    const quant::GemmTypes types = m_source.types;
    return wordBytes(types.a, uint64_t{m_m} * m_k) + wordBytes(types.b, uint64_t{m_k} * m_n) +
           uint64_t{m_m} * m_n * 4;
}

quant::HostMatrix GemmInputs::matrix(const std::optional<quant::NpyFile>& file, uint32_t rows,
                                     uint32_t columns, bool isTransposed, GemmType type,
                                     uint64_t seed) const {
    const uint64_t elements = uint64_t{rows} * columns;
    quant::HostMatrix matrix{file ? bytesOf(*file) : randomMatrix(type, elements, seed)};
    if (file && elementBits(type) < 8) matrix.bytes = packed(matrix.bytes, elements, type, file->path());
    matrix.rowStride = isTransposed ? 1 : columns;
    matrix.columnStride = isTransposed ? rows : 1;
    return matrix;
}

quant::HostProduct GemmInputs::read() const {
    quant::HostProduct product{.types = m_source.types,
                               .m = m_m,
                               .n = m_n,
                               .k = m_k,
                               .alpha = m_source.alpha,
                               .beta = m_source.beta};
    product.a = matrix(m_a, m_m, m_k, m_source.isATransposed, m_source.types.a, seedOfA);
    product.b = matrix(m_b, m_k, m_n, m_source.isBTransposed, m_source.types.b, seedOfB);
    if (m_source.beta == 0) return product;
    const uint64_t elements = product.elementsOfC();
    product.c = m_c                         ? bytesOf(*m_c)
                : isInteger(m_source.types) ? randomWords(elements, seedOfC)
                                            : randomMatrix(GemmType::Fp32, elements, seedOfC);
    return product;
}

}  // namespace app
