// Operators as https://onnx.ai/onnx/operators/ defines them: DequantizeLinear, Cast, Sub, Mul, Gather,
// Constant.
#include "quant/onnx_dequantize.h"

#include "quant/onnx_tensor.h"

#include <algorithm>
#include <array>

namespace quant {
namespace {

using onnx::TensorProto;
using Kind = Granularity::Kind;

constexpr int64_t firstIrVersionWithoutInputs = 4;  // from which on initializers need not be inputs as well
constexpr int64_t firstIrVersionWithFourBits = 10;

bool isFourBit(TensorProto::DataType type) {
    return type == TensorProto::INT4 || type == TensorProto::UINT4;
}

bool hasDequantizeLinear(Kind kind, TensorProto::DataType type, int64_t opset) {
    const bool isByte = type == TensorProto::INT8 || type == TensorProto::UINT8;
    if (!isByte || kind == Kind::Group) return opset >= 21;
    return opset >= (kind == Kind::Channel ? 13 : 10);
}

// Integers of a type of levels; those of 4 bits two to a byte, the first in the low half.
std::string packed(std::span<const int32_t> values, TensorProto::DataType type) {
    std::string bytes;
    for (size_t i = 0; i < values.size(); ++i) {
        const auto low = static_cast<char>(values[i] & 0xff);
        if (isFourBit(type) && i % 2 == 1)
            bytes.back() = static_cast<char>((bytes.back() & 0xf) | (low << 4 & 0xf0));
        else
            bytes += isFourBit(type) ? static_cast<char>(low & 0xf) : low;
        const bool isWide = type == TensorProto::INT16 || type == TensorProto::UINT16;
        if (isWide) bytes += static_cast<char>(values[i] >> 8 & 0xff);
    }
    return bytes;
}

void addAttribute(onnx::NodeProto& node, const char* name, int64_t value) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
}

// The shape of scales that DequantizeLinear wants: none, [channels], or the tensor's with groups along the
// axis.
std::vector<int64_t> scaleDims(const OnnxLevels& levels, std::span<const int64_t> shape) {
    if (levels.kind == Kind::Tensor) return {};
    if (levels.kind == Kind::Channel) return {shape[levels.axis]};
    std::vector<int64_t> dims(shape.begin(), shape.end());
    const auto groupSize = static_cast<int64_t>(levels.groupSize);
    dims[levels.axis] = dims[levels.axis] / groupSize + (dims[levels.axis] % groupSize != 0);
    return dims;
}

}  // namespace

TensorProto::DataType onnxLevelType(const OnnxLevels& levels, int64_t opset) {
    if (levels.bits <= 4 && opset >= 21) return levels.isSigned ? TensorProto::INT4 : TensorProto::UINT4;
    if (levels.bits <= 8) return levels.isSigned ? TensorProto::INT8 : TensorProto::UINT8;
    return levels.isSigned ? TensorProto::INT16 : TensorProto::UINT16;
}

TensorProto& OnnxDequantizer::replace(const OnnxPlace& place, const OnnxLevels& levels) {
    m_place = place;
    m_base = place.ownName();
    m_lastNames = {.levelType = TensorProto::DataType_Name(onnxLevelType(levels, place.opset))};
    const std::vector<int64_t> shape(place.tensor->dims().begin(), place.tensor->dims().end());
    const auto valueType = static_cast<TensorProto::DataType>(place.tensor->data_type());
    const auto levelType = onnxLevelType(levels, place.opset);
    m_changes.try_emplace(&nodes(), Changes{nodes().size(), {}});
    if (place.isMainGraph && place.isFormalInput) removeInput();
    if (isFourBit(levelType) && m_model.ir_version() >= firstIrVersionWithoutInputs)
        m_model.set_ir_version(std::max<int64_t>(m_model.ir_version(), firstIrVersionWithFourBits));

    TensorProto& target = levelTensor(levelType);
    const bool isFloat = valueType == TensorProto::FLOAT;
    const std::string output = isFloat ? m_base : m_names.unique(m_base + "_dequantized");
    if (hasDequantizeLinear(levels.kind, levelType, place.opset))
        dequantize(levels, shape, output);
    else
        multiply(levels, shape, output);
    if (!isFloat) addAttribute(addNode("Cast", {output}, m_base), "to", valueType);
    return target;
}

// An initializer stays where it is, under a new name; the tensor of a Constant node makes way for a new one.
TensorProto& OnnxDequantizer::levelTensor(TensorProto::DataType type) {
    TensorProto& old = *m_place.tensor;
    TensorProto* levels = &old;
    if (m_place.constant) {
        m_changes[&nodes()].removed.insert(m_place.constant);
        const std::vector<int64_t> dims(old.dims().begin(), old.dims().end());
        levels = &addTensor("_quantized", type, dims);
    } else {
        old.set_name(m_names.unique(m_base + "_quantized"));
        old.set_data_type(type);
        addInput(old);
    }
    clearOnnxData(old);
    m_lastNames.levels = levels->name();
    return *levels;
}

void OnnxDequantizer::dequantize(const OnnxLevels& levels, std::span<const int64_t> shape,
                                 const std::string& output) {
    const auto dims = scaleDims(levels, shape);
    m_lastNames.scale = addScales(levels, dims);
    m_lastNames.zeroPoint = addZeroPoints(levels, onnxLevelType(levels, m_place.opset), dims);
    std::vector<std::string> inputs = {m_lastNames.levels, m_lastNames.scale};
    if (!m_lastNames.zeroPoint.empty()) inputs.push_back(m_lastNames.zeroPoint);
    onnx::NodeProto& node = addNode("DequantizeLinear", inputs, output);
    if (levels.kind != Kind::Tensor) addAttribute(node, "axis", static_cast<int64_t>(levels.axis));
    if (levels.kind == Kind::Group) {
        const auto extent = static_cast<uint64_t>(shape[levels.axis]);
        addAttribute(node, "block_size", static_cast<int64_t>(std::min(levels.groupSize, extent)));
    }
}

void OnnxDequantizer::multiply(const OnnxLevels& levels, std::span<const int64_t> shape,
                               const std::string& output) {
    auto dims = scaleDims(levels, shape);
    // [channels, 1, 1] broadcasts over the axes behind, and the axes in front need not be there.
    if (levels.kind == Kind::Channel) dims.resize(shape.size() - levels.axis, 1);
    m_lastNames.scale = addScales(levels, dims);
    m_lastNames.zeroPoint = addZeroPoints(levels, TensorProto::FLOAT, dims);
    std::string scale = m_lastNames.scale, zeroPoint = m_lastNames.zeroPoint;
    if (levels.kind == Kind::Group) {
        std::vector<int32_t> groups(static_cast<size_t>(shape[levels.axis]));
        for (size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int32_t>(i / levels.groupSize);
        TensorProto& index = addTensor("_group", TensorProto::INT32, std::array{shape[levels.axis]});
        index.set_raw_data(groups.data(), groups.size() * sizeof(int32_t));
        scale = spread(scale, index.name(), levels.axis);
        if (!zeroPoint.empty()) zeroPoint = spread(zeroPoint, index.name(), levels.axis);
    }
    std::string value = m_names.unique(m_base + "_cast");
    addAttribute(addNode("Cast", {m_lastNames.levels}, value), "to", TensorProto::FLOAT);
    if (!zeroPoint.empty()) {
        const std::string shifted = m_names.unique(m_base + "_shifted");
        addNode("Sub", {value, zeroPoint}, shifted);
        value = shifted;
    }
    addNode("Mul", {value, scale}, output);
}

// What each group has, once for each element along the axis.
std::string OnnxDequantizer::spread(const std::string& perGroup, const std::string& index, size_t axis) {
    std::string perElement = m_names.unique(perGroup + "_spread");
    addAttribute(addNode("Gather", {perGroup, index}, perElement), "axis", static_cast<int64_t>(axis));
    return perElement;
}

std::string OnnxDequantizer::addScales(const OnnxLevels& levels, std::span<const int64_t> dims) {
    TensorProto& tensor = addTensor("_scale", TensorProto::FLOAT, dims);
    tensor.set_raw_data(levels.scales.data(), levels.scales.size() * sizeof(float));
    return tensor.name();
}

// As levels, or as floats where they are subtracted; nothing where all are 0.
std::string OnnxDequantizer::addZeroPoints(const OnnxLevels& levels, TensorProto::DataType type,
                                           std::span<const int64_t> dims) {
    if (std::ranges::all_of(levels.zeroPoints, [](int32_t zero) { return zero == 0; })) return "";
    TensorProto& tensor = addTensor("_zero_point", type, dims);
    if (type == TensorProto::FLOAT) {
        const std::vector<float> floats(levels.zeroPoints.begin(), levels.zeroPoints.end());
        tensor.set_raw_data(floats.data(), floats.size() * sizeof(float));
    } else {
        tensor.set_raw_data(packed(levels.zeroPoints, type));
    }
    return tensor.name();
}

// Functions have no initializers: there it is the value of a Constant node.
TensorProto& OnnxDequantizer::addTensor(const char* suffix, TensorProto::DataType type,
                                        std::span<const int64_t> dims) {
    const std::string name = m_names.unique(m_base + suffix);
    TensorProto* tensor = nullptr;
    if (m_place.graph) {
        tensor = m_place.graph->add_initializer();
    } else {
        onnx::AttributeProto& value = *addNode("Constant", {}, name).add_attribute();
        value.set_name("value");
        value.set_type(onnx::AttributeProto::TENSOR);
        tensor = value.mutable_t();
    }
    tensor->set_name(name);
    tensor->set_data_type(type);
    tensor->mutable_dims()->Assign(dims.begin(), dims.end());
    addInput(*tensor);
    return *tensor;
}

onnx::NodeProto& OnnxDequantizer::addNode(const char* op, const std::vector<std::string>& inputs,
                                          const std::string& output) {
    onnx::NodeProto& node = *nodes().Add();
    node.set_op_type(op);
    node.set_name(m_names.unique(m_base + "_" + op));
    node.mutable_input()->Assign(inputs.begin(), inputs.end());
    node.add_output(output);
    return node;
}

// Up to IR version 3, initializers of the main graph are inputs as well.
void OnnxDequantizer::addInput(const TensorProto& tensor) {
    if (!m_place.isMainGraph || m_model.ir_version() >= firstIrVersionWithoutInputs) return;
    onnx::ValueInfoProto& input = *m_place.graph->add_input();
    input.set_name(tensor.name());
    onnx::TypeProto::Tensor& type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    onnx::TensorShapeProto& shape = *type.mutable_shape();
    for (const int64_t extent : tensor.dims()) shape.add_dim()->set_dim_value(extent);
}

void OnnxDequantizer::removeInput() {
    auto& inputs = *m_place.graph->mutable_input();
    const auto found = std::ranges::find(inputs, m_base, &onnx::ValueInfoProto::name);
    if (found != inputs.end()) inputs.erase(found);
}

OnnxDequantizer::Nodes& OnnxDequantizer::nodes() const {
    return m_place.graph ? *m_place.graph->mutable_node() : *m_place.function->mutable_node();
}

void OnnxDequantizer::finish() {
    for (auto& [nodes, changes] : m_changes) {
        std::rotate(nodes->pointer_begin(), nodes->pointer_begin() + changes.oldNodes, nodes->pointer_end());
        const auto kept = std::stable_partition(
            nodes->pointer_begin(), nodes->pointer_end(),
            [&](const onnx::NodeProto* node) { return !changes.removed.contains(node); });
        const auto count = static_cast<int>(kept - nodes->pointer_begin());
        nodes->DeleteSubrange(count, nodes->size() - count);
    }
    m_changes.clear();
}

}  // namespace quant
