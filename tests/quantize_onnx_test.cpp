// Models quantized from end to end, and run by ONNX Runtime.
#include "quant/quantize_onnx.h"

#include "quant/input_error.h"
#include "quant/onnx.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/onnx_models.h"
#include "tests/onnx_runtime.h"
#include "tests/reference.h"
#include "tests/run_clipscope.h"
#include "tests/sample_data.h"
#include "tests/source_folder.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace tests {

using namespace quant;
using onnx::TensorProto;
using quant::tests::TempFolder;

namespace {

const std::filesystem::path assets = sourceFile("assets");
constexpr uint64_t ampleBytes = uint64_t{256} << 20;

std::vector<QuantizedTensor> quantizeWeights(const std::filesystem::path& input,
                                             const QuantizeOptions& options,
                                             const std::filesystem::path& output) {
    Analyzer analyzer(device(), ampleBytes);
    const auto file = openTensorFile(input);
    return quantizeFile(analyzer, *file, jobsFor(weightTensors(*file), options), output.string(),
                        [](size_t, size_t) {});
}

std::vector<float> floatsOf(const TensorFile& file, const std::string& name) {
    for (size_t i = 0; i < file.tensors().size(); ++i) {
        if (file.tensors()[i].name != name) continue;
        std::vector<float> values(file.tensors()[i].elements);
        file.read(i, 0, std::as_writable_bytes(std::span(values)));
        return values;
    }
    throw std::runtime_error("no tensor " + name);
}

double largestDifference(const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

// y = x W, W of the type, [30][20] and of mixed sign.
onnx::ModelProto matrixModel(int64_t opset, int32_t type, const std::vector<float>& values) {
    std::string bytes;
    const auto append = [&](auto value) {
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    for (const float value : values) {
        if (type == TensorProto::FLOAT) append(value);
        if (type == TensorProto::FLOAT16) append(halfFrom(value));
        if (type == TensorProto::DOUBLE) append(double{value});
    }
    onnx::ModelProto model = emptyModel(opset);
    onnx::GraphProto& graph = *model.mutable_graph();
    *graph.add_initializer() = rawTensor("W", type, {30, 20}, bytes);
    addNode(graph, "Identity", {"W"}, {"weight"});
    addOutput(graph, "weight", type, {30, 20});
    return model;
}

// The network's logits for the bundled images, 8 by 10.
std::vector<double> logits(const std::filesystem::path& model) {
    const auto images = floatsOf(*openTensorFile(assets / "fashion_cnn_activations.safetensors"), "input");
    return runOnnx(model, {{"input", {{8, 1, 28, 28}, {images.begin(), images.end()}}}}, 1e-4).at("logits");
}

std::vector<long> bestOf(const std::vector<double>& rows, size_t width) {
    std::vector<long> best;
    for (auto row = rows.begin(); row != rows.end(); row += static_cast<long>(width))
        best.push_back(std::max_element(row, row + static_cast<long>(width)) - row);
    return best;
}

// Inputs that the model runs on; where it leaves extents free, not every size may do.
std::map<std::string, OnnxInput> acceptedInputs(OnnxSession& session) {
    for (const int64_t freeExtent : {1, 64, 256, 512}) {
        const auto inputs = session.randomInputs(73, freeExtent);
        try {
            session.run(inputs);
            return inputs;
        } catch (const std::exception& error) {
            UNSCOPED_INFO(error.what());
        }
    }
    FAIL("the model runs on inputs of none of these sizes");
    return {};
}

// Every value is the one of the tensor's grid that is nearest to the original's.
void checkFakeWeights(const TensorFile& original, const TensorFile& fake,
                      const std::vector<QuantizedTensor>& tensors, const Granularity& granularity) {
    for (const QuantizedTensor& tensor : tensors) {
        const auto before = floatsOf(original, tensor.info.name), after = floatsOf(fake, tensor.info.name);
        if (!tensor.isQuantized) {
            CHECK(before == after);
            continue;
        }
        for (size_t i = 0; i < before.size(); ++i) {
            const double step = tensor.result.scale[reference::segmentOf(i, tensor.info.shape, granularity)];
            const double qmax = tensor.result.format.largest();
            const double inside =
                std::clamp(double{before[i]}, tensor.result.format.isSigned ? -qmax * step : 0, qmax * step);
            REQUIRE(std::abs(after[i] - inside) <= step * (0.5 + qmax * 0x1p-23));
            REQUIRE(std::abs(after[i] / step - std::nearbyint(after[i] / step)) <= qmax * 0x1p-23);
        }
    }
}

}  // namespace

TEST_CASE("The sample network puts out the logits that training stored", "[onnx]") {
    const auto stored =
        floatsOf(*openTensorFile(assets / "fashion_cnn_activations.safetensors"), "classifier.4.output");
    CHECK(largestDifference(logits(assets / "fashion_cnn.onnx"), {stored.begin(), stored.end()}) <= 1e-3);
}

TEST_CASE("The sample network quantized to integers computes what its fake-quantized twin does",
          "[device][onnx]") {
    const TempFolder folder;
    const auto input = assets / "fashion_cnn.onnx";
    const auto original = logits(input);
    struct Case {
        uint32_t bits;
        const char* granularity;
        double allowed;  // difference of logits, which are up to 20
    };
    for (const auto& [bits, granularity, allowed] : {Case{8, "channel", 0.15}, Case{8, "tensor", 0.3},
                                                     Case{4, "group:32", 3}, Case{12, "channel", 0.01}}) {
        INFO(bits << " bits, " << granularity);
        QuantizeOptions options{.bits = bits, .granularity = granularityFrom(granularity)};
        quantizeWeights(input, options, folder / "int.onnx");
        options.isFake = true;
        const auto tensors = quantizeWeights(input, options, folder / "fake.onnx");
        checkFakeWeights(*openTensorFile(input), *openTensorFile(folder / "fake.onnx"), tensors,
                         options.granularity);
        const auto integers = logits(folder / "int.onnx"), fakes = logits(folder / "fake.onnx");
        CHECK(largestDifference(integers, fakes) <= 1e-4);
        CHECK(largestDifference(integers, original) <= allowed);
        CHECK(largestDifference(integers, original) > 0);
        CHECK(bestOf(integers, 10) == bestOf(original, 10));
    }
    CHECK(std::filesystem::file_size(folder / "int.onnx") < 450'000);
    CHECK_FALSE(std::filesystem::exists(folder / "int.onnx.data"));
}

TEST_CASE("A model of mixed formats holds integers where it can and values elsewhere", "[device][onnx]") {
    const TempFolder folder;
    const auto input = assets / "fashion_cnn.onnx";
    const auto file = openTensorFile(input);
    const std::vector<QuantizeOptions> mixture = {
        {.bits = 8},
        {.format = numberFormatFrom("nvfp4")},
        {.bits = 6, .granularity = granularityFrom("channel")},
        {.format = numberFormatFrom("fp8-e4m3")},
        {.format = numberFormatFrom("uint8-affine"), .granularity = granularityFrom("group:16")}};
    const auto weights = weightTensors(*file);
    REQUIRE(weights.size() > mixture.size());
    std::vector<QuantizeJob> jobs;
    for (size_t i = 0; i < weights.size(); ++i) jobs.push_back({weights[i], mixture[i % mixture.size()]});
    Analyzer analyzer(device(), ampleBytes);
    const auto write = [&](const char* name) {
        return quantizeFile(analyzer, *file, jobs, folder / name, [](size_t, size_t) {});
    };
    const auto tensors = write("mixed.onnx");
    for (size_t i = 0; i < weights.size(); ++i) {
        const bool isFloat = i % mixture.size() == 1 || i % mixture.size() == 3;
        CHECK((tensors[weights[i]].storedAs == DType::F32) == isFloat);
    }
    for (QuantizeJob& job : jobs) job.options.isFake = true;
    write("fake.onnx");
    CHECK(largestDifference(logits(folder / "mixed.onnx"), logits(folder / "fake.onnx")) <= 1e-4);
    CHECK(largestDifference(logits(folder / "mixed.onnx"), logits(input)) > 0.01);
}

TEST_CASE("Integers and their nodes give the fake-quantized values to the bit, in every type",
          "[device][onnx]") {
    const TempFolder folder;
    const auto values = gaussians(600, 71);
    for (const int64_t opset : {8, 13, 21}) {
        for (const int32_t type : {TensorProto::FLOAT, TensorProto::FLOAT16, TensorProto::DOUBLE}) {
            save(matrixModel(opset, type, values), folder / "in.onnx");
            for (const char* granularity : {"tensor", "channel", "channel:1", "group:8"}) {
                for (const uint32_t bits : {4u, 8u, 12u}) {
                    INFO(opset << " " << type << " " << granularity << " " << bits);
                    QuantizeOptions options{.bits = bits, .granularity = granularityFrom(granularity)};
                    const auto integers = quantizeWeights(folder / "in.onnx", options, folder / "int.onnx");
                    options.isFake = true;
                    const auto fakes = quantizeWeights(folder / "in.onnx", options, folder / "fake.onnx");
                    CHECK(fakes[0].storedAs == fakes[0].info.dtype);
                    const auto result = runOnnx(folder / "int.onnx").at("weight");
                    CHECK(result == runOnnx(folder / "fake.onnx").at("weight"));
                    if (type == TensorProto::FLOAT16) continue;  // which rounds values before and after
                    double squared = 0;
                    for (size_t i = 0; i < 600; ++i) squared += std::pow(result[i] - values[i], 2);
                    CHECK(std::abs(squared / 600 - integers[0].result.mse) <= 1e-4 * integers[0].result.mse);
                }
            }
        }
    }
}

TEST_CASE("The record in metadata_props names the parts, which are not quantized again", "[device][onnx]") {
    const TempFolder folder;
    save(matrixModel(21, TensorProto::FLOAT, gaussians(600, 72)), folder / "in.onnx");
    quantizeWeights(folder / "in.onnx", {.bits = 4, .granularity = granularityFrom("group:8")},
                    folder / "out.onnx");
    const auto file = openTensorFile(folder / "out.onnx");
    const auto record = nlohmann::json::parse(file->metadata().at(quantizationMetadataKey)).at("W");
    CHECK(record.at("bits") == 4);
    CHECK(record.at("stored") == "codes");
    CHECK(record.at("parts") == nlohmann::json({"W_quantized", "W_scale"}));
    CHECK_THROWS_AS(quantizeWeights(folder / "out.onnx", {}, folder / "again.onnx"), InputError);
    CHECK_FALSE(std::filesystem::exists(folder / "again.onnx"));
}

TEST_CASE("A model can become a file of tensors, a file of tensors no model", "[device][onnx]") {
    const TempFolder folder;
    quantizeWeights(assets / "fashion_cnn.onnx", {.bits = 8}, folder / "out.safetensors");
    CHECK(openTensorFile(folder / "out.safetensors")->format() == "safetensors");
    CHECK_THROWS_AS(quantizeWeights(assets / "fashion_cnn.safetensors", {.bits = 8}, folder / "out.onnx"),
                    InputError);
    CHECK(folder.entries() == 1);
}

TEST_CASE("The model that CLIPSCOPE_TEST_ONNX names keeps its signature and runs when it is quantized",
          "[device][onnx]") {
    const char* path = std::getenv("CLIPSCOPE_TEST_ONNX");
    const std::filesystem::path input = path ? std::filesystem::path(path) : assets / "fashion_cnn.onnx";
    const TempFolder folder;
    OnnxSession original(input);
    const auto inputs = acceptedInputs(original);
    const auto outputs = original.run(inputs);
    for (const char* granularity : {"tensor", "channel", "group:32"}) {
        for (const uint32_t bits : {4u, 8u, 12u}) {
            INFO(input << " " << granularity << " " << bits);
            QuantizeOptions options{.bits = bits, .granularity = granularityFrom(granularity)};
            quantizeWeights(input, options, folder / "int.onnx");
            options.isFake = true;
            quantizeWeights(input, options, folder / "fake.onnx");
            OnnxSession integers(folder / "int.onnx"), fakes(folder / "fake.onnx");
            CHECK(integers.signature() == original.signature());
            CHECK(fakes.signature() == original.signature());
            const auto results = integers.run(inputs), expected = fakes.run(inputs);
            for (const auto& [name, values] : expected) {
                double largest = 0;
                for (const double value : values) largest = std::max(largest, std::abs(value));
                CHECK(largestDifference(results.at(name), values) <= 1e-4 * std::max(largest, 1.));
                CHECK(values.size() == outputs.at(name).size());
            }
        }
    }
}

TEST_CASE("Tensors that cannot be read do not keep a model from being quantized", "[device][onnx]") {
    const TempFolder folder;
    onnx::ModelProto model = matrixModel(21, TensorProto::FLOAT, gaussians(600, 77));
    TensorProto& labels = *model.mutable_graph()->add_initializer();
    labels.set_name("labels");
    labels.set_data_type(TensorProto::STRING);
    labels.add_dims(1);
    labels.add_string_data("cat");
    save(model, folder / "in.onnx");
    quantizeWeights(folder / "in.onnx", {.bits = 4}, folder / "out.onnx");
    CHECK(load(folder / "out.onnx").graph().initializer(1).string_data(0) == "cat");
    const auto result = app::tests::runClipscope(
        {"quantize", (folder / "in.onnx").string(), "-o", (folder / "cli.onnx").string()});
    CHECK(result.exitCode == 0);
}

TEST_CASE("Vectors in one group run in every operator set", "[device][onnx]") {
    const TempFolder folder;
    for (const int64_t opset : {13, 21, 22}) {
        const auto values = gaussians(3, 78);
        save(weightModel(opset, floatTensor("W", {3}, values), 10), folder / "in.onnx");
        for (const char* granularity : {"group:64", "group:2", "channel"}) {
            INFO(opset << " " << granularity);
            QuantizeOptions options{.bits = 8, .granularity = granularityFrom(granularity)};
            quantizeWeights(folder / "in.onnx", options, folder / "int.onnx");
            const auto found = runOnnx(folder / "int.onnx", {}).begin()->second;
            REQUIRE(found.size() == 3);
            for (size_t i = 0; i < 3; ++i) CHECK(std::abs(found[i] - values[i]) <= 0.05);
        }
    }
}

}  // namespace tests
