#include "app/gemm_inputs.h"

#include "app/npy_operand.h"
#include "app/number_text.h"
#include "app/random_matrix.h"
#include "app/usage_error.h"
#include "quant/input_error.h"

#include <vector>

namespace app {

namespace {

using quant::GemmType;

constexpr const char* command = "gemm";
constexpr uint64_t mostElements = UINT32_MAX - 1;
constexpr uint64_t seedOfA = 1, seedOfB = 2, seedOfC = 3;

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

}  // namespace

GemmInputs::GemmInputs(const GemmSource& source, uint32_t extent) : m_source(source) {
    checkOptions(source);
    m_a = openedOperand(source.a, npyElementsOf(source.types.a), 2);
    m_b = openedOperand(source.b, npyElementsOf(source.types.b), 2);
    m_c = openedOperand(source.c, {resultDtype(source.types), "C"}, 2);
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
    quant::HostMatrix matrix{operandBytes(file, type, elements, seed)};
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
