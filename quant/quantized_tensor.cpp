#include "quant/quantized_tensor.h"

#include "quant/code_storage.h"

#include <utility>

namespace quant {

bool hasCodes(const NumberFormat& format) {
    return !(format.fixedScale() && format.spacing == Spacing::Float);
}

bool QuantizedTensor::isPacked() const {
    return isQuantized && !options.isFake && options.isPacked && isPackable(result.format) &&
           !info.shape.empty();
}

DType outputType(const QuantizedTensor& tensor) {
    if (!tensor.isQuantized) return tensor.info.dtype;
    if (!tensor.options.isFake) return storageType(tensor.result.format);
    return tensor.info.dtype == DType::F64 ? DType::F32 : tensor.info.dtype;
}

TensorInfo storedInfo(const QuantizedTensor& tensor) {
    if (!tensor.isQuantized) return tensor.info;
    std::vector<uint64_t> shape = tensor.info.shape;
    DType dtype = tensor.storedAs;
    if (tensor.isPacked()) {
        shape.back() = packedRowBytes(shape.back(), tensor.result.format.bits);
        dtype = DType::U8;
    }
    // Of the extents of a tensor that exists: the counts cannot overflow.
    return makeTensorInfo(tensor.info.name, dtype, std::move(shape)).value();
}

}  // namespace quant
