// Walks an ONNX model (https://github.com/onnx/onnx/blob/main/docs/IR.md) for the tensors that it holds.
#include "quant/onnx_places.h"

#include <algorithm>
#include <format>
#include <string_view>
#include <unordered_set>

namespace quant {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

bool isDefaultDomain(std::string_view domain) {
    return domain.empty() || domain == "ai.onnx";
}

class Walker {
public:
    std::vector<OnnxPlace> walk(onnx::ModelProto& model) {
        m_owner.opset = defaultOpset(model.opset_import());
        m_owner.isMainGraph = true;
        if (model.has_graph()) walkGraph(*model.mutable_graph());
        for (onnx::FunctionProto& function : *model.mutable_functions()) {
            std::string path = "function " + function.domain() + "." + function.name();
            if (!function.overload().empty()) path += ":" + function.overload();
            m_owner = {.function = &function, .path = path + "/"};
            m_owner.opset = defaultOpset(function.opset_import());
            walkNodes(*function.mutable_node());
        }
        return std::move(m_places);
    }

private:
    void walkGraph(onnx::GraphProto& graph) {
        m_owner.graph = &graph;
        std::unordered_set<std::string_view> inputs;
        for (const onnx::ValueInfoProto& input : graph.input()) inputs.insert(input.name());
        for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
            OnnxPlace& place = m_places.emplace_back(m_owner);
            place.tensor = &tensor;
            place.isFormalInput = inputs.contains(tensor.name());
        }
        for (const onnx::SparseTensorProto& sparse : graph.sparse_initializer())
            m_places.emplace_back(m_owner).sparse = &sparse;
        walkNodes(*graph.mutable_node());
    }

    void walkNodes(Nodes& nodes) {
        const OnnxPlace owner = m_owner;
        for (int i = 0; i < nodes.size(); ++i) {
            onnx::NodeProto& node = *nodes.Mutable(i);
            const bool isConstant = node.op_type() == "Constant" && isDefaultDomain(node.domain());
            for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
                if (isConstant) addConstant(node, attribute);
                const std::string path =
                    std::format("{}{}_{}.{}", owner.path, node.op_type(), i, attribute.name());
                if (attribute.has_g()) walkSubgraph(owner, path + "/", *attribute.mutable_g());
                for (int k = 0; k < attribute.graphs_size(); ++k)
                    walkSubgraph(owner, std::format("{}[{}]/", path, k), *attribute.mutable_graphs(k));
            }
        }
    }

    void addConstant(onnx::NodeProto& node, onnx::AttributeProto& attribute) {
        if (node.output_size() == 0 || node.output(0).empty()) return;
        const bool isDense = attribute.name() == "value" && attribute.has_t();
        const bool isSparse = attribute.name() == "sparse_value" && attribute.has_sparse_tensor();
        // In a function the value may be that of an attribute of the call.
        if (!(isDense || isSparse) || !attribute.ref_attr_name().empty()) return;
        OnnxPlace& place = m_places.emplace_back(m_owner);
        place.constant = &node;
        if (isDense)
            place.tensor = attribute.mutable_t();
        else
            place.sparse = &attribute.sparse_tensor();
    }

    void walkSubgraph(const OnnxPlace& owner, std::string path, onnx::GraphProto& graph) {
        m_owner.path = std::move(path);
        m_owner.isMainGraph = false;
        walkGraph(graph);
        m_owner = owner;
    }

    std::vector<OnnxPlace> m_places;
    OnnxPlace m_owner;  // what the places of the graph or function being walked have in common
};

}  // namespace

const std::string& OnnxPlace::ownName() const {
    if (constant) return constant->output(0);
    return tensor ? tensor->name() : sparse->values().name();
}

std::vector<OnnxPlace> placesOf(onnx::ModelProto& model) {
    return Walker().walk(model);
}

int64_t defaultOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& imports) {
    const auto found = std::ranges::find_if(
        imports, [](const onnx::OperatorSetIdProto& import) { return isDefaultDomain(import.domain()); });
    return found == imports.end() ? 0 : found->version();
}

}  // namespace quant
