#include "tests/onnx_models.h"

#include <fstream>
#include <stdexcept>

namespace tests {
namespace {

void describe(onnx::ValueInfoProto& value, const std::string& name, int32_t type, const Dims& dims) {
    value.set_name(name);
    value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
    auto& shape = *value.mutable_type()->mutable_tensor_type()->mutable_shape();
    for (const int64_t extent : dims) shape.add_dim()->set_dim_value(extent);
}

}  // namespace

onnx::ModelProto emptyModel(int64_t opset, int64_t irVersion) {
    onnx::ModelProto model;
    model.set_ir_version(irVersion);
    model.set_producer_name("clipscope tests");
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("main");
    return model;
}

onnx::TensorProto rawTensor(const std::string& name, int32_t type, const Dims& dims,
                            const std::string& bytes) {
    onnx::TensorProto tensor;
    tensor.set_name(name);
    tensor.set_data_type(type);
    tensor.mutable_dims()->Assign(dims.begin(), dims.end());
    tensor.set_raw_data(bytes);
    return tensor;
}

onnx::TensorProto floatTensor(const std::string& name, const Dims& dims, std::span<const float> values) {
    const auto bytes = std::as_bytes(values);
    return rawTensor(name, onnx::TensorProto::FLOAT, dims,
                     std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

onnx::NodeProto& addNode(onnx::GraphProto& graph, const std::string& op,
                         const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    onnx::NodeProto& node = *graph.add_node();
    node.set_op_type(op);
    node.mutable_input()->Assign(inputs.begin(), inputs.end());
    node.mutable_output()->Assign(outputs.begin(), outputs.end());
    return node;
}

onnx::NodeProto constantNode(const std::string& output, const onnx::TensorProto& value) {
    onnx::NodeProto node;
    node.set_op_type("Constant");
    node.add_output(output);
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name("value");
    attribute.set_type(onnx::AttributeProto::TENSOR);
    *attribute.mutable_t() = value;
    return node;
}

onnx::AttributeProto graphAttribute(const std::string& name, const onnx::GraphProto& graph) {
    onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    *attribute.mutable_g() = graph;
    return attribute;
}

void addInput(onnx::GraphProto& graph, const std::string& name, int32_t type, const Dims& dims) {
    describe(*graph.add_input(), name, type, dims);
}

void addOutput(onnx::GraphProto& graph, const std::string& name, int32_t type, const Dims& dims) {
    describe(*graph.add_output(), name, type, dims);
}

onnx::ModelProto weightModel(int64_t opset, const onnx::TensorProto& weight, int64_t irVersion) {
    onnx::ModelProto model = emptyModel(opset, irVersion);
    onnx::GraphProto& graph = *model.mutable_graph();
    *graph.add_initializer() = weight;
    const Dims dims(weight.dims().begin(), weight.dims().end());
    if (irVersion < 4) addInput(graph, weight.name(), weight.data_type(), dims);
    addNode(graph, "Identity", {weight.name()}, {"y"});
    addOutput(graph, "y", weight.data_type(), dims);
    return model;
}

void addExternal(onnx::TensorProto& tensor, const std::string& key, const std::string& value) {
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
}

void save(const onnx::ModelProto& model, const std::filesystem::path& path) {
    std::ofstream stream(path, std::ios::binary);
    if (!model.SerializeToOstream(&stream)) throw std::runtime_error("cannot write " + path.string());
}

onnx::ModelProto load(const std::filesystem::path& path) {
    onnx::ModelProto model;
    std::ifstream stream(path, std::ios::binary);
    if (!model.ParseFromIstream(&stream)) throw std::runtime_error("cannot read " + path.string());
    return model;
}

}  // namespace tests
