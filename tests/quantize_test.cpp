#include "quant/quantize.h"

#include "quant/input_error.h"
#include "quant/safetensors_writer.h"
#include "tests/device_fixture.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>

namespace tests {

using namespace quant;
using quant::tests::TempFolder;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

struct NamedTensor {
    std::string name;
    std::vector<uint64_t> shape;
    std::vector<float> values;
};

std::unique_ptr<TensorFile> written(const TempFolder& folder, const std::vector<NamedTensor>& tensors) {
    std::vector<TensorInfo> infos;
    for (const auto& tensor : tensors)
        infos.push_back(makeTensorInfo(tensor.name, DType::F32, tensor.shape).value());
    const auto path = folder.path() / "model.safetensors";
    SafetensorsWriter writer(path, infos, {{"origin", "test"}});
    for (const auto& tensor : tensors) writer.write(std::as_bytes(std::span(tensor.values)));
    writer.commit();
    return openTensorFile(path);
}

template <class T>
std::vector<T> read(const TensorFile& file, const std::string& name) {
    for (size_t i = 0; i < file.tensors().size(); ++i) {
        if (file.tensors()[i].name != name) continue;
        std::vector<T> values(file.tensors()[i].elements);
        file.read(i, 0, std::as_writable_bytes(std::span(values)));
        return values;
    }
    return {};
}

std::vector<QuantizedTensor> run(const TensorFile& file, const std::vector<size_t>& selected,
                                 const QuantizeOptions& options, const std::filesystem::path& output) {
    Analyzer analyzer(device(), ampleBytes);
    return quantizeFile(analyzer, file, jobsFor(selected, options), output.string(), [](size_t, size_t) {});
}

}  // namespace

TEST_CASE("Levels times scales have the reported error, for every granularity", "[device][quantize]") {
    const TempFolder folder;
    const std::vector<uint64_t> shape = {12, 50};
    const auto values = gaussians(600, 31);
    const auto file = written(folder, {{"w", shape, values}});
    for (const char* granularity :
         {"tensor", "channel", "channel:1", "group:16", "group:5:0", "block:5x16"}) {
        INFO(granularity);
        const QuantizeOptions options{
            .bits = 4, .granularity = granularityFrom(granularity), .isPacked = false};
        const auto output = folder.path() / "out.safetensors";
        const auto tensors = run(*file, {0}, options, output);
        const auto quantizedFile = openTensorFile(output);
        const auto levels = read<int8_t>(*quantizedFile, "w");
        const auto scales = read<float>(*quantizedFile, "w.scale");
        REQUIRE(levels.size() == values.size());
        REQUIRE(scales.size() == tensors[0].result.clip.size());
        double squared = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            const uint64_t segment = reference::segmentOf(i, shape, options.granularity);
            const double error = double{static_cast<float>(levels[i])} * scales[segment] - values[i];
            squared += error * error;
        }
        CHECK(std::abs(squared / 600 - tensors[0].result.mse) <= 1e-5 * tensors[0].result.mse);
        const auto metadata = quantizedFile->metadata();
        CHECK(metadata.at("origin") == "test");
        CHECK(nlohmann::json::parse(metadata.at("clipscope.quantization")).at("w").at("bits") == 4);
    }
}

TEST_CASE("Group scales have the tensor's shape with groups in the last place", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"w", {2, 3, 10}, gaussians(60, 32)}});
    run(*file, {0}, {.bits = 8, .granularity = granularityFrom("group:4")},
        folder.path() / "out.safetensors");
    const auto output = openTensorFile(folder.path() / "out.safetensors");
    REQUIRE(output->tensors().size() == 2);
    CHECK(output->tensors()[0].name == "w.scale");  // wide types first
    CHECK(output->tensors()[0].shape == std::vector<uint64_t>{2, 3, 3});
    CHECK(output->tensors()[1].dtype == DType::I8);
}

TEST_CASE("Fake quantization keeps dtype and shape, and what is not selected stays to the bit",
          "[device][quantize]") {
    const TempFolder folder;
    const auto weights = gaussians(400, 33), bias = gaussians(20, 34);
    const auto file = written(folder, {{"w", {20, 20}, weights}, {"b", {20}, bias}});
    CHECK(weightTensors(*file) == std::vector<size_t>{0});
    run(*file, {0}, {.bits = 3, .isFake = true}, folder.path() / "out.safetensors");
    const auto output = openTensorFile(folder.path() / "out.safetensors");
    CHECK(read<float>(*output, "b") == bias);
    const auto values = read<float>(*output, "w");
    std::vector<float> distinct = values;
    std::ranges::sort(distinct);
    distinct.erase(std::ranges::unique(distinct).begin(), distinct.end());
    CHECK(distinct.size() == 7);
}

TEST_CASE("Scales never take the name of another tensor", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"w", {2, 2}, {1, 2, 3, 4}}, {"w.scale", {1}, {1}}});
    CHECK_THROWS_AS(run(*file, {0}, {}, folder.path() / "out.safetensors"), InputError);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "out.safetensors"));
}

TEST_CASE("What is quantized already is refused, and its record outlives another run", "[device][quantize]") {
    const TempFolder folder;
    const auto first = folder.path() / "first.safetensors", second = folder.path() / "second.safetensors";
    const auto file = written(folder, {{"v", {4, 4}, gaussians(16, 35)}, {"w", {4, 4}, gaussians(16, 36)}});
    run(*file, {0}, {}, first);
    const auto once = openTensorFile(first);  // v.scale, w, v
    CHECK_THROWS_AS(run(*once, {0}, {}, second), InputError);
    CHECK_FALSE(std::filesystem::exists(second));
    run(*once, {1}, {.bits = 4}, second);
    const auto recorded =
        nlohmann::json::parse(openTensorFile(second)->metadata().at("clipscope.quantization"));
    CHECK(recorded.at("v").at("bits") == 8);
    CHECK(recorded.at("w").at("bits") == 4);
}

TEST_CASE("Vectors count as weights where there is nothing else", "[quantize]") {
    const TempFolder folder;
    CHECK(weightTensors(*written(folder, {{"a", {3}, {1, 2, 3}}})) == std::vector<size_t>{0});
}

}  // namespace tests
