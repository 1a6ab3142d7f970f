// `clipscope quantize` as scripts see it: numpy's formats and --scales.
#include "tests/cli_checks.h"
#include "tests/reading.h"
#include "tests/sample_data.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <set>

using namespace app::tests;

namespace {

std::string writeFloats(const TempFolder& folder, const std::string& name, const std::vector<float>& values) {
    return writeFile(folder, {{name, {2, values.size() / 2}, values}}, "in.safetensors");
}

RunResult quantized(Arguments arguments) {
    return runCommand("quantize", std::move(arguments));
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

TEST_CASE("A plan makes of every tensor what recommend chose, at the error that it promised", "[cli]") {
    const TempFolder folder;
    const std::string plan = folder / "plan.json", scales = folder / "scales.json";
    const RunResult recommended = runCommand(
        "recommend", {sample, "--target-bits", "4.8", "--format", "int4,nvfp4,fp6-e2m3,int8-affine",
                      "--granularity", "channel", "--method", "mse", "--json", plan});
    REQUIRE(recommended.exitCode == 0);
    REQUIRE(quantized({sample, "--plan", plan, "-o", folder / "a.npz", "--scales", scales}).exitCode == 0);
    const Json promised = Json::parse(folder.read("plan.json")),
               found = Json::parse(folder.read("scales.json"));
    std::set<std::string> formats;
    REQUIRE(namesOf(found["tensors"]) == namesOf(promised["tensors"]));
    for (size_t i = 0; i < found["tensors"].size(); ++i) {
        const Json &tensor = found["tensors"][i], &choice = promised["tensors"][i];
        CHECK(tensor["method"] == "mse");
        for (const char* key : {"format", "granularity", "sqnr_db"}) CHECK(tensor[key] == choice[key]);
        formats.insert(tensor["format"]);
    }
    CHECK(formats.size() > 1);
    // What was done is a plan, too.
    REQUIRE(quantized({sample, "--plan", scales, "-o", folder / "b.npz"}).exitCode == 0);
    CHECK(folder.read("b.npz") == folder.read("a.npz"));
}

TEST_CASE("A plan that does not fit is refused before the work", "[cli]") {
    const TempFolder folder;
    const std::string output = folder / "out.npz";
    const std::string file =
        writeFile(folder, {{"w", {4, 4}, std::vector<float>(16, 1.0f)}, {"i", quant::DType::I8, {2}, "ab"}},
                  "in.safetensors");
    const auto checkRefused = [&](const std::string& entry, const std::string& hint) {
        const std::string plan = folder.write("plan.json", R"({"tensors":[{)" + entry + "}]}");
        checkFails(runCommand("quantize", {file, "--plan", plan, "-o", output}, withoutVulkan), 3, hint);
    };
    checkRefused(R"("name":"v","format":"int4")", "tensor 'v': is not in " + file);
    checkRefused(R"("name":"i","format":"int4")", "tensor 'i': dtype I8 is not a float type");
    checkRefused(R"("name":"w","format":"int4","granularity":"channel:2")", "has no axis 2");
    checkRefused(R"("name":"w","format":"mxfp4","method":"entropy")", "tensor 'w': field 'method': ");
    checkRefused(R"("name":"w","format":"int")", "tensor 'w': field 'format': ");
    const std::string plan = folder.write("plan", R"({"tensors":[{"name":"w","format":"int4"}]})");
    for (const Arguments& other : {Arguments{"--bits", "4"},
                                   {"--format", "int4"},
                                   {"--granularity", "channel"},
                                   {"--method", "max"},
                                   {"--sign", "signed"},
                                   {"--filter", "w"}}) {
        Arguments arguments = {file, "--plan", plan, "-o", output};
        arguments.insert(arguments.end(), other.begin(), other.end());
        checkFails(runCommand("quantize", arguments, withoutVulkan), 2, "--plan");
    }
    checkFails(quantized({file, "--plan", plan, "-o", plan}), 2, "would replace the input");
    checkFails(quantized({file, "--plan", folder / "none.json", "-o", output}), 3, "none.json: cannot open");
    CHECK(folder.entries() == 3);
}

TEST_CASE("Options that contradict each other are refused", "[cli]") {
    for (const Arguments& contradiction : {Arguments{"--bits", "4", "--format", "int8"},
                                           {"--sign", "unsigned", "--format", "int8"},
                                           {"--fake", "--unpacked"},
                                           {"--metric", "cosine", "--method", "max"}}) {
        Arguments arguments = contradiction;
        arguments.insert(arguments.begin(), sample);
        arguments.insert(arguments.end(), {"-o", "out.npz"});
        checkFails(runCommand("quantize", arguments, withoutVulkan), 2, contradiction.front());
    }
    for (const char* command : {"analyze", "compare", "sweep"}) {
        checkFails(runCommand(command, {sample, "--bits", "4", "--format", "int8"}, withoutVulkan), 2,
                   "--bits cannot be combined with --format");
    }
    for (const char* output : {"out.gguf", "out.pt", "model.safetensors.index.json"})
        checkFails(runCommand("quantize", {sample, "-o", output}, withoutVulkan), 2, "no file is written as");
}

TEST_CASE("What quantizing loses unexpectedly is said", "[cli]") {
    const TempFolder folder;
    const std::string file = writeFile(
        folder, {{"w", {2, 2}, {-1, 2, 3, 4}}, {"i", quant::DType::I8, {2}, "ab"}}, "in.safetensors");
    const RunResult unsignedGrid = quantized({file, "-o", folder / "a.npz", "--format", "uint8"});
    CHECK(unsignedGrid.err.contains(
        "tensor 'w': has negative values, which become 0 in uint8; int8 holds them"));
    CHECK(quantized({file, "-o", folder / "b.npz", "--format", "uint8-affine"}).err.empty());
    const std::string model = sourceFile("assets/fashion_cnn.onnx");
    CHECK(quantized({model, "-o", folder / "a.onnx", "--format", "fp8-e4m3"})
              .err.contains("fp8-e4m3 as values"));
    CHECK(quantized({model, "-o", folder / "a.onnx", "--format", "fp8-e4m3", "--fake"}).err.empty());
    const std::string integers = writeFile(folder, {{"i", quant::DType::I8, {2}, "ab"}}, "int.safetensors");
    checkFails(quantized({integers, "-o", folder / "c.npz"}), 3, "holds no tensor of a float type");
    CHECK(runCommand("analyze", {integers}).err.contains("warning: "));
}

TEST_CASE("The table says what is written, and how much", "[cli]") {
    const TempFolder folder;
    const std::string out = quantized({sample, "-o", folder / "a.safetensors", "--bits", "4"}).out;
    CHECK(out.contains("U8 packed"));
    CHECK(out.contains("7 tensors quantized, SQNR 17.38 dB together; 22 copied as they were"));
    CHECK(out.contains("; 4.00 bits per quantized element"));
    const std::string model = sourceFile("assets/fashion_cnn.onnx");
    CHECK(quantized({model, "-o", folder / "a.onnx", "--bits", "4"}).out.contains("INT4"));
}

TEST_CASE("The SQNR of stochastic rounding is that of the file", "[cli]") {
    const TempFolder folder;
    const auto values = tests::gaussians(4000, 5);
    const std::string file = writeFile(folder, {{"w", {40, 100}, values}}, "in.safetensors");
    for (const Arguments& how : {Arguments{"--rounding", "stochastic:3"}, {"--rounding", "nearest"}}) {
        Arguments arguments = {file, "-o",     folder / "out.npz", "--bits",
                               "4",  "--fake", "--scales",         folder / "s.json"};
        arguments.insert(arguments.end(), how.begin(), how.end());
        REQUIRE(quantized(arguments).exitCode == 0);
        const auto written = quant::openTensorFile(folder / "out.npz");
        const auto fakes = quant::tests::numbersOf<float>(*written, "w");
        double energy = 0, squared = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            const double x = values[i];
            energy += x * x;
            squared += (fakes[i] - x) * (fakes[i] - x);
        }
        const Json report = Json::parse(folder.read("s.json"));
        CHECK(std::abs(report["tensors"][0]["sqnr_db"].get<double>() - 10 * std::log10(energy / squared)) <
              1e-4);
        CHECK(Json::parse(written->metadata().at("clipscope.quantization"))["w"]["rounding"] == how.back());
    }
}

TEST_CASE("Outputs replace none of the files that are read", "[cli]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, {{"w", {2, 2}, {1, 2, 3, 4}}}, "in.safetensors");
    const std::string weights = writeFile(folder, {{"w", {2, 2}, {1, 1, 2, 2}}}, "h.safetensors");
    const std::string metric = "weighted:" + weights;
    checkFails(quantized({file, "-o", weights, "--metric", metric}), 2, "would replace the input");
    checkFails(quantized({file, "--scales", weights, "--metric", metric}), 2, "would replace the input");
    checkFails(runCommand("analyze", {file, "--json", weights, "--metric", metric}), 2,
               "would replace an input");
    for (const char* name : {"onnx_external.onnx", "onnx_external.bin"})
        std::filesystem::copy_file(quant::tests::fixture(name), folder / name);
    const std::string model = folder / "onnx_external.onnx", data = folder / "onnx_external.bin";
    const std::string before = folder.read("onnx_external.bin");
    checkFails(quantized({model, "--scales", data}), 2, "would replace the input");
    checkFails(runCommand("analyze", {model, "--json", data}), 2, "would replace an input");
    CHECK(folder.read("onnx_external.bin") == before);
    CHECK(quant::openTensorFile(model)->fileSizeBytes() ==
          std::filesystem::file_size(model) + std::filesystem::file_size(data));
}

TEST_CASE("An npz file keeps what an earlier run said of a tensor that is copied", "[cli]") {
    const TempFolder folder;
    const std::string file = writeFile(
        folder, {{"a", {2, 4}, std::vector<float>(8, 0.3f)}, {"b", {2, 4}, std::vector<float>(8, 0.7f)}},
        "in.safetensors");
    const std::string once = folder / "once.safetensors", twice = folder / "twice.npz";
    REQUIRE(quantized({file, "-o", once, "--filter", "a", "--format", "fp8-e4m3"}).exitCode == 0);
    REQUIRE(quantized({once, "-o", twice, "--filter", "b"}).exitCode == 0);
    const Json record = Json::parse(quant::openTensorFile(twice)->metadata().at("clipscope.quantization"));
    CHECK(record["a"]["format"] == "fp8-e4m3");
    CHECK(record["a"]["bits_of"]["a"] == "F8_E4M3");
}
