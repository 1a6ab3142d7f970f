#include "quant/importance.h"

#include "quant/float_bits.h"
#include "quant/input_error.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
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

// Reads a run of a tensor of weights as floats. Throws InputError for one that is negative or not finite.
void readWeights(const TensorFile& file, size_t index, uint64_t first, std::span<float> weights) {
    const TensorInfo& info = file.tensors()[index];
    if (info.dtype == DType::F64) {
        std::vector<double> wide(weights.size());
        file.read(index, first * sizeof(double), std::as_writable_bytes(std::span(wide)));
        std::ranges::transform(wide, weights.begin(), [](double x) { return static_cast<float>(x); });
    } else {
        file.read(index, first * sizeof(float), std::as_writable_bytes(weights));
    }
    const auto wrong = std::ranges::find_if(weights, [](float x) { return !(std::isfinite(x) && x >= 0); });
    if (wrong == weights.end()) return;
    const uint64_t place = first + static_cast<uint64_t>(wrong - weights.begin());
    throw InputError(file.path(), info.name,
                     "its weight " + std::to_string(place) + " is negative, infinite or not a number");
}

// Weights that have the tensor's own shape pass through; those that repeat are kept whole, since they are
// read over and over.
class BroadcastTensor final : public TensorFile {
public:
    BroadcastTensor(const TensorFile& file, size_t index, const TensorInfo& info)
        : m_file(file), m_index(index), m_strides(stridesOver(info.shape, file.tensors()[index].shape)) {
        m_path = file.path();
        m_format = "weights";
        // As many elements as a tensor that exists: the counts cannot overflow.
        m_tensors.push_back(*makeTensorInfo(info.name, DType::F32, info.shape));
        if (file.tensors()[index].elements == info.elements) return;
        m_repeated.resize(file.tensors()[index].elements);
        readWeights(file, index, 0, m_repeated);
    }

protected:
    void readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const override {
        std::vector<float> weights(bytes.size() / sizeof(float));
        const uint64_t first = offset / sizeof(float);
        if (m_repeated.empty())
            readWeights(m_file, m_index, first, weights);
        else
            repeat(first, weights);
        std::memcpy(bytes.data(), weights.data(), bytes.size());
    }

private:
    // Along the last axis weights follow each other, or one stands for all.
    void repeat(uint64_t first, std::span<float> weights) const {
        const auto& shape = m_tensors[0].shape;
        const uint64_t row = shape.empty() ? 1 : shape.back(), step = shape.empty() ? 0 : m_strides.back();
        for (size_t done = 0; done < weights.size();) {
            const uint64_t place = placeOf(first + done);
            const auto run =
                weights.subspan(done, std::min(row - (first + done) % row, weights.size() - done));
            for (size_t i = 0; i < run.size(); ++i) run[i] = m_repeated[place + i * step];
            done += run.size();
        }
    }

    uint64_t placeOf(uint64_t element) const {
        const auto& shape = m_tensors[0].shape;
        uint64_t place = 0;
        for (size_t axis = shape.size(); axis-- > 0;) {
            place += element % shape[axis] * m_strides[axis];
            element /= shape[axis];
        }
        return place;
    }

    const TensorFile& m_file;
    size_t m_index;
    std::vector<float> m_repeated;
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
