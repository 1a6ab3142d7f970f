#include "quant/scale_tensors.h"

#include "quant/code_storage.h"
#include "quant/segments.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace quant {

namespace {

template <class T>
void append(std::vector<std::byte>& bytes, T value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

ScaleTensor perSegment(const QuantizedTensor& tensor, const std::string& suffix, DType dtype) {
    // Never more elements than the tensor has: the counts cannot overflow.
    const auto shape = scaleShape(tensor.info, tensor.result.granularity);
    return {makeTensorInfo(tensor.info.name + suffix, dtype, shape).value(), {}};
}

ScaleTensor powersOfTwo(const QuantizedTensor& tensor) {
    ScaleTensor scales = perSegment(tensor, ".scale", DType::F8E8M0);
    constexpr int bias = 127;
    // The elements of mxint8 are sixty-fourths.
    const int implied = tensor.result.format.spacing == Spacing::Uniform ? 6 : 0;
    for (const float scale : tensor.result.scale)
        append(scales.bytes, static_cast<uint8_t>(std::clamp(std::ilogb(scale) + implied + bias, 0, 254)));
    return scales;
}

std::vector<ScaleTensor> relativeScales(const QuantizedTensor& tensor) {
    static const NumberFormat e4m3 = numberFormatFrom("fp8-e4m3");
    const float tensorScale = nvfp4TensorScale(tensor.absmax);
    ScaleTensor scales = perSegment(tensor, ".scale", DType::F8E4M3);
    for (const float scale : tensor.result.scale) {
        const double relative = tensorScale > 0 ? double{scale} / double{tensorScale} : 0;
        append(scales.bytes, static_cast<uint8_t>(e4m3.encode(e4m3.quantize(relative))));
    }
    ScaleTensor whole{makeTensorInfo(tensor.info.name + ".tensor_scale", DType::F32, {1}).value(), {}};
    append(whole.bytes, tensorScale);
    return {std::move(scales), std::move(whole)};
}

ScaleTensor steps(const QuantizedTensor& tensor) {
    ScaleTensor scales = perSegment(tensor, ".scale", DType::F32);
    for (const float scale : tensor.result.scale) append(scales.bytes, scale);
    return scales;
}

ScaleTensor zeroPoints(const QuantizedTensor& tensor) {
    const NumberFormat& format = tensor.result.format;
    ScaleTensor points = perSegment(tensor, ".zero_point", storageType(format));
    for (const int32_t point : tensor.result.zeroPoint) {
        if (format.bits <= 8)
            append(points.bytes, static_cast<uint8_t>(point));
        else
            append(points.bytes, static_cast<uint16_t>(point));
    }
    return points;
}

}  // namespace

std::vector<ScaleTensor> scaleTensorsOf(const QuantizedTensor& tensor) {
    const NumberFormat& format = tensor.result.format;
    if (!tensor.isQuantized || tensor.options.isFake || format.fixedScale()) return {};
    if (format.scaleRule == ScaleRule::E8M0) return {powersOfTwo(tensor)};
    if (format.scaleRule == ScaleRule::E4M3) return relativeScales(tensor);
    std::vector<ScaleTensor> tensors = {steps(tensor)};
    if (format.isAffine) tensors.push_back(zeroPoints(tensor));
    return tensors;
}

}  // namespace quant
