#include "quant/rounding_error.h"

#include "quant/quantize_pass.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace quant {

namespace {

// The value of every 16-bit pattern of a format.
std::vector<float> valuesOf(const char* format) {
    const NumberFormat float16 = numberFormatFrom(format);
    std::vector<float> values;
    for (uint32_t code = 0; code < 1u << 16; ++code)
        values.push_back(static_cast<float>(float16.decode(code)));
    return values;
}

// Elements of a type that isAnalyzable(), as kernels see them.
std::vector<float> elementsFrom(std::span<const std::byte> bytes, DType dtype) {
    std::vector<float> elements(bytes.size() / elementSizeBytes(dtype));
    const auto convert = [&]<class Stored>(Stored stored, const auto& valueOf) {
        for (size_t i = 0; i < elements.size(); ++i) {
            std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
            elements[i] = valueOf(stored);
        }
    };
    static const std::vector<float> halves = valuesOf("fp16"), bfloats = valuesOf("bf16");
    if (dtype == DType::F32) std::memcpy(elements.data(), bytes.data(), bytes.size());
    if (dtype == DType::F64) convert(0.0, [](double stored) { return static_cast<float>(stored); });
    if (dtype == DType::F16) convert(uint16_t{0}, [&](uint16_t stored) { return halves[stored]; });
    if (dtype == DType::BF16) convert(uint16_t{0}, [&](uint16_t stored) { return bfloats[stored]; });
    return elements;
}

}  // namespace

bool hasRoundingError(const QuantizedTensor& tensor) {
    if (!tensor.isQuantized || tensor.info.elements == 0) return false;
    const bool isNarrow = tensor.info.dtype == DType::F16 || tensor.info.dtype == DType::BF16;
    return tensor.options.rounding.isStochastic || (tensor.options.isFake && isNarrow);
}

void measureRounding(Analyzer& analyzer, const TensorFile& file, size_t index, QuantizedTensor& tensor) {
    const DType from = tensor.info.dtype, to = tensor.options.isFake ? outputType(tensor) : DType::F32;
    double squared = 0, energy = 0;
    uint64_t finite = 0, first = 0;
    std::vector<std::byte> original;
    analyzer.stream().select(file, index);
    analyzer.quantizePass().quantize(
        analyzer.stream(), layoutOf(tensor.info, tensor.result.granularity, file.path()),
        gridsOf(tensor.result), to, tensor.options.rounding, [&](std::span<const std::byte> bytes) {
            const std::vector<float> values = elementsFrom(bytes, to);
            original.resize(values.size() * elementSizeBytes(from));
            file.read(index, first * elementSizeBytes(from), original);
            const std::vector<float> elements = elementsFrom(original, from);
            for (size_t i = 0; i < values.size(); ++i) {
                if (!std::isfinite(elements[i])) continue;
                const double x = elements[i], error = values[i] - x;
                squared += error * error;
                energy += x * x;
                ++finite;
            }
            first += values.size();
        });
    if (finite == 0) return;
    tensor.result.mse = squared / static_cast<double>(finite);
    tensor.result.sqnrDb.reset();
    if (energy > 0 && squared > 0) tensor.result.sqnrDb = 10 * std::log10(energy / squared);
}

}  // namespace quant
