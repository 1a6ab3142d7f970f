#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace quant {

// Where a model keeps one tensor: an initializer of a graph, or the value of a Constant node in a graph or a
// model-local function. Pointers go into the ModelProto that was walked.
struct OnnxPlace {
    onnx::GraphProto* graph = nullptr;        // that owns it; null: `function` does
    onnx::FunctionProto* function = nullptr;  // set only where graph is null
    onnx::NodeProto* constant = nullptr;      // the Constant node; null: an initializer
    onnx::TensorProto* tensor = nullptr;      // one of these two
    const onnx::SparseTensorProto* sparse = nullptr;
    std::string path;  // of its subgraph or function, "If_3.then_branch/"; empty in the main graph
    bool isMainGraph = false;
    bool isFormalInput = false;  // an initializer under the name of an input of its graph
    int64_t opset = 0;           // of the default domain there; 0: not imported

    const std::string& ownName() const;
};

// All tensors of the model, a graph's initializers before its nodes, and nodes in their order, with their
// subgraphs where they stand; functions last. The same model gives the same order. Training graphs are left
// out. The recursion is bounded by protobuf's: a message nested deeper than 100 levels (33 graphs) does not
// parse.
std::vector<OnnxPlace> placesOf(onnx::ModelProto& model);

// The version of the default domain's operators; 0 where it is not imported.
int64_t defaultOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports);

}  // namespace quant
