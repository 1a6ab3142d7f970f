// `clipscope quantize` as scripts see it: numpy's formats and --scales.
#include "quant/safetensors_writer.h"
#include "tests/reading.h"
#include "tests/run_clipscope.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using app::tests::runClipscope;
using app::tests::RunResult;
using quant::tests::TempFolder;
using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;

namespace {

const std::string sample = CLIPSCOPE_SOURCE_DIR "/assets/fashion_cnn.safetensors";

std::string writeFloats(const TempFolder& folder, const std::string& name, std::vector<float> values) {
    const std::vector<quant::TensorInfo> infos = {
        quant::makeTensorInfo(name, quant::DType::F32, {2, values.size() / 2}).value()};
    quant::SafetensorsWriter writer(folder / "in.safetensors", infos);
    writer.write(std::as_bytes(std::span(values)));
    writer.commit();
    return folder / "in.safetensors";
}

void checkFails(const RunResult& result, int exitCode, const std::string& hint = "") {
    CAPTURE(result.out, result.err, hint);
    CHECK(result.exitCode == exitCode);
    CHECK(result.err.starts_with("clipscope: error: "));
    CHECK(result.err.find('\n') == result.err.size() - 1);
    CHECK(result.err.contains(hint));
    CHECK(result.out.empty());
}

RunResult quantized(Arguments arguments) {
    arguments.insert(arguments.begin(), "quantize");
    return runClipscope(arguments);
}

Arguments keysOf(const Json& object) {
    Arguments keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

}  // namespace

TEST_CASE("A quantized npz file is read again, and an npz input makes one", "[cli]") {
    const TempFolder folder;
    const std::string fake = folder / "fake.npz", codes = folder / "codes.npz";
    REQUIRE(quantized({sample, "-o", fake, "--bits", "4", "--fake"}).exitCode == 0);
    CHECK(quant::openTensorFile(fake)->tensors().size() == 29);
    checkFails(quantized({fake, "-o", codes}), 3, "is quantized already");
    REQUIRE(quantized({quant::tests::fixture("stored.npz"), "-o", codes}).exitCode == 0);
    const auto file = quant::openTensorFile(codes);
    CHECK(file->tensors()[quant::tests::indexOf(*file, "layer/b")].dtype == quant::DType::I8);
    quant::tests::indexOf(*file, "layer/b.scale");
}

TEST_CASE("An npy file takes one array, and says what takes more", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, "w", {1, 2, 3, 4}), output = folder / "out.npy";
    checkFails(quantized({path, "-o", output}), 3, "name the output .npz");
    checkFails(quantized({sample, "--fake", "-o", output}), 3, "name the output .npz");
    CHECK(folder.entries() == 1);
    CHECK(quantized({path, "--fake", "-o", output}).exitCode == 0);
    CHECK(runClipscope({"analyze", output}).exitCode == 0);
}

TEST_CASE("Names that make a dangerous archive are unusable input", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, "../../w", {1, 2, 3, 4});
    checkFails(quantized({path, "-o", folder / "out.npz"}), 3, "cannot go into an npz archive");
    CHECK(folder.entries() == 1);
    CHECK(quantized({path, "-o", folder / "out.safetensors"}).exitCode == 0);
}

TEST_CASE("An npz or npy file on a full disk is an output error that leaves the old one", "[cli]") {
    const TempFolder folder;
    const std::string one = writeFloats(folder, "w", std::vector<float>(4096, 1));
    const std::string npz = folder.write("old.npz", "old"), npy = folder.write("old.npy", "old");
    for (const std::string& output : {npz, npy}) {
        checkFails(runClipscope({"quantize", one, "-o", output, "--fake"}, {.fileSizeLimit = 4096}), 5);
    }
    CHECK(folder.read("old.npz") == "old");
    CHECK(folder.read("old.npy") == "old");
    std::filesystem::create_symlink("/dev/full", folder / "full.npz");
    checkFails(quantized({one, "-o", folder / "full.npz"}), 5);
    CHECK(folder.entries() == 4);
}

TEST_CASE("An npz output streams into a pipe", "[cli]") {
    const TempFolder folder;
    const std::string link = folder / "pipe.npz", model = folder / "model.npz";
    std::filesystem::create_symlink("/dev/stdout", link);
    const RunResult piped = quantized({sample, "-o", link, "--quiet"});
    REQUIRE(quantized({sample, "-o", model}).exitCode == 0);
    CHECK(piped.exitCode == 0);
    CHECK(piped.out == folder.read("model.npz"));
}

TEST_CASE("Scales alone go to standard output and have every field, in order", "[cli]") {
    const RunResult result = quantized({sample, "--bits", "4", "--granularity", "channel", "--scales", "-"});
    REQUIRE(result.exitCode == 0);
    const Json report = Json::parse(result.out);
    CHECK(keysOf(report) == Arguments{"tool", "source", "tensors"});
    CHECK(keysOf(report["tool"]) == Arguments{"name", "version"});
    CHECK(report["source"] == Json::array({{{"path", sample},
                                            {"format", "safetensors"},
                                            {"bytes", std::filesystem::file_size(sample)}}}));
    REQUIRE_FALSE(report["tensors"].empty());
    for (const Json& tensor : report["tensors"]) {
        CHECK(keysOf(tensor) == Arguments{"name", "dtype", "shape", "format", "bits", "signed", "granularity",
                                          "method", "clip", "scale", "zero_point", "sqnr_db"});
        CHECK(tensor["format"] == "int4");
        CHECK(tensor["granularity"] == "channel");
        for (const char* key : {"clip", "scale", "zero_point"})
            CHECK(tensor[key].size() == tensor["shape"][0]);
        for (size_t i = 0; i < tensor["clip"].size(); ++i)
            CHECK(tensor["scale"][i].get<float>() == tensor["clip"][i].get<float>() / 7);
    }
}

TEST_CASE("Scales of affine and NVFP4 grids have what those need besides", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, "w", {-1, 2, 3, 4});
    const auto tensorOf = [&](const std::string& format) {
        return Json::parse(quantized({path, "--format", format, "--scales", "-"}).out)["tensors"][0];
    };
    const Json affine = tensorOf("uint8-affine"), nvfp4 = tensorOf("nvfp4");
    CHECK(affine["clip_low"].size() == 1);
    CHECK(affine["zero_point"][0] > 0);
    CHECK_FALSE(affine.contains("tensor_scale"));
    REQUIRE(quantized({path, "--format", "nvfp4", "-o", folder / "out.npz"}).exitCode == 0);
    const auto file = quant::openTensorFile(folder / "out.npz");
    CHECK(nvfp4["tensor_scale"].get<float>() ==
          quant::tests::numbersOf<float>(*file, "w.tensor_scale").at(0));
    CHECK_FALSE(nvfp4.contains("clip_low"));
}

TEST_CASE("Scales beside an output are those it holds, and it is the same without them", "[cli]") {
    const TempFolder folder;
    const std::string both = folder / "both.npz", alone = folder / "alone.npz", json = folder / "s.json";
    const RunResult result = quantized({sample, "-o", both, "--scales", json});
    REQUIRE(result.exitCode == 0);
    CHECK(result.out.contains("stored as"));
    REQUIRE(quantized({sample, "-o", alone}).exitCode == 0);
    CHECK(folder.read("both.npz") == folder.read("alone.npz"));
    const auto file = quant::openTensorFile(both);
    const Json report = Json::parse(folder.read("s.json"));
    for (const Json& tensor : report["tensors"]) {
        CHECK(tensor["scale"].get<std::vector<float>>() ==
              quant::tests::numbersOf<float>(*file, tensor["name"].get<std::string>() + ".scale"));
    }
    CHECK(quantized({sample, "--scales", folder / "t.json"}).exitCode == 0);
    CHECK(folder.read("t.json") == folder.read("s.json"));
    CHECK(folder.entries() == 4);
}

TEST_CASE("Scales replace neither the input nor the output", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, "w", {1, 2, 3, 4}), before = folder.read("in.safetensors");
    std::filesystem::create_symlink(path, folder / "link");
    const std::string output = folder / "out.npz", other = folder / "./out.npz";
    checkFails(quantized({path, "--scales", path}), 2, "would replace the input");
    checkFails(quantized({path, "--scales", folder / "link"}), 2, "would replace the input");
    checkFails(quantized({path, "-o", output, "--scales", output}), 2, "the same file");
    checkFails(quantized({path, "-o", output, "--scales", other}), 2, "the same file");
    checkFails(quantized({path}), 2, "--output is required");
    checkFails(quantized({path, "--scales", ""}), 2, "--scales: a file name or -");
    checkFails(quantized({path, "-o", "", "--scales", "-"}), 2, "the name of a file");
    CHECK(folder.read("in.safetensors") == before);
    CHECK(folder.entries() == 2);
}

TEST_CASE("Scales that cannot be written are an output error and leave nothing", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, "w", {1, 2, 3, 4});
    checkFails(quantized({path, "--scales", folder / "missing/s.json", "-o", folder / "out.npz"}), 5);
    checkFails(quantized({path, "--scales", "/dev/full"}), 5);
    checkFails(runClipscope({"quantize", path, "--scales", "-"}, {.stdoutPath = "/dev/full"}), 5);
    const std::string old = folder.write("s.json", "old");
    checkFails(runClipscope({"quantize", path, "--scales", old}, {.fileSizeLimit = 64}), 5);
    CHECK(folder.read("s.json") == "old");
    CHECK(folder.entries() == 2);
}
