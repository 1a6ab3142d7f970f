#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_set>

namespace quant {

// Names for new values and nodes of a model, different from each other and from all in its graphs and
// functions.
class OnnxNames {
public:
    explicit OnnxNames(const onnx::ModelProto& model);

    // The wish itself, or with _1, _2 and so on behind it.
    std::string unique(const std::string& wish);

private:
    void add(const onnx::GraphProto& graph);
    void add(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes);
    void add(const google::protobuf::RepeatedPtrField<std::string>& names);

    std::unordered_set<std::string> m_taken;
};

}  // namespace quant
