#pragma once

#include "quant/onnx_levels.h"
#include "quant/onnx_names.h"
#include "quant/onnx_places.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace quant {

constexpr int64_t minOnnxOpset =
    7;  // the first whose arithmetic broadcasts, and the first that ONNX Runtime runs

// How levels are stored: INT4 and UINT4, two in a byte, where the operators know these types, else the next
// of 8 and 16 bits.
onnx::TensorProto::DataType onnxLevelType(const OnnxLevels& levels, int64_t opset);

// Changes a model so that names of tensors stand for dequantized levels: the nodes that compute them come
// first in the graph or function that owned the tensor, and put out the tensor's name in its type, so that
// consumers, subgraphs and graph outputs are untouched.
//
// DequantizeLinear where the operator set has it for the case (10: 8 bits, per tensor; 13: per channel; 21: 4
// and 16 bits, and groups as blocks); else Cast, Sub, Mul, which every set from minOnnxOpset on has, with
// Gather to spread the scales of groups. Scales are F32; other types of weights get a Cast behind, so that
// values are those of fake quantization to the bit.
class OnnxDequantizer {
public:
    // Both must outlive this; the places point into the model.
    explicit OnnxDequantizer(onnx::ModelProto& model) : m_model(model), m_names(model) {}

    // Returns the tensor that the levels belong into, with name, shape and type, but without data. An input
    // of the main graph under the tensor's name is removed: the weight is a constant now.
    onnx::TensorProto& replace(const OnnxPlace& place, const OnnxLevels& levels);
    const OnnxPartNames& lastNames() const { return m_lastNames; }

    // Puts the new nodes where they belong and removes Constant nodes that were replaced. Places are invalid
    // afterwards.
    void finish();

private:
    using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
    struct Changes {
        int oldNodes = 0;
        std::unordered_set<const onnx::NodeProto*> removed;
    };

    // New tensors and nodes in the owner of m_place; suffixes are appended to m_base.
    onnx::TensorProto& addTensor(const char* suffix, onnx::TensorProto::DataType type,
                                 std::span<const int64_t> dims);
    onnx::NodeProto& addNode(const char* op, const std::vector<std::string>& inputs,
                             const std::string& output);
    std::string addScales(const OnnxLevels& levels, std::span<const int64_t> dims);
    std::string addZeroPoints(const OnnxLevels& levels, onnx::TensorProto::DataType type,
                              std::span<const int64_t> dims);
    onnx::TensorProto& levelTensor(onnx::TensorProto::DataType type);
    void dequantize(const OnnxLevels& levels, std::span<const int64_t> shape, const std::string& output);
    void multiply(const OnnxLevels& levels, std::span<const int64_t> shape, const std::string& output);
    std::string spread(const std::string& perGroup, const std::string& index, size_t axis);
    void addInput(const onnx::TensorProto& tensor);
    void removeInput();
    Nodes& nodes() const;

    onnx::ModelProto& m_model;
    OnnxNames m_names;
    std::map<Nodes*, Changes> m_changes;
    OnnxPlace m_place;   // the one being replaced
    std::string m_base;  // its name in the model
    OnnxPartNames m_lastNames;
};

}  // namespace quant
