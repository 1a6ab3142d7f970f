#include "quant/onnx_names.h"

namespace quant {

OnnxNames::OnnxNames(const onnx::ModelProto& model) {
    add(model.graph());
    for (const onnx::FunctionProto& function : model.functions()) {
        add(function.input());
        add(function.output());
        add(function.node());
    }
}

std::string OnnxNames::unique(const std::string& wish) {
    std::string name = wish;
    for (int i = 1; !m_taken.insert(name).second; ++i) name = wish + "_" + std::to_string(i);
    return name;
}

void OnnxNames::add(const onnx::GraphProto& graph) {
    for (const onnx::ValueInfoProto& input : graph.input()) m_taken.insert(input.name());
    for (const onnx::ValueInfoProto& output : graph.output()) m_taken.insert(output.name());
    for (const onnx::ValueInfoProto& value : graph.value_info()) m_taken.insert(value.name());
    for (const onnx::TensorProto& tensor : graph.initializer()) m_taken.insert(tensor.name());
    for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer())
        m_taken.insert(tensor.values().name());
    add(graph.node());
}

void OnnxNames::add(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes) {
    for (const onnx::NodeProto& node : nodes) {
        m_taken.insert(node.name());
        add(node.input());
        add(node.output());
        for (const onnx::AttributeProto& attribute : node.attribute()) {
            if (attribute.has_g()) add(attribute.g());
            for (const onnx::GraphProto& graph : attribute.graphs()) add(graph);
        }
    }
}

void OnnxNames::add(const google::protobuf::RepeatedPtrField<std::string>& names) {
    m_taken.insert(names.begin(), names.end());
}

}  // namespace quant
