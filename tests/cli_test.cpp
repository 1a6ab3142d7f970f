// The program as scripts see it: exit codes, streams and files (shared/cli.md).
#include "tests/cli_checks.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <set>

using namespace app::tests;

namespace {

template <class Number>
std::string bytesOf(const std::vector<Number>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number)};
}

std::string writeFloats(const TempFolder& folder, const std::vector<float>& values) {
    return writeFile(folder, {{"x", {values.size()}, values}});
}

// An npy file of zeros that is long to read and takes no room on the disk.
std::string writeHuge(const TempFolder& folder) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (8589934592,), }";
    header.resize(117, ' ');
    const std::string start =
        std::string("\x93NUMPY\x01\x00", 8) + std::string("\x76\x00", 2) + header + "\n";
    const auto path = folder.write("huge.npy", start);
    std::filesystem::resize_file(path, start.size() + (uint64_t{4} << 33));
    return path;
}

Json analyzed(Arguments arguments) {
    return reportOf("analyze", std::move(arguments));
}

Json onlyTensor(const std::string& path) {
    const Json report = analyzed({path});
    REQUIRE(report["tensors"].size() == 1);
    return report["tensors"][0];
}

size_t lineCount(const std::string& text) {
    return static_cast<size_t>(std::ranges::count(text, '\n'));
}

void checkResult(const Json& result, size_t clips) {
    CHECK(keysOf(result) == Arguments{"method", "bits", "signed", "granularity", "clip", "scale",
                                      "zero_point", "mse", "sqnr_db", "clipped_fraction", "iterations",
                                      "format"});
    CHECK(result["method"].is_string());
    CHECK(result["signed"].is_boolean());
    for (const char* key : {"clip", "scale", "zero_point"}) {
        REQUIRE(result[key].is_array());
        CHECK(result[key].size() == clips);
    }
    CHECK(result["mse"].is_number());
    CHECK((result["sqnr_db"].is_number() || result["sqnr_db"].is_null()));
    CHECK(result["clipped_fraction"].is_number());
    CHECK(result["iterations"].is_number_unsigned());
}

void checkTensor(const Json& tensor) {
    CHECK(keysOf(tensor) == Arguments{"name", "dtype", "shape", "elements", "nonzero", "nan", "inf", "min",
                                      "max", "absmax", "mean", "std", "results"});
    CHECK(tensor["name"].is_string());
    CHECK(tensor["dtype"].is_string());
    CHECK(tensor["shape"].is_array());
    for (const char* key : {"elements", "nonzero", "nan", "inf"}) CHECK(tensor[key].is_number_unsigned());
    for (const char* key : {"min", "max", "absmax", "mean", "std"}) CHECK(tensor[key].is_number());
}

}  // namespace

TEST_CASE("Help, version, completion and manual need no Vulkan", "[cli]") {
    for (const Arguments& arguments : {Arguments{"--help"},
                                       {"-h"},
                                       {"--version"},
                                       {"analyze", "--help"},
                                       {"devices", "--help"},
                                       {"sweep", "--help"},
                                       {"quantize", "--help"},
                                       {"calibrate", "--help"},
                                       {"compare", "--help"},
                                       {"recommend", "--help"},
                                       {"gemm", "--help"},
                                       {"conv", "--help"},
                                       {"completion", "--help"},
                                       {"man", "--help"},
                                       {"completion", "bash"},
                                       {"completion", "zsh"},
                                       {"completion", "fish"},
                                       {"man"}}) {
        CAPTURE(arguments);
        const RunResult result = runClipscope(arguments, withoutVulkan);
        CHECK(result.exitCode == 0);
        CHECK_FALSE(result.out.empty());
        CHECK(result.err.empty());
    }
}

TEST_CASE("The help lists every command, and the help of each ends with examples", "[cli]") {
    const std::string help = runClipscope({"--help"}).out;
    for (const char* command : {"analyze", "calibrate", "compare", "recommend", "sweep", "quantize", "gemm",
                                "conv", "devices", "completion", "man"}) {
        CHECK(help.contains(std::string("\n  ") + command + " "));
        const std::string own = runClipscope({command, "--help"}).out;
        CAPTURE(own);
        const size_t examples = own.find("Examples:\n  clipscope ");
        REQUIRE(examples != std::string::npos);
        CHECK(own.find("\n\n", examples) == std::string::npos);
    }
}

TEST_CASE("What cannot be understood is a usage error that says what was meant", "[cli]") {
    const std::vector<std::pair<Arguments, std::string>> cases = {
        {{}, "a command is needed"},
        {{"anlyze", "x"}, "did you mean 'analyze'"},
        {{"analyze"}, "INPUT is required"},
        {{"analyze", "x", "--bit", "4"}, "did you mean '--bits'"},
        {{"analyze", "x", "--bits"}, "--bits needs a value"},
        {{"analyze", "x", "--bits", "17"}, "between 1 and 16"},
        {{"analyze", "x", "--bits", "4", "--bits", "8"}, "more than once"},
        {{"analyze", "x", "--method", "octv"}, "did you mean 'octav'"},
        {{"analyze", "x", "--granularity", "row"}, "granularity"},
        {{"analyze", "x", "--sign", "singed"}, "did you mean 'signed'"},
        {{"analyze", "x", "--memory", "1M"}, "at least 16M"},
        {{"analyze", "x", "--path", "privat"}, "did you mean 'private'"},
        {{"analyze", "x", "--strict=maybe"}, "strict"},
        {{"analyze", "x", "--json", ""}, "--json"},
        {{"analyze", "x", "--json", "-", "--csv", "-"}, "cannot both"},
        {{"--json", "-", "devices"}, "belongs after the command"},
        {{"devices", "x"}, "unexpected argument 'x'"},
        {{"sweep", sample}, "--tensor is needed"},
        {{"sweep", "x", "--points", "1"}, "--points"},
        {{"sweep", "x", "--range", "2:1"}, "--range"},
        {{"quantize", "x"}, "--output is required"},
        {{"quantize", "x", "-o", "-"}, "the name of a file"},
        {{"quantize", "x", "-o", "y", "--bits", "4,8"}, "not a bit width"},
        {{"quantize", "x", "-o", "y", "--method", "octav,max"}, "one method"},
        {{"completion", "bahs"}, "did you mean 'bash'"},
    };
    for (const auto& [arguments, hint] : cases) {
        CAPTURE(arguments);
        const RunResult result = runClipscope(arguments, withoutVulkan);
        checkFails(result, 2);
        CHECK(result.err.contains(hint));
        CHECK(result.err.contains("--help`"));
    }
}

TEST_CASE("An output that would replace its input is a usage error", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, {1, 2});
    const std::string before = folder.read("tensors.safetensors");
    checkFails(runClipscope({"analyze", path, "--json", path}), 2);
    std::filesystem::create_symlink(path, folder / "link");
    checkFails(runClipscope({"analyze", path, "--csv", folder / "link"}), 2);
    checkFails(runClipscope({"sweep", path, "--csv", path}), 2);
    checkFails(runClipscope({"quantize", path, "-o", folder / "link"}), 2);
    CHECK(folder.read("tensors.safetensors") == before);
}

TEST_CASE("An input that cannot be used is named, before a device is sought", "[cli]") {
    const TempFolder folder;
    const std::vector<std::string> paths = {folder / "missing", folder.path(),
                                            folder.write("empty.safetensors", ""),
                                            folder.write("text.safetensors", "no tensors here, just words"),
                                            folder.write("cut.npy", "\x93NUMPY")};
    for (const auto& path : paths) {
        CAPTURE(path);
        const RunResult result = runClipscope({"analyze", path}, withoutVulkan);
        checkFails(result, 3);
        CHECK(result.err.contains(path));
    }
}

TEST_CASE("A filter that matches nothing says how many tensors there are and which was meant", "[cli]") {
    const RunResult result = runClipscope({"analyze", sample, "--filter", "featres.0.weight"});
    checkFails(result, 3);
    CHECK(result.err.contains("29 tensors"));
    CHECK(result.err.contains("did you mean 'features.0.weight'?"));
}

TEST_CASE("Without a device, devices and analyze say what decides which drivers are found", "[cli]") {
    for (const Arguments& arguments :
         {Arguments{"devices"}, {"devices", "--json", "-"}, {"analyze", sample}}) {
        const RunResult result = runClipscope(arguments, withoutVulkan);
        checkFails(result, 4);
        CHECK(result.err.contains("VK_DRIVER_FILES is set to '/nonexistent'"));
        CHECK(result.err.contains("mesa-vulkan-drivers"));
    }
}

TEST_CASE("A device that does not exist is no usable device", "[cli]") {
    checkFails(runClipscope({"analyze", sample, "--device", "99"}), 4);
    checkFails(runClipscope({"analyze", sample, "--device", "no such device"}), 4);
}

TEST_CASE("devices lists the device that is used by default", "[cli]") {
    const RunResult table = runClipscope({"devices"});
    CHECK(table.exitCode == 0);
    CHECK(table.out.starts_with("* "));
    const Json report = Json::parse(runClipscope({"devices", "--json", "-"}).out);
    REQUIRE_FALSE(report["devices"].empty());
    size_t defaults = 0;
    for (const auto& device : report["devices"]) {
        defaults += device["default"].get<bool>() ? 1 : 0;
        CHECK(device["usable"].get<bool>() == device["missing"].empty());
        CHECK(table.out.contains(device["name"].get<std::string>()));
    }
    CHECK(defaults == 1);
}

TEST_CASE("An output that cannot be written fails and leaves nothing", "[cli]") {
    const TempFolder folder;
    checkFails(runClipscope({"analyze", sample, "--json", folder / "missing/report.json"}, withoutVulkan), 5);
    checkFails(runClipscope({"analyze", sample, "--csv", folder.path()}, withoutVulkan), 5);
    checkFails(runClipscope({"quantize", sample, "-o", folder / "missing/model.safetensors"}), 5);
    CHECK(folder.entries() == 0);
}

TEST_CASE("A full disk is an output error that leaves the old report as it was", "[cli]") {
    const TempFolder folder;
    const std::string report = folder.write("report.json", "old");
    const RunOptions fullDisk{.fileSizeLimit = 4096};
    checkFails(runClipscope({"analyze", sample, "--bits", "2-8", "--quiet", "--json", report}, fullDisk), 5);
    CHECK(folder.read("report.json") == "old");
    CHECK(folder.entries() == 1);
}

TEST_CASE("A full disk under standard output is an output error", "[cli]") {
    const TempFolder folder;
    const std::string file = folder.write("man", "");
    checkFails(runClipscope({"man"}, {.stdoutPath = file, .fileSizeLimit = 1024}), 5);
}

TEST_CASE("Standard output that takes nothing is an output error", "[cli]") {
    for (const Arguments& arguments : {Arguments{"--help"},
                                       {"devices"},
                                       {"analyze", sample},
                                       {"analyze", sample, "--json", "-"},
                                       {"analyze", sample, "--csv", "-"}}) {
        CAPTURE(arguments);
        checkFails(runClipscope(arguments, {.stdoutPath = "/dev/full"}), 5);
        checkFails(runClipscope(arguments, {.closesStdout = true}), 5);
    }
}

TEST_CASE("An interrupted analysis ends with 128 + signal and leaves nothing", "[cli]") {
    for (const int signal : {SIGINT, SIGTERM}) {
        const TempFolder folder, outputs;
        const RunOptions interrupted{.signal = signal, .signalWhen = [&] { return outputs.entries() > 0; }};
        const std::string huge = writeHuge(folder);
        checkFails(runClipscope({"analyze", huge, "--memory", "16M", "--json", outputs / "report.json"},
                                interrupted),
                   128 + signal);
        CHECK(outputs.entries() == 0);
    }
}

TEST_CASE("The JSON report has every field of the schema, in its order", "[cli]") {
    const Json report = analyzed({sample, "--bits", "4,8", "--method", "octav,max"});
    CHECK(keysOf(report) ==
          Arguments{"tool", "device", "source", "options", "tensors", "skipped", "seconds"});
    CHECK(report["tool"]["name"] == "clipscope");
    CHECK(report["tool"]["version"].is_string());
    CHECK(keysOf(report["device"]) == Arguments{"name", "driver", "type"});
    CHECK(std::set<std::string>{"cpu", "integrated", "discrete", "virtual", "other"}.contains(
        report["device"]["type"]));
    REQUIRE(report["source"].size() == 1);
    CHECK(report["source"][0] ==
          Json{{"path", sample}, {"format", "safetensors"}, {"bytes", std::filesystem::file_size(sample)}});
    CHECK(report["options"] ==
          Json{{"bits", {4, 8}}, {"methods", {"octav", "max"}}, {"granularity", "tensor"}, {"sign", "auto"}});
    CHECK(report["skipped"] == Json::array());
    CHECK(keysOf(report["seconds"]) == Arguments{"total", "read", "upload", "compute"});
    REQUIRE(report["tensors"].size() == 29);
    for (const auto& tensor : report["tensors"]) {
        checkTensor(tensor);
        REQUIRE(tensor["results"].size() == 4);
        for (const auto& result : tensor["results"]) checkResult(result, 1);
    }
    const Json& first = report["tensors"][0];
    CHECK(first["results"][1]["method"] == "octav");
    CHECK(first["results"][1]["bits"] == 8);
    CHECK(first["results"][2]["method"] == "max");
    CHECK(first["results"][2]["clip"][0] == first["absmax"]);
}

TEST_CASE("The JSON report has a clip per channel or group", "[cli]") {
    const Json channels = analyzed({sample, "--filter", "features.4.weight", "--granularity", "channel:1"});
    checkResult(channels["tensors"][0]["results"][0], 16);
    const Json groups = analyzed({sample, "--filter", "classifier.1.weight", "--granularity", "group:32"});
    checkResult(groups["tensors"][0]["results"][0], 128 * 27);
    CHECK(groups["options"]["granularity"] == "group:32");
}

TEST_CASE("Floats in the JSON report read back to the last bit", "[cli]") {
    const TempFolder folder;
    const float third = 1.0f / 3, tiny = std::numeric_limits<float>::denorm_min();
    const Json tensor = onlyTensor(writeFloats(folder, {third, -third, tiny}));
    CHECK(tensor["max"].get<double>() == double{third});
    CHECK(tensor["min"].get<double>() == -double{third});
    const double clip = tensor["results"][0]["clip"][0].get<double>();
    CHECK(double{static_cast<float>(clip)} == clip);
}

TEST_CASE("A report on standard output is alone there", "[cli]") {
    const RunResult json = runClipscope({"analyze", sample, "--json", "-"});
    CHECK(json.out.starts_with("{"));
    CHECK(json.out.ends_with("}\n"));
    CHECK(Json::accept(json.out));
    const RunResult csv = runClipscope({"analyze", sample, "--csv", "-"});
    CHECK(csv.out.starts_with("file,tensor,dtype,shape,"));
    CHECK(lineCount(csv.out) == 30);
}

TEST_CASE("A report in a file leaves standard output to the table, unless --quiet", "[cli]") {
    const TempFolder folder;
    const RunResult table =
        runClipscope({"analyze", sample, "--json", folder / "a.json", "--csv", folder / "a.csv"});
    CHECK(table.out.contains("features.0.weight"));
    CHECK(Json::accept(folder.read("a.json")));
    CHECK(lineCount(folder.read("a.csv")) == 30);
    CHECK(runClipscope({"analyze", sample, "--json", folder / "b.json", "--quiet"}).out.empty());
}

TEST_CASE("The table fits the width that COLUMNS gives, and has no escapes in a pipe", "[cli]") {
    const RunResult result = runClipscope({"analyze", sample, "--bits", "2-8", "--method", "octav,max"},
                                          {.environment = {{"COLUMNS", "80"}}});
    std::istringstream lines(result.out);
    std::string last, line;
    while (std::getline(lines, line)) {
        CAPTURE(line);
        CHECK(line.size() <= 80 + 2);  // "…" takes 3 bytes and 1 column
        CHECK_FALSE(line.contains('\x1b'));
    }
    CHECK(result.err.empty());
}

TEST_CASE("Two runs give the same clips to the last bit on every counting path", "[cli]") {
    Json reference;
    for (const char* path : {"auto", "private", "shared"}) {
        const Json tensors = analyzed({sample, "--bits", "2-4", "--path", path})["tensors"];
        if (reference.is_null()) reference = tensors;
        CHECK(tensors == reference);
    }
}

TEST_CASE("NaN and Inf are counted, left out, warned of, and fail --strict after the report", "[cli]") {
    const TempFolder folder;
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    const std::string path = writeFloats(folder, {1, nan, -2, inf, -inf, nan});
    const Json tensor = onlyTensor(path);
    CHECK(tensor["nan"] == 2);
    CHECK(tensor["inf"] == 2);
    CHECK(tensor["absmax"] == 2.0);
    CHECK(tensor["mean"] == -0.5);
    const RunResult loose = runClipscope({"analyze", path});
    CHECK(loose.exitCode == 0);
    CHECK(loose.err.starts_with("clipscope: warning: " + path));
    CHECK(lineCount(loose.err) == 1);
    CHECK(runClipscope({"analyze", path, "--quiet"}).err.empty());
    const RunResult strict =
        runClipscope({"analyze", path, "--strict", "--quiet", "--json", folder / "report.json"});
    checkFails(strict, 3);
    CHECK(strict.err.contains("tensor 'x'"));
    CHECK(Json::accept(folder.read("report.json")));
}

TEST_CASE("Tensors without magnitude have clip 0, scale 0, error 0 and no SQNR", "[cli]") {
    const TempFolder folder;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const std::vector<float>& values : {std::vector<float>{}, {0, -0.0f, 0}, {nan, nan}}) {
        CAPTURE(values.size());
        const Json result = onlyTensor(writeFloats(folder, values))["results"][0];
        CHECK(result["clip"] == Json{0.0});
        CHECK(result["scale"] == Json{0.0});
        CHECK(result["mse"] == 0.0);
        CHECK(result["sqnr_db"].is_null());
    }
}

TEST_CASE("A tensor of one element, and a scalar, have that element as clip", "[cli]") {
    const TempFolder folder;
    CHECK(onlyTensor(writeFloats(folder, {3.5f}))["results"][0]["clip"] == Json{3.5});
    const Json scalar =
        onlyTensor(writeFile(folder, {{"s", quant::DType::F32, {}, bytesOf<float>({-3.5f})}}));
    CHECK(scalar["shape"] == Json::array());
    CHECK(scalar["results"][0]["clip"] == Json{3.5});
}

TEST_CASE("Denormals are data", "[cli]") {
    const TempFolder folder;
    const float tiny = std::numeric_limits<float>::denorm_min();
    const Json tensor = onlyTensor(writeFloats(folder, {tiny, 3 * tiny, 1000 * tiny}));
    CHECK(tensor["nonzero"] == 3);
    CHECK(tensor["absmax"].get<double>() == double{1000 * tiny});
    CHECK(tensor["results"][0]["clip"][0].get<double>() > 0);
}

TEST_CASE("Tensors that are not floats are skipped with the reason, and fail --strict", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFile(folder, {{"i", quant::DType::I64, {1}, bytesOf<int64_t>({1})},
                                                {"x", quant::DType::F32, {1}, bytesOf<float>({1})}});
    const Json report = analyzed({path});
    CHECK(report["skipped"] == Json::array({{{"name", "i"}, {"reason", "dtype I64 is not a float type"}}}));
    CHECK(report["tensors"].size() == 1);
    const RunResult strict = runClipscope({"analyze", path, "--strict"});
    CHECK(strict.exitCode == 3);
    CHECK(strict.err.contains("tensor 'i'"));
    CHECK(strict.out.contains("skipped i"));
}

TEST_CASE("Tensors that lack the channel axis are skipped, unless all do", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFile(folder, {{"v", quant::DType::F32, {2}, bytesOf<float>({1, 2})},
                                                {"m", quant::DType::F32, {1, 2}, bytesOf<float>({1, 2})}});
    const Json report = analyzed({path, "--granularity", "channel:1"});
    CHECK(report["skipped"][0]["name"] == "v");
    CHECK(report["tensors"][0]["name"] == "m");
    checkFails(runClipscope({"analyze", path, "--granularity", "channel:2"}, withoutVulkan), 3);
}

TEST_CASE("F64 is narrowed with a note", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFile(folder, {{"d", quant::DType::F64, {2}, bytesOf<double>({0.1, -2})}});
    const RunResult result = runClipscope({"analyze", path, "--json", "-"});
    CHECK(result.err == "clipscope: note: 1 F64 tensor narrowed to F32\n");
    CHECK(Json::parse(result.out)["tensors"][0]["max"].get<double>() == double{0.1f});
}

TEST_CASE("Several inputs are analyzed in their order", "[cli]") {
    const TempFolder folder;
    const std::string path = writeFloats(folder, {1});
    const Json report = analyzed({path, sample, "--filter", "x", "--filter", "classifier.4.*"});
    CHECK(report["source"].size() == 2);
    Arguments names;
    for (const auto& tensor : report["tensors"]) names.push_back(tensor["name"]);
    CHECK(names == Arguments{"x", "classifier.4.weight", "classifier.4.bias"});
}

TEST_CASE("Names from a file cannot reach the terminal's controls", "[cli]") {
    const TempFolder folder;
    const std::string path =
        writeFile(folder, {{"a\x1b[31m\nb", quant::DType::F32, {1}, bytesOf<float>({1})}});
    const RunResult result = runClipscope({"analyze", path});
    CHECK(result.exitCode == 0);
    CHECK_FALSE(result.out.contains('\x1b'));
    CHECK(onlyTensor(path)["name"] == "a\x1b[31m\nb");
}

TEST_CASE("A clean run under the validation layers says nothing", "[cli]") {
    const RunResult result = runClipscope({"analyze", sample, "--bits", "4", "--json", "-"},
                                          {.environment = {{"CLIPSCOPE_VALIDATION", "1"}}});
    CHECK(result.exitCode == 0);
    CHECK(result.err.empty());
}

TEST_CASE("The JSON report of a sweep has every field of the schema, in its order", "[cli]") {
    const Json report = Json::parse(runClipscope({"sweep", sample, "--tensor", "features.4.weight", "--bits",
                                                  "3", "--points", "64", "--json", "-"})
                                        .out);
    CHECK(keysOf(report) == Arguments{"tensor", "bits", "signed", "clip", "mse_measured", "mse_model",
                                      "octav", "best", "minima", "format"});
    CHECK(report["tensor"] == "features.4.weight");
    CHECK(report["bits"] == 3);
    CHECK(report["signed"] == true);
    for (const char* key : {"clip", "mse_measured", "mse_model"}) CHECK(report[key].size() == 64);
    CHECK(keysOf(report["octav"]) == Arguments{"clip", "iterates"});
    CHECK(keysOf(report["best"]) == Arguments{"clip", "mse"});
    REQUIRE_FALSE(report["minima"].empty());
    CHECK(keysOf(report["minima"][0]) == Arguments{"clip", "mse"});
}

TEST_CASE("A sweep runs over the clips asked for", "[cli]") {
    const RunResult result = runClipscope({"sweep", sample, "--tensor", "features.4.weight", "--points", "5",
                                           "--range", "0.25:0.5", "--csv", "-"});
    CHECK(result.out.starts_with("clip,mse_measured,mse_model\n0.25,"));
    CHECK(result.out.contains("\n0.5,"));
    CHECK(lineCount(result.out) == 6);
}

TEST_CASE("A sweep of zeros has no points, and takes the only tensor without its name", "[cli]") {
    const TempFolder folder;
    const RunResult result = runClipscope({"sweep", writeFloats(folder, {0, 0}), "--json", "-"});
    CHECK(result.exitCode == 0);
    CHECK(Json::parse(result.out)["clip"] == Json::array());
    CHECK(runClipscope({"sweep", writeFloats(folder, {0, 0})}).exitCode == 0);
}

TEST_CASE("A sweep of a tensor that is not there says which was meant", "[cli]") {
    const RunResult result = runClipscope({"sweep", sample, "--tensor", "features.4.wieght"}, withoutVulkan);
    checkFails(result, 3);
    CHECK(result.err.contains("did you mean 'features.4.weight'?"));
}

TEST_CASE("A quantized file holds integers and their scales, a fake one the old types", "[cli]") {
    const TempFolder folder;
    const std::string integers = folder / "int.safetensors", fake = folder / "fake.safetensors";
    REQUIRE(
        runClipscope({"quantize", sample, "-o", integers, "--bits", "4", "--filter", "*.weight"}).exitCode ==
        0);
    REQUIRE(runClipscope({"quantize", sample, "-o", fake, "--bits", "4", "--fake"}).exitCode == 0);
    const Json stored = analyzed({integers, "--filter", "classifier.4.*"});
    CHECK(stored["skipped"][0]["reason"] == "dtype U8 is not a float type");
    Arguments names;
    for (const auto& tensor : stored["tensors"]) names.push_back(tensor["name"]);
    CHECK(std::ranges::contains(names, "classifier.4.weight.scale"));
    CHECK(std::ranges::contains(names, "classifier.4.bias"));
    CHECK(analyzed({fake})["tensors"].size() == 29);
}

TEST_CASE("A quantized ONNX model stays one; other files become none", "[cli]") {
    const TempFolder folder;
    const std::string model = sourceFile("assets/fashion_cnn.onnx"), output = folder / "int8.onnx";
    const Json report = analyzed({model});
    CHECK(report["source"][0]["format"] == "onnx");
    CHECK(report["tensors"].size() == 29);
    REQUIRE(runClipscope({"quantize", model, "-o", output, "--granularity", "channel"}).exitCode == 0);
    const Json stored = analyzed({output});
    Arguments names;
    for (const auto& tensor : stored["tensors"]) names.push_back(tensor["name"]);
    CHECK(std::ranges::contains(names, "classifier.4.weight_scale"));
    CHECK(stored["skipped"][0]["name"] == "features.0.weight_quantized");
    const RunResult refused = runClipscope({"quantize", sample, "-o", folder / "no.onnx"});
    checkFails(refused, 3);
    CHECK(refused.err.contains("is no ONNX model, so"));
    checkFails(runClipscope({"quantize", output, "-o", folder / "again.onnx", "--filter", "*_scale"}), 3);
    CHECK(folder.entries() == 1);
}
