#include "quant/onnx_writer.h"

#include "quant/input_error.h"
#include "tests/memory_tensor.h"
#include "tests/onnx_models.h"
#include "tests/onnx_runtime.h"
#include "tests/sample_data.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstring>
#include <format>
#include <numeric>

namespace tests {

using namespace quant;
using onnx::TensorProto;
using quant::tests::TempFolder;
using Kind = Granularity::Kind;

namespace {

uint64_t product(const Dims& dims) {
    return static_cast<uint64_t>(std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies()));
}

// How many scales there are, and which of them an element has, by its coordinates.
size_t scaleCount(const OnnxLevels& levels, const Dims& dims) {
    if (levels.kind == Kind::Tensor) return 1;
    const auto extent = static_cast<uint64_t>(dims[levels.axis]);
    if (levels.kind == Kind::Channel) return extent;
    return product(dims) / extent * ((extent + levels.groupSize - 1) / levels.groupSize);
}

size_t scaleIndex(const OnnxLevels& levels, const Dims& dims, uint64_t element) {
    if (levels.kind == Kind::Tensor) return 0;
    std::vector<uint64_t> at(dims.size());
    for (size_t axis = dims.size(); axis-- > 0; element /= static_cast<uint64_t>(dims[axis]))
        at[axis] = element % static_cast<uint64_t>(dims[axis]);
    if (levels.kind == Kind::Channel) return at[levels.axis];
    uint64_t index = 0;
    for (size_t axis = 0; axis < dims.size(); ++axis) {
        const auto extent = static_cast<uint64_t>(dims[axis]);
        const bool isCut = axis == levels.axis;
        index = index * (isCut ? (extent + levels.groupSize - 1) / levels.groupSize : extent) +
                (isCut ? at[axis] / levels.groupSize : at[axis]);
    }
    return index;
}

// Levels, scales and zero points at random, with the extremes among the levels.
struct Quantized {
    OnnxLevels levels;
    std::vector<int32_t> values;

    Quantized(OnnxLevels description, const Dims& dims, bool hasZeroPoints, uint64_t seed = 1)
        : levels(std::move(description)) {
        Random random(seed);
        const int32_t high = (1 << (levels.isSigned ? levels.bits - 1 : levels.bits)) - 1;
        const int32_t low = levels.isSigned ? -high - 1 : 0;
        const auto level = [&] {
            return low + static_cast<int32_t>(random.below(static_cast<uint32_t>(high - low + 1)));
        };
        for (size_t i = 0; i < scaleCount(levels, dims); ++i) {
            levels.scales.push_back(std::ldexp(static_cast<float>(random.below(1000) + 1), -12));
            if (hasZeroPoints) levels.zeroPoints.push_back(level());
        }
        for (uint64_t i = 0; i < product(dims); ++i) values.push_back(i == 0 ? low : i == 1 ? high : level());
    }

    float value(const Dims& dims, uint64_t element) const {
        const size_t scale = scaleIndex(levels, dims, element);
        const int32_t zero = levels.zeroPoints.empty() ? 0 : levels.zeroPoints[scale];
        return static_cast<float>(values[element] - zero) * levels.scales[scale];
    }

    // As the writer takes them.
    std::vector<std::byte> bytes() const {
        std::vector<std::byte> result;
        for (const int32_t value : values) {
            result.push_back(static_cast<std::byte>(value & 0xff));
            if (levels.bits > 8) result.push_back(static_cast<std::byte>(value >> 8 & 0xff));
        }
        return result;
    }
};

double rounded(float value, int32_t type) {
    if (type == TensorProto::FLOAT16) return floatFromHalf(halfFrom(value));
    if (type != TensorProto::BFLOAT16) return value;
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return floatFromBfloat(static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
}

size_t indexOf(const OnnxFile& file, const std::string& name) {
    for (size_t i = 0; i < file.tensors().size(); ++i) {
        if (file.tensors()[i].name == name) return i;
    }
    throw std::runtime_error("no tensor " + name);
}

std::unique_ptr<OnnxFile> written(const onnx::ModelProto& model, const std::filesystem::path& path) {
    save(model, path);
    return std::make_unique<OnnxFile>(InputFile(path));
}

// Replaces one tensor, its data coming in pieces of an odd size.
void replace(const OnnxFile& file, const std::string& name, const Quantized& quantized,
             const std::filesystem::path& output, uint64_t maxModelBytes = maxOnnxBytes) {
    OnnxWriter writer(file, output, {{indexOf(file, name), quantized.levels}}, maxModelBytes);
    const auto bytes = quantized.bytes();
    for (size_t at = 0; at < bytes.size(); at += 7)
        writer.write(std::span(bytes).subspan(at, std::min<size_t>(7, bytes.size() - at)));
    writer.commit();
}

std::string weightBytes(int32_t type, uint64_t elements) {
    const uint64_t size = type == TensorProto::DOUBLE ? 8 : type == TensorProto::FLOAT ? 4 : 2;
    return std::string(elements * size, '\0');
}

std::vector<std::string> opsOf(const onnx::GraphProto& graph) {
    std::vector<std::string> ops;
    for (const onnx::NodeProto& node : graph.node()) ops.push_back(node.op_type());
    return ops;
}

const Dims dims = {3, 5, 7};
const Dims vectorDims = {4};

Quantized perTensor(const Dims& shape) {
    return Quantized({.bits = 8}, shape, false);
}

// Weight, quantized, and what runs out of it.
void checkRuns(const TempFolder& folder, int64_t opset, int32_t type, const Quantized& quantized) {
    const auto file = written(
        weightModel(opset, rawTensor("W", type, dims, weightBytes(type, product(dims)))), folder / "in.onnx");
    replace(*file, "W", quantized, folder / "out.onnx");
    const auto outputs = runOnnx(folder / "out.onnx").at("y");
    REQUIRE(outputs.size() == product(dims));
    for (uint64_t i = 0; i < outputs.size(); ++i) {
        INFO(i);
        REQUIRE(outputs[i] == rounded(quantized.value(dims, i), type));
    }
}

std::vector<OnnxLevels> layouts() {
    std::vector<OnnxLevels> result = {{.kind = Kind::Tensor}};
    for (size_t axis = 0; axis < dims.size(); ++axis) result.push_back({.kind = Kind::Channel, .axis = axis});
    for (size_t axis = 0; axis < dims.size(); ++axis)
        result.push_back({.kind = Kind::Group, .axis = axis, .groupSize = 3});
    result.push_back({.kind = Kind::Group, .axis = 2, .groupSize = 1});
    result.push_back({.kind = Kind::Group, .axis = 2, .groupSize = 1000});
    return result;
}

}  // namespace

TEST_CASE("ONNX Runtime computes (level - zero point) * scale, to the bit, in every operator set", "[onnx]") {
    const TempFolder folder;
    for (const int64_t opset : {7, 10, 13, 19, 21}) {
        for (OnnxLevels levels : layouts()) {
            for (const uint32_t bits : {2u, 4u, 5u, 8u, 11u, 16u}) {
                for (const bool isSigned : {true, false}) {
                    levels.bits = bits;
                    levels.isSigned = isSigned;
                    const bool hasZeroPoints = (bits + opset) % 2 == 0;
                    INFO(std::format("opset {} kind {} axis {} group {} bits {} signed {} zero points {}",
                                     opset, static_cast<int>(levels.kind), levels.axis, levels.groupSize,
                                     bits, isSigned, hasZeroPoints));
                    checkRuns(folder, opset, TensorProto::FLOAT, Quantized(levels, dims, hasZeroPoints));
                }
            }
        }
    }
}

TEST_CASE("Weights of other types keep their type, with the value rounded as fake quantization rounds",
          "[onnx]") {
    const TempFolder folder;
    for (const int64_t opset : {9, 13, 21}) {
        for (const int32_t type : {TensorProto::FLOAT16, TensorProto::DOUBLE}) {
            for (OnnxLevels levels : layouts()) {
                INFO(std::format("opset {} type {} kind {}", opset, type, static_cast<int>(levels.kind)));
                levels.bits = 4;
                checkRuns(folder, opset, type, Quantized(levels, dims, false));
            }
        }
    }
}

TEST_CASE("Bfloat16 weights get a Cast to bfloat16", "[onnx]") {
    const TempFolder folder;
    // ONNX Runtime's processor kernels have no Identity or output for it, but Cast.
    onnx::ModelProto model = emptyModel(13);
    *model.mutable_graph()->add_initializer() =
        rawTensor("W", TensorProto::BFLOAT16, dims, std::string(210, '\0'));
    addNode(*model.mutable_graph(), "Cast", {"W"}, {"y"}).add_attribute();
    onnx::AttributeProto& to = *model.mutable_graph()->mutable_node(0)->mutable_attribute(0);
    to.set_name("to");
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(TensorProto::FLOAT);
    addOutput(*model.mutable_graph(), "y", TensorProto::FLOAT, dims);
    const auto file = written(model, folder / "in.onnx");
    const Quantized quantized({.bits = 8, .kind = Kind::Channel, .axis = 1}, dims, false);
    replace(*file, "W", quantized, folder / "out.onnx");
    const auto outputs = OnnxSession(folder / "out.onnx", false).run({}).at("y");
    for (uint64_t i = 0; i < outputs.size(); ++i)
        REQUIRE(outputs[i] == rounded(quantized.value(dims, i), TensorProto::BFLOAT16));
}

TEST_CASE("DequantizeLinear is used where the operator set has it, and arithmetic elsewhere", "[onnx]") {
    const TempFolder folder;
    struct Case {
        int64_t opset;
        uint32_t bits;
        Kind kind;
        int32_t stored;
        std::vector<std::string> ops;
    };
    const std::vector<std::string> node = {"DequantizeLinear", "Identity"},
                                   product = {"Cast", "Mul", "Identity"},
                                   spread = {"Gather", "Cast", "Mul", "Identity"};
    const Case cases[] = {
        {9, 8, Kind::Tensor, TensorProto::INT8, product},
        {10, 8, Kind::Tensor, TensorProto::INT8, node},
        {10, 8, Kind::Channel, TensorProto::INT8, product},
        {13, 8, Kind::Channel, TensorProto::INT8, node},
        {13, 4, Kind::Channel, TensorProto::INT8, node},
        {13, 12, Kind::Tensor, TensorProto::INT16, product},
        {20, 4, Kind::Group, TensorProto::INT8, spread},
        {21, 4, Kind::Group, TensorProto::INT4, node},
        {21, 3, Kind::Tensor, TensorProto::INT4, node},
        {21, 12, Kind::Channel, TensorProto::INT16, node},
        {21, 8, Kind::Group, TensorProto::INT8, node},
    };
    for (const auto& [opset, bits, kind, stored, ops] : cases) {
        INFO(std::format("opset {} bits {} kind {}", opset, bits, static_cast<int>(kind)));
        const auto file =
            written(weightModel(opset, rawTensor("W", TensorProto::FLOAT, {8, 6}, std::string(192, '\0'))),
                    folder / "in.onnx");
        const Quantized quantized({.bits = bits, .kind = kind, .axis = 1, .groupSize = 2}, {8, 6}, false);
        replace(*file, "W", quantized, folder / "out.onnx");
        const onnx::ModelProto model = load(folder / "out.onnx");
        CHECK(opsOf(model.graph()) == ops);
        CHECK(model.graph().initializer(0).name() == "W_quantized");
        CHECK(model.graph().initializer(0).data_type() == stored);
        CHECK(model.graph().initializer(1).name() == "W_scale");
        CHECK(model.ir_version() == (stored == TensorProto::INT4 ? 10 : 8));
    }
}

TEST_CASE("A weight that is a graph output, and used in a subgraph, keeps its name for both", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = emptyModel(17);
    onnx::GraphProto& graph = *model.mutable_graph();
    *graph.add_initializer() = floatTensor("W", vectorDims, std::vector<float>(4));
    addInput(graph, "condition", TensorProto::BOOL, {});
    onnx::GraphProto yes, no;
    yes.set_name("yes");
    addNode(yes, "Neg", {"W"}, {"negated"});
    addOutput(yes, "negated", TensorProto::FLOAT, vectorDims);
    no.set_name("no");
    addNode(no, "Abs", {"W"}, {"absolute"});
    addOutput(no, "absolute", TensorProto::FLOAT, vectorDims);
    onnx::NodeProto& choice = addNode(graph, "If", {"condition"}, {"y"});
    *choice.add_attribute() = graphAttribute("then_branch", yes);
    *choice.add_attribute() = graphAttribute("else_branch", no);
    addOutput(graph, "y", TensorProto::FLOAT, vectorDims);
    addOutput(graph, "W", TensorProto::FLOAT, vectorDims);
    const auto file = written(model, folder / "in.onnx");
    const Quantized quantized = perTensor(vectorDims);
    replace(*file, "W", quantized, folder / "out.onnx");
    for (const bool condition : {true, false}) {
        const auto outputs = runOnnx(folder / "out.onnx", {{"condition", {{}, {condition ? 1. : 0.}}}});
        for (size_t i = 0; i < 4; ++i) {
            const float value = quantized.value(vectorDims, i);
            CHECK(outputs.at("W")[i] == value);
            CHECK(outputs.at("y")[i] == (condition ? -value : std::abs(value)));
        }
    }
}

TEST_CASE("Weights of branches with one name, initializers and Constant nodes, are replaced each", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = emptyModel(17);
    onnx::GraphProto& graph = *model.mutable_graph();
    addInput(graph, "condition", TensorProto::BOOL, {});
    onnx::GraphProto yes, no;
    yes.set_name("yes");
    *yes.add_initializer() = floatTensor("W", vectorDims, std::vector<float>(4));
    addNode(yes, "Identity", {"W"}, {"a"});
    addOutput(yes, "a", TensorProto::FLOAT, vectorDims);
    no.set_name("no");
    addNode(no, "Identity", {"condition"}, {"unused"});
    *no.add_node() = constantNode("W", floatTensor("", vectorDims, std::vector<float>(4)));
    addNode(no, "Identity", {"W"}, {"b"});
    addOutput(no, "b", TensorProto::FLOAT, vectorDims);
    onnx::NodeProto& choice = addNode(graph, "If", {"condition"}, {"y"});
    *choice.add_attribute() = graphAttribute("then_branch", yes);
    *choice.add_attribute() = graphAttribute("else_branch", no);
    addOutput(graph, "y", TensorProto::FLOAT, vectorDims);
    const auto file = written(model, folder / "in.onnx");
    const Quantized first({.bits = 8}, vectorDims, false, 1), second({.bits = 8}, vectorDims, true, 2);
    OnnxWriter writer(*file, folder / "out.onnx",
                      {{indexOf(*file, "If_0.else_branch/W"), second.levels},
                       {indexOf(*file, "If_0.then_branch/W"), first.levels}});
    writer.write(second.bytes());
    writer.write(first.bytes());
    writer.commit();
    for (const bool condition : {true, false}) {
        const auto outputs = runOnnx(folder / "out.onnx", {{"condition", {{}, {condition ? 1. : 0.}}}});
        for (size_t i = 0; i < 4; ++i)
            CHECK(outputs.at("y")[i] == (condition ? first : second).value(vectorDims, i));
    }
}

TEST_CASE("A weight inside the body of a Loop is replaced there", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = emptyModel(17);
    onnx::GraphProto& graph = *model.mutable_graph();
    const int64_t trips = 3;
    *graph.add_initializer() =
        rawTensor("trips", TensorProto::INT64, {}, {reinterpret_cast<const char*>(&trips), 8});
    *graph.add_initializer() = floatTensor("zero", vectorDims, std::vector<float>(4));
    onnx::GraphProto body;
    body.set_name("body");
    addInput(body, "i", TensorProto::INT64, {});
    addInput(body, "going", TensorProto::BOOL, {});
    addInput(body, "sum_in", TensorProto::FLOAT, vectorDims);
    *body.add_initializer() = floatTensor("W", vectorDims, std::vector<float>(4));
    addNode(body, "Identity", {"going"}, {"still_going"});
    addNode(body, "Add", {"sum_in", "W"}, {"sum_out"});
    addOutput(body, "still_going", TensorProto::BOOL, {});
    addOutput(body, "sum_out", TensorProto::FLOAT, vectorDims);
    *addNode(graph, "Loop", {"trips", "", "zero"}, {"y"}).add_attribute() = graphAttribute("body", body);
    addOutput(graph, "y", TensorProto::FLOAT, vectorDims);
    const auto file = written(model, folder / "in.onnx");
    const Quantized quantized = perTensor(vectorDims);
    replace(*file, "W", quantized, folder / "out.onnx");
    const auto outputs = runOnnx(folder / "out.onnx").at("y");
    for (size_t i = 0; i < 4; ++i) {
        const float value = quantized.value(vectorDims, i);
        CHECK(outputs[i] == double{value + value + value});
    }
}

TEST_CASE("A Constant node of a model-local function is replaced, in the function's operator set", "[onnx]") {
    const TempFolder folder;
    for (const int64_t functionOpset : {13, 21}) {
        onnx::ModelProto model = emptyModel(functionOpset);
        model.add_opset_import()->set_domain("test");
        model.mutable_opset_import(1)->set_version(1);
        onnx::FunctionProto& function = *model.add_functions();
        function.set_domain("test");
        function.set_name("Weight");
        function.add_output("W");
        function.add_opset_import()->set_version(functionOpset);
        *function.add_node() = constantNode("W", floatTensor("", dims, std::vector<float>(product(dims))));
        addNode(*model.mutable_graph(), "Weight", {}, {"y"}).set_domain("test");
        addOutput(*model.mutable_graph(), "y", TensorProto::FLOAT, dims);
        const auto file = written(model, folder / "in.onnx");
        const Quantized quantized({.bits = 4, .kind = Kind::Channel, .axis = 1}, dims, true);
        replace(*file, "W", quantized, folder / "out.onnx");
        const auto outputs = runOnnx(folder / "out.onnx").at("y");
        for (uint64_t i = 0; i < outputs.size(); ++i) CHECK(outputs[i] == double{quantized.value(dims, i)});
    }
}

TEST_CASE("An initializer that is an input as well is none any more, and IR version 3 lists the new ones",
          "[onnx]") {
    const TempFolder folder;
    for (const int64_t irVersion : {3, 8}) {
        INFO(irVersion);
        onnx::ModelProto model =
            weightModel(10, floatTensor("W", vectorDims, std::vector<float>(4)), irVersion);
        if (irVersion > 3) addInput(*model.mutable_graph(), "W", TensorProto::FLOAT, vectorDims);
        const auto file = written(model, folder / "in.onnx");
        const Quantized quantized({.bits = 8}, vectorDims, true);
        replace(*file, "W", quantized, folder / "out.onnx");
        std::vector<std::string> inputs;
        const onnx::ModelProto output = load(folder / "out.onnx");
        for (const auto& input : output.graph().input()) inputs.push_back(input.name());
        if (irVersion == 3)
            CHECK(inputs == std::vector<std::string>{"W_quantized", "W_scale", "W_zero_point"});
        else
            CHECK(inputs.empty());
        const auto outputs = runOnnx(folder / "out.onnx").at("y");
        for (size_t i = 0; i < 4; ++i) CHECK(outputs[i] == double{quantized.value(vectorDims, i)});
    }
}

TEST_CASE("New names never meet names of the model", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = weightModel(17, floatTensor("W", vectorDims, std::vector<float>(4)));
    onnx::GraphProto& graph = *model.mutable_graph();
    *graph.add_initializer() = floatTensor("W_quantized", vectorDims, std::vector<float>(4, 9));
    addNode(graph, "Identity", {"W_quantized"}, {"W_scale"}).set_name("W_DequantizeLinear");
    addOutput(graph, "W_scale", TensorProto::FLOAT, vectorDims);
    const auto file = written(model, folder / "in.onnx");
    replace(*file, "W", perTensor(vectorDims), folder / "out.onnx");
    const auto outputs = runOnnx(folder / "out.onnx");
    CHECK(outputs.at("W_scale") == std::vector<double>(4, 9));
    CHECK(outputs.at("y")[1] == double{perTensor(vectorDims).value(vectorDims, 1)});
    CHECK(load(folder / "out.onnx").graph().initializer(0).name() == "W_quantized_1");
}

TEST_CASE("Values of the tensor's own type replace it without a trace elsewhere", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = weightModel(6, floatTensor("W", vectorDims, std::vector<float>{1, 2, 3, 4}));
    model.mutable_graph()->mutable_initializer(0)->clear_raw_data();
    for (const float value : {1.f, 2.f, 3.f, 4.f})
        model.mutable_graph()->mutable_initializer(0)->add_float_data(value);
    model.set_doc_string("kept");
    model.mutable_unknown_fields()->AddVarint(1000, 5);
    const auto file = written(model, folder / "in.onnx");
    OnnxWriter writer(*file, folder / "out.onnx", {{0, {}}});
    const std::vector<float> values = {0.5f, -0.5f, 0, 7};
    writer.write(std::as_bytes(std::span(values)));
    writer.setMetadata("k", "v");
    writer.commit();
    onnx::ModelProto expected = model;
    *expected.mutable_graph()->mutable_initializer(0) = floatTensor("W", vectorDims, values);
    expected.add_metadata_props()->set_key("k");
    expected.mutable_metadata_props(0)->set_value("v");
    CHECK(load(folder / "out.onnx").SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("Metadata are set in place or added", "[onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = weightModel(13, floatTensor("W", vectorDims, std::vector<float>(4)));
    model.add_metadata_props()->set_key("a");
    const auto file = written(model, folder / "in.onnx");
    OnnxWriter writer(*file, folder / "out.onnx", {});
    writer.setMetadata("b", "2");
    writer.setMetadata("a", "1");
    writer.commit();
    CHECK(OnnxFile(InputFile(folder / "out.onnx")).metadata() ==
          std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("External data goes into the model, or beside it where the model would grow too large", "[onnx]") {
    const TempFolder folder;
    std::vector<float> big(2000);
    std::iota(big.begin(), big.end(), 0.f);
    const Dims bigDims = {2000}, wideDims = {50, 51};
    folder.write("big.bin",
                 std::string(4, 'x') + std::string(reinterpret_cast<const char*>(big.data()), 8000));
    onnx::ModelProto model = weightModel(21, floatTensor("W", wideDims, std::vector<float>(2550)));
    onnx::GraphProto& graph = *model.mutable_graph();
    TensorProto external = floatTensor("external", bigDims, {});
    external.clear_raw_data();
    addExternal(external, "location", "big.bin");
    addExternal(external, "offset", "4");
    *graph.add_initializer() = external;
    *graph.add_initializer() = floatTensor("inline", bigDims, big);
    *graph.add_node() = constantNode("constant", floatTensor("", bigDims, big));
    for (const char* name : {"external", "inline", "constant"}) {
        addNode(graph, "Identity", {name}, {std::string(name) + "_out"});
        addOutput(graph, std::string(name) + "_out", TensorProto::FLOAT, bigDims);
    }
    const auto file = written(model, folder / "in.onnx");
    const Quantized quantized({.bits = 4, .kind = Kind::Group, .axis = 1, .groupSize = 16}, wideDims, true);
    for (const uint64_t limit : {maxOnnxBytes, uint64_t{20'000}}) {
        replace(*file, "W", quantized, folder / "out.onnx", limit);
        const bool isBeside = limit != maxOnnxBytes;
        CHECK(std::filesystem::exists(folder / "out.onnx.data") == isBeside);
        const onnx::ModelProto output = load(folder / "out.onnx");
        for (const int i : {0, 1, 2}) {
            const TensorProto& tensor = output.graph().initializer(i);
            CHECK(tensor.has_raw_data() != isBeside);
            CHECK((tensor.data_location() == TensorProto::EXTERNAL) == isBeside);
        }
        const auto outputs = runOnnx(folder / "out.onnx");
        for (uint64_t i = 0; i < product(wideDims); ++i)
            REQUIRE(outputs.at("y")[i] == double{quantized.value(wideDims, i)});
        for (const char* name : {"external_out", "inline_out", "constant_out"})
            CHECK(outputs.at(name) == std::vector<double>(big.begin(), big.end()));
        const OnnxFile again(InputFile(folder / "out.onnx"));
        CHECK(again.tensors()[1].name == "external");
    }
}

TEST_CASE("A data file that the input needs is never replaced", "[onnx]") {
    const TempFolder folder;
    const std::string data(4000, 'x');
    folder.write("m.onnx.data", data);
    TensorProto external = floatTensor("W", {1000}, {});
    external.clear_raw_data();
    addExternal(external, "location", "m.onnx.data");
    const auto file = written(weightModel(13, external), folder / "in.onnx");
    CHECK_THROWS_AS(OnnxWriter(*file, folder / "m.onnx", {{0, {}}}, 100), OutputError);
    CHECK(folder.read("m.onnx.data") == data);
}

TEST_CASE("A model is written whole or not at all", "[onnx]") {
    const TempFolder folder;
    const auto file =
        written(weightModel(13, floatTensor("W", vectorDims, std::vector<float>(4))), folder / "in.onnx");
    const std::vector<std::byte> bytes(5);
    for (const uint64_t limit : {maxOnnxBytes, uint64_t{10}}) {
        {
            OnnxWriter writer(*file, folder / "out.onnx", {{0, perTensor(vectorDims).levels}}, limit);
            CHECK_THROWS_AS(writer.write(bytes), OutputError);
        }
        {
            OnnxWriter writer(*file, folder / "out.onnx", {{0, perTensor(vectorDims).levels}}, limit);
            writer.write(std::span(bytes).first(3));
            CHECK_THROWS_AS(writer.commit(), OutputError);
        }
        CHECK(folder.entries() == 1);
    }
}

TEST_CASE("What cannot be replaced by levels is refused with a reason", "[onnx]") {
    const TempFolder folder;
    const auto problem = [&](const onnx::ModelProto& model) -> std::string {
        const auto file = written(model, folder / "in.onnx");
        try {
            checkOnnxReplacement(*file, 0, false);
            checkOnnxReplacement(*file, 0, true);
            return "";
        } catch (const InputError& error) {
            return std::string(error.what()).substr((folder / "in.onnx").string().size() + 2);
        }
    };
    const TensorProto w = floatTensor("W", vectorDims, std::vector<float>(4));
    CHECK(problem(weightModel(7, w)).empty());
    const std::string fake = "; --fake keeps the model as it is";
    CHECK(problem(weightModel(6, w)) ==
          "tensor 'W': integers need operator set 7, and the model imports 6" + fake);
    onnx::ModelProto noImports = weightModel(7, w);
    noImports.clear_opset_import();
    CHECK(problem(noImports) ==
          "tensor 'W': integers need operator set 7, and the model imports none" + fake);
    onnx::ModelProto training = weightModel(13, w);
    training.add_training_info();
    CHECK(problem(training) == "tensor 'W': the model's training graphs need its initializers" + fake);
    onnx::ModelProto loop = emptyModel(13);
    onnx::GraphProto body;
    addInput(body, "W", TensorProto::FLOAT, vectorDims);
    *body.add_initializer() = w;
    *addNode(*loop.mutable_graph(), "Loop", {}, {}).add_attribute() = graphAttribute("body", body);
    CHECK(problem(loop) == "tensor 'W': is an input of its subgraph, too" + fake);
    CHECK(problem(weightModel(21, rawTensor("W", TensorProto::INT4, {2}, "a"))) ==
          "tensor 'W': ONNX INT4 is not supported");
}

}  // namespace tests
