#include "quant/importance.h"

#include "quant/float_bits.h"
#include "quant/input_error.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace quant {

namespace {

std::string shapeText(const std::vector<uint64_t>& shape) {
    std::string text;
    for (const uint64_t extent : shape) text += (text.empty() ? "" : "x") + std::to_string(extent);
    return text.empty() ? "scalar" : text;
}

// Strides, in elements of the weights, with which they follow the elements of a shape; 0 where they repeat.
std::vector<uint64_t> stridesOver(const std::vector<uint64_t>& shape, const std::vector<uint64_t>& weights) {
    std::vector<uint64_t> strides(shape.size(), 0);
    uint64_t stride = 1;
    for (size_t back = 1; back <= weights.size(); ++back) {
        const uint64_t extent = weights[weights.size() - back];
        if (extent > 1) strides[shape.size() - back] = stride;
        stride *= extent;
    }
    return strides;
}

bool canBroadcast(const std::vector<uint64_t>& weights, const std::vector<uint64_t>& shape) {
    if (weights.size() > shape.size()) return false;
    for (size_t back = 1; back <= weights.size(); ++back) {
        const uint64_t extent = weights[weights.size() - back];
        if (extent != 1 && extent != shape[shape.size() - back]) return false;
    }
    return true;
}

// All weights of the file's tensor as floats: they are kept, since they are read in any order.
std::vector<float> weightsOf(const TensorFile& file, size_t index) {
    const TensorInfo& info = file.tensors()[index];
    std::vector<std::byte> bytes(info.sizeBytes);
    file.read(index, 0, bytes);
    std::vector<float> weights(info.elements);
    for (uint64_t i = 0; i < info.elements; ++i) {
        if (info.dtype == DType::F64) {
            double wide;
            std::memcpy(&wide, &bytes[i * sizeof wide], sizeof wide);
            weights[i] = static_cast<float>(wide);
        } else {
            std::memcpy(&weights[i], &bytes[i * sizeof(float)], sizeof(float));
        }
        if (std::isfinite(weights[i]) && weights[i] >= 0) continue;
        throw InputError(file.path(), info.name,
                         "its weight " + std::to_string(i) + " is negative, infinite or not a number");
    }
    return weights;
}

class BroadcastTensor final : public TensorFile {
public:
    BroadcastTensor(const TensorFile& file, size_t index, const TensorInfo& info)
        : m_weights(weightsOf(file, index)), m_strides(stridesOver(info.shape, file.tensors()[index].shape)) {
        m_path = file.path();
        m_format = "weights";
        // As many elements as a tensor that exists: the counts cannot overflow.
        m_tensors.push_back(*makeTensorInfo(info.name, DType::F32, info.shape));
    }

protected:
    void readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const override {
        for (uint64_t i = 0; i < bytes.size() / sizeof(float); ++i) {
            const float weight = m_weights[placeOf(offset / sizeof(float) + i)];
            std::memcpy(&bytes[i * sizeof weight], &weight, sizeof weight);
        }
    }

private:
    uint64_t placeOf(uint64_t element) const {
        const auto& shape = m_tensors[0].shape;
        uint64_t place = 0;
        for (size_t axis = shape.size(); axis-- > 0;) {
            place += element % shape[axis] * m_strides[axis];
            element /= shape[axis];
        }
        return place;
    }

    std::vector<float> m_weights;
    std::vector<uint64_t> m_strides;
};

}  // namespace

Importance::Importance(const std::string& path) : m_file(openTensorFile(path)) {}

std::unique_ptr<TensorFile> Importance::of(const TensorInfo& info) const {
    const auto& tensors = m_file->tensors();
    const auto named = std::ranges::find(tensors, info.name, &TensorInfo::name);
    if (named == tensors.end() && tensors.size() != 1)
        throw InputError(m_file->path(), info.name, "has no weights in this file");
    const auto index = named == tensors.end() ? size_t{0} : static_cast<size_t>(named - tensors.begin());
    const TensorInfo& weights = tensors[index];
    if (weights.dtype != DType::F32 && weights.dtype != DType::F64)
        throw InputError(m_file->path(), weights.name, "weights must be F32 or F64");
    if (!canBroadcast(weights.shape, info.shape)) {
        throw InputError(m_file->path(), weights.name,
                         "weights of shape " + shapeText(weights.shape) + " do not fit tensor '" +
                             printable(info.name, 100) + "' of shape " + shapeText(info.shape));
    }
    return std::make_unique<BroadcastTensor>(*m_file, index, info);
}

}  // namespace quant
