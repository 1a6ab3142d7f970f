#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace tests {

using Dims = std::vector<int64_t>;

// A model with an empty main graph.
onnx::ModelProto emptyModel(int64_t opset, int64_t irVersion = 8);

onnx::TensorProto rawTensor(const std::string& name, int32_t type, const Dims& dims,
                            const std::string& bytes);
onnx::TensorProto floatTensor(const std::string& name, const Dims& dims, std::span<const float> values);

onnx::NodeProto& addNode(onnx::GraphProto& graph, const std::string& op,
                         const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);
onnx::NodeProto constantNode(const std::string& output, const onnx::TensorProto& value);
onnx::AttributeProto graphAttribute(const std::string& name, const onnx::GraphProto& graph);

void addInput(onnx::GraphProto& graph, const std::string& name, int32_t type, const Dims& dims);
void addOutput(onnx::GraphProto& graph, const std::string& name, int32_t type, const Dims& dims);

// A model that puts out the values of its only weight: y = Identity(W).
onnx::ModelProto weightModel(int64_t opset, const onnx::TensorProto& weight, int64_t irVersion = 8);

void addExternal(onnx::TensorProto& tensor, const std::string& key, const std::string& value);

void save(const onnx::ModelProto& model, const std::filesystem::path& path);
onnx::ModelProto load(const std::filesystem::path& path);

}  // namespace tests
