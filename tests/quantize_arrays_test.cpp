// Quantized files in numpy's formats.
#include "quant/input_error.h"
#include "quant/quantize.h"
#include "quant/safetensors_writer.h"
#include "tests/device_fixture.h"
#include "tests/reading.h"
#include "tests/sample_data.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace tests {

using namespace quant;
using namespace quant::tests;
using Json = nlohmann::json;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;

Analyzer& analyzer() {
    static Analyzer one(device(), ampleBytes);
    return one;
}

struct FloatTensor {
    std::string name;
    std::vector<uint64_t> shape;
    DType dtype = DType::F32;
};

// Of gaussians; BF16 takes their upper halves.
std::unique_ptr<TensorFile> written(const TempFolder& folder, const std::vector<FloatTensor>& tensors) {
    std::vector<TensorInfo> infos;
    for (const auto& [name, shape, dtype] : tensors)
        infos.push_back(makeTensorInfo(name, dtype, shape).value());
    SafetensorsWriter writer(folder / "in.safetensors", infos, {{"origin", "test"}});
    for (const TensorInfo& info : infos) {
        for (const float value : gaussians(info.elements, 71)) {
            const size_t size = elementSizeBytes(info.dtype);
            writer.write(std::as_bytes(std::span(&value, 1)).subspan(sizeof value - size));
        }
    }
    writer.commit();
    return openTensorFile(folder / "in.safetensors");
}

void run(const TensorFile& file, const std::vector<size_t>& selected, const QuantizeOptions& options,
         const std::filesystem::path& output) {
    quantizeFile(analyzer(), file, jobsFor(selected, options), output.string(), [](size_t, size_t) {});
}

Json recordOf(const TensorFile& file) {
    return Json::parse(file.metadata().at(quantizationMetadataKey));
}

void checkSameArrays(const TensorFile& numpy, const TensorFile& safetensors) {
    REQUIRE(numpy.tensors().size() == safetensors.tensors().size());
    for (const TensorInfo& info : safetensors.tensors()) {
        CAPTURE(info.name);
        const size_t array = indexOf(numpy, info.name);
        CHECK(numpy.tensors()[array].shape == info.shape);
        CHECK(readAll(numpy, array) == readAll(safetensors, indexOf(safetensors, info.name)));
    }
}

}  // namespace

TEST_CASE("An npz file holds the arrays of the safetensors file, to the bit", "[device][quantize]") {
    const TempFolder folder;
    const auto file =
        written(folder, {{"layer/w", {20, 33}}, {"b", {20}}, {"half", {3, 5}, DType::BF16}, {"none", {0}}});
    for (const char* format :
         {"int8", "int4", "uint8-affine", "fp8-e4m3", "mxfp4", "nvfp4", "fp16", "bf16"}) {
        for (const bool isFake : {false, true}) {
            CAPTURE(format, isFake);
            const QuantizeOptions options{.format = numberFormatFrom(format), .isFake = isFake};
            run(*file, {0}, options, folder / "out.npz");
            run(*file, {0}, options, folder / "out.safetensors");
            const auto numpy = openTensorFile(folder / "out.npz");
            const auto safetensors = openTensorFile(folder / "out.safetensors");
            CHECK(numpy->format() == "npz");
            checkSameArrays(*numpy, *safetensors);
            Json record = recordOf(*numpy);
            CHECK(record["half"]["bits_of"]["half"] == "BF16");
            record.erase("half");
            record["layer/w"].erase("bits_of");
            CHECK(record == recordOf(*safetensors));
        }
    }
}

TEST_CASE("The record of an npz file names the types that numpy lacks", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"w", {4, 32}}, {"half", {3, 5}, DType::BF16}});
    run(*file, {0}, {.format = numberFormatFrom("mxfp8-e4m3")}, folder / "out.npz");
    const auto output = openTensorFile(folder / "out.npz");
    const Json record = recordOf(*output);
    CHECK(record["w"]["bits_of"] == Json{{"w", "F8_E4M3"}, {"w.scale", "F8_E8M0"}});
    CHECK(record["half"] ==
          Json{{"dtype", "BF16"}, {"shape", {3, 5}}, {"stored", "bits"}, {"bits_of", {{"half", "BF16"}}}});
    CHECK(output->tensors()[indexOf(*output, "w.scale")].dtype == DType::U8);
    CHECK(output->tensors()[indexOf(*output, "half")].dtype == DType::U16);
}

TEST_CASE("What an npz file says is quantized is not quantized again", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"v", {4, 4}}, {"w", {4, 4}}});
    run(*file, {0}, {.granularity = granularityFrom("group:2")}, folder / "once.npz");
    const auto once = openTensorFile(folder / "once.npz");
    CHECK_THROWS_AS(run(*once, {indexOf(*once, "v.scale")}, {}, folder / "twice.npz"), InputError);
    run(*once, {indexOf(*once, "w")}, {.bits = 4}, folder / "twice.npz");
    const Json record = recordOf(*openTensorFile(folder / "twice.npz"));
    CHECK(record["v"]["bits"] == 8);
    CHECK(record["w"]["bits"] == 4);
}

TEST_CASE("An npy file holds one array: fake values, casts, codes of fixed scale", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"w", {7, 9}}});
    for (const QuantizeOptions& options : {QuantizeOptions{.bits = 4, .isFake = true},
                                           {.format = numberFormatFrom("bf16")},
                                           {.format = numberFormatFrom("q3.4")}}) {
        run(*file, {0}, options, folder / "out.npy");
        run(*file, {0}, options, folder / "out.safetensors");
        const auto numpy = openTensorFile(folder / "out.npy");
        const auto safetensors = openTensorFile(folder / "out.safetensors");
        CHECK(numpy->format() == "npy");
        CHECK(numpy->tensors().at(0).shape == safetensors->tensors().at(0).shape);
        CHECK(readAll(*numpy, 0) == readAll(*safetensors, 0));
    }
}

TEST_CASE("More than one array does not go into an npy file", "[device][quantize]") {
    const TempFolder folder;
    const auto two = written(folder, {{"v", {4, 4}}, {"w", {4, 4}}});
    CHECK(complaintOf([&] {
              run(*two, {0}, {.isFake = true}, folder / "out.npy");
          }).contains("name the output .npz"));
    const auto one = written(folder, {{"w", {4, 4}}});
    CHECK(complaintOf([&] { run(*one, {0}, {}, folder / "out.npy"); }).contains("name the output .npz"));
    CHECK_FALSE(std::filesystem::exists(folder / "out.npy"));
}

TEST_CASE("A name that would lead out of a folder makes no archive", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"../w", {4, 4}}});
    CHECK(complaintOf([&] { run(*file, {0}, {}, folder / "out.npz"); }).contains("npz archive"));
    CHECK(folder.entries() == 1);
}

TEST_CASE("Scales are found without an output as with one", "[device][quantize]") {
    const TempFolder folder;
    const auto file = written(folder, {{"w", {8, 16}}, {"b", {16}}});
    const QuantizeOptions options{.bits = 4, .granularity = granularityFrom("channel")};
    size_t calls = 0;
    const auto found = findScales(analyzer(), *file, {{0, options}}, [&](size_t done, size_t total) {
        CHECK(done == ++calls);
        CHECK(total == 2);
    });
    const auto stored =
        quantizeFile(analyzer(), *file, {{0, options}}, folder / "out.npz", [](size_t, size_t) {});
    REQUIRE(found.size() == 2);
    CHECK(calls == 2);
    CHECK_FALSE(found[1].isQuantized);
    CHECK(found[0].result.clip == stored[0].result.clip);
    CHECK(found[0].result.scale == numbersOf<float>(*openTensorFile(folder / "out.npz"), "w.scale"));
}

}  // namespace tests
