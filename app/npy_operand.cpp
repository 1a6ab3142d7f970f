#include "app/npy_operand.h"

#include "app/number_text.h"
#include "app/random_matrix.h"
#include "quant/input_error.h"

#include <algorithm>
#include <span>
#include <utility>

namespace app {

using quant::GemmType;

namespace {

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

}  // namespace

NpyElements npyElementsOf(GemmType type) {
    return {dtypeOf(type), std::string(quant::name(type))};
}

quant::DType resultDtype(quant::GemmTypes types) {
    return isInteger(types) ? quant::DType::I32 : quant::DType::F32;
}

std::optional<quant::NpyFile> openedOperand(const std::string& path, const NpyElements& elements,
                                            size_t dimensions) {
    if (path.empty()) return {};
    quant::NpyFile file{quant::InputFile(path)};
    const quant::TensorInfo& info = file.tensors().front();
    const auto fail = [&](const std::string& problem) { throw quant::InputError(path, "", problem); };
    if (info.dtype != elements.dtype)
        fail("holds elements of " + std::string(quant::name(info.dtype)) + ", but " +
             std::string(quant::name(elements.dtype)) + " for " + elements.purpose + " is needed");
    if (info.shape.size() != dimensions)
        fail(std::string(dimensions == 2 ? "is no matrix of two" : "is no tensor of four") +
             " dimensions: its shape is " + shapeText(info.shape));
    if (std::ranges::any_of(info.shape, [](uint64_t extent) { return extent > UINT32_MAX; }))
        fail("its shape, " + shapeText(info.shape) + ", is too large");
    return file;
}

const std::vector<uint64_t>& shapeOf(const quant::NpyFile& file) {
    return file.tensors().front().shape;
}

std::vector<std::byte> bytesOf(const quant::NpyFile& file) {
    const uint64_t size = file.tensors().front().sizeBytes;
    std::vector<std::byte> bytes((size + 3) / 4 * 4);
    file.read(0, 0, std::span(bytes).first(size));
    return bytes;
}

std::vector<std::byte> operandBytes(const std::optional<quant::NpyFile>& file, GemmType type,
                                    uint64_t elements, uint64_t seed) {
    if (!file) return randomMatrix(type, elements, seed);
    auto bytes = bytesOf(*file);
    return elementBits(type) < 8 ? packed(bytes, elements, type, file->path()) : bytes;
}

std::optional<quant::NpyWriter> openedResult(const std::string& path, const std::string& name,
                                             quant::GemmTypes types, std::vector<uint64_t> shape) {
    if (path.empty()) return {};
    return quant::NpyWriter(path, quant::makeTensorInfo(name, resultDtype(types), std::move(shape)).value());
}

}  // namespace app
