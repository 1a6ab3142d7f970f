#include "quant/quantized_tensor.h"

#include "quant/code_storage.h"

namespace quant {

std::vector<ClippedGrid> gridsOf(const MethodResult& result) {
    std::vector<ClippedGrid> grids;
    for (size_t i = 0; i < result.clip.size(); ++i)
        grids.push_back({result.format, result.clip[i], result.low.empty() ? 0.0f : result.low[i]});
    return grids;
}

bool hasCodes(const NumberFormat& format) {
    return !(format.fixedScale() && format.spacing == Spacing::Float);
}

bool QuantizedTensor::isPacked() const {
    return isQuantized && !options.isFake && options.isPacked && isPackable(result.format) &&
           !info.shape.empty();
}

std::string QuantizedTensor::storedName() const {
    if (!modelType.empty()) return modelType;
    return std::string(name(storedInfo(*this).dtype)) + (isPacked() ? " packed" : "");
}

DType outputType(const QuantizedTensor& tensor) {
    if (!tensor.isQuantized) return tensor.info.dtype;
    if (!tensor.options.isFake) return storageType(tensor.result.format);
    return tensor.info.dtype == DType::F64 ? DType::F32 : tensor.info.dtype;
}

TensorInfo storedInfo(const QuantizedTensor& tensor) {
    if (!tensor.isQuantized) return tensor.info;
    const bool isPacked = tensor.isPacked();
    const auto shape =
        isPacked ? packedShape(tensor.info.shape, tensor.result.format.bits) : tensor.info.shape;
    // No more elements than the tensor has, which exists: the counts cannot overflow.
    return makeTensorInfo(tensor.info.name, isPacked ? DType::U8 : tensor.storedAs, shape).value();
}

}  // namespace quant
