#include "quant/half_float.h"
#include "quant/npy.h"
#include "tests/cli_checks.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

using namespace app::tests;
using quant::DType;

namespace {

const Arguments types = {"fp32", "fp16", "bf16", "int8", "uint8", "int4", "ternary", "binary"};

bool isInteger(const std::string& type) {
    return !type.starts_with("fp") && type != "bf16";
}

// Row-major, of four dimensions and small integers: convolutions of any type are exact, Winograd's of F(2,3)
// too.
struct Tensor {
    std::vector<uint64_t> shape;
    std::vector<int> values;

    int at(uint64_t n, uint64_t c, uint64_t y, uint64_t x) const {
        return values[((n * shape[1] + c) * shape[2] + y) * shape[3] + x];
    }
};

Tensor randomTensor(std::vector<uint64_t> shape, uint32_t seed, int least) {
    std::mt19937 random(seed);
    Tensor tensor{std::move(shape), {}};
    for (uint64_t i = 0; i < tensor.shape[0] * tensor.shape[1] * tensor.shape[2] * tensor.shape[3]; ++i)
        tensor.values.push_back(static_cast<int>(random() % 8) + least);
    return tensor;
}

struct Geometry {
    int strideY = 1, strideX = 1, top = 0, left = 0, bottom = 0, right = 0, dilationY = 1, dilationX = 1,
        groups = 1, zeroPoint = 0;
};

Tensor convolved(const Tensor& input, const Tensor& weights, const Geometry& geometry) {
    const auto extent = [](uint64_t size, int padding, uint64_t kernel, int dilation, int stride) {
        return (static_cast<int>(size) + padding - (static_cast<int>(kernel) - 1) * dilation - 1) / stride +
               1;
    };
    const auto& [strideY, strideX, top, left, bottom, right, dilationY, dilationX, groups, zeroPoint] =
        geometry;
    const int height = extent(input.shape[2], top + bottom, weights.shape[2], dilationY, strideY);
    const int width = extent(input.shape[3], left + right, weights.shape[3], dilationX, strideX);
    const uint64_t filters = weights.shape[0], channels = weights.shape[1];
    Tensor output{{input.shape[0], filters, static_cast<uint64_t>(height), static_cast<uint64_t>(width)}, {}};
    const auto valueAt = [&](uint64_t n, uint64_t c, int y, int x) {
        const bool isInside =
            y >= 0 && x >= 0 && y < static_cast<int>(input.shape[2]) && x < static_cast<int>(input.shape[3]);
        return isInside ? input.at(n, c, static_cast<uint64_t>(y), static_cast<uint64_t>(x)) : zeroPoint;
    };
    const auto sumAt = [&](uint64_t n, uint64_t f, int y, int x) {
        const uint64_t first = f / (filters / static_cast<uint64_t>(groups)) * channels;
        int sum = 0;
        for (uint64_t c = 0; c < channels; ++c)
            for (uint64_t ky = 0; ky < weights.shape[2]; ++ky)
                for (uint64_t kx = 0; kx < weights.shape[3]; ++kx)
                    sum += weights.at(f, c, ky, kx) *
                           valueAt(n, first + c, y * strideY - top + static_cast<int>(ky) * dilationY,
                                   x * strideX - left + static_cast<int>(kx) * dilationX);
        return sum;
    };
    for (uint64_t n = 0; n < input.shape[0]; ++n)
        for (uint64_t f = 0; f < filters; ++f)
            for (int y = 0; y < height; ++y)
                for (int x = 0; x < width; ++x) output.values.push_back(sumAt(n, f, y, x));
    return output;
}

template <class Element>
void append(std::string& bytes, Element element) {
    bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
}

std::string bytesOf(const Tensor& tensor, DType dtype) {
    std::string bytes;
    for (const int value : tensor.values) {
        const auto real = static_cast<float>(value);
        if (dtype == DType::F32) append(bytes, real);
        if (dtype == DType::F16) append(bytes, quant::halfFromFloat(real));
        if (dtype == DType::U16) append(bytes, quant::bfloatFromFloat(real));
        if (dtype == DType::I32) append(bytes, value);
        if (dtype == DType::I8 || dtype == DType::U8) append(bytes, static_cast<int8_t>(value));
    }
    return bytes;
}

DType dtypeOf(const std::string& type) {
    return type == "fp32"    ? DType::F32
           : type == "fp16"  ? DType::F16
           : type == "bf16"  ? DType::U16
           : type == "uint8" ? DType::U8
                             : DType::I8;
}

// Of values that the type holds as weights.
Tensor weightsFor(const std::string& type, Tensor weights) {
    for (int& value : weights.values) {
        if (type == "ternary") value = std::clamp(value, -1, 1);
        if (type == "binary") value = value < 0 ? -1 : 1;
    }
    return weights;
}

std::string writeTensor(const TempFolder& folder, const std::string& name, DType dtype,
                        const Tensor& tensor) {
    return writeNpy(folder, name, dtype, tensor.shape, bytesOf(tensor, dtype));
}

// Checks that the file holds the tensor, as float32 or int32.
void checkHolds(const std::string& path, const Tensor& tensor, bool hasIntegers) {
    const quant::NpyFile file{quant::InputFile(path)};
    const quant::TensorInfo& info = file.tensors().front();
    const DType dtype = hasIntegers ? DType::I32 : DType::F32;
    CHECK(info.dtype == dtype);
    CHECK(info.shape == tensor.shape);
    std::string bytes(info.sizeBytes, '\0');
    file.read(0, 0, std::as_writable_bytes(std::span(bytes)));
    CHECK(bytes == bytesOf(tensor, dtype));
}

void checkPassed(const Json& result) {
    CAPTURE(result.dump());
    REQUIRE(result["max_error"].is_number());
    CHECK(result["max_error"] <= result["error_bound"]);
    CHECK(result["seconds"] > 0);
    CHECK(result["gflops"] > 0);
    CHECK(result["peak_gflops"] > 0);
    CHECK(result["bandwidth_share"] > 0);
}

const Arguments resultKeys = {
    "images",  "channels",    "height",          "width",     "filters",    "kernel", "stride",
    "padding", "dilation",    "groups",          "output",    "type",       "path",   "seconds",
    "gflops",  "peak_gflops", "bandwidth_share", "max_error", "error_bound"};

// A shape that is soon computed, in which every extent is another.
const Arguments small = {"--images", "2", "--channels", "4", "--height", "9",
                         "--width",  "7", "--filters",  "6", "--repeat", "1"};

Arguments with(Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

}  // namespace

TEST_CASE("The report of a convolution says what was convolved, how, how fast and how exactly",
          "[cli][conv]") {
    const Json report =
        reportOf("conv", with(small, {"--kernel", "2x3", "--stride", "2x1", "--padding", "0,1,2,3",
                                      "--dilation", "3x2", "--groups", "2", "--check"}));
    CHECK(keysOf(report) == with({"tool", "device"}, resultKeys));
    CHECK(report["tool"]["name"] == "clipscope");
    CHECK(keysOf(report["device"]) == Arguments{"name", "driver", "type"});
    CHECK(
        (report["images"] == 2 && report["channels"] == 4 && report["height"] == 9 && report["width"] == 7));
    CHECK((report["filters"] == 6 && report["groups"] == 2));
    CHECK(report["kernel"] == Json{2, 3});
    CHECK(report["stride"] == Json{2, 1});
    CHECK(report["padding"] == Json{0, 1, 2, 3});
    CHECK(report["dilation"] == Json{3, 2});
    CHECK(report["output"] == Json{2, 6, 4, 7});
    CHECK(report["type"] == "fp32");
    checkPassed(report);
    const double rate = 2.0 * (2 * 6 * 4 * 7) * (2 * 2 * 3) / report["seconds"].get<double>() * 1e-9;
    CHECK(std::abs(report["gflops"].get<double>() / rate - 1) < 1e-9);
}

TEST_CASE("A convolution that is not checked has no error", "[cli][conv]") {
    const Json report = reportOf("conv", small);
    CHECK(report["max_error"].is_null());
    CHECK(report["error_bound"].is_null());
}

TEST_CASE("Without a word on padding, convolutions of stride 1 keep height and width", "[cli][conv]") {
    const auto run = [](const Arguments& arguments, const Json& padding, const Json& output) {
        const Json report = reportOf("conv", with(small, arguments));
        CHECK(report["padding"] == padding);
        CHECK(report["output"] == output);
    };
    run({}, {1, 1, 1, 1}, {2, 6, 9, 7});
    run({"--kernel", "5x2", "--dilation", "1x3"}, {2, 1, 2, 2}, {2, 6, 9, 7});
    run({"--padding", "same", "--stride", "2"}, {1, 1, 1, 1}, {2, 6, 5, 4});
    run({"--padding", "0"}, {0, 0, 0, 0}, {2, 6, 7, 5});
    run({"--padding", "2x1"}, {2, 1, 2, 1}, {2, 6, 11, 7});
}

TEST_CASE("The table of convolutions has every path of every type, and each is right", "[cli][conv]") {
    const Arguments direct = {"direct", "im2col", "implicit"};
    const auto check = [&](const Arguments& more, bool isWinograd) {
        const Json report = reportOf("conv", with(with(small, {"--table"}), more));
        CHECK(keysOf(report) == Arguments{"tool", "device", "products", "skipped"});
        std::map<std::string, Arguments> paths;
        for (const Json& product : report["products"]) {
            CHECK(keysOf(product) == resultKeys);
            checkPassed(product);
            if (isInteger(product["type"])) CHECK(product["max_error"] == 0);
            paths[product["type"]].push_back(product["path"]);
        }
        for (const auto& type : types) {
            CAPTURE(type);
            CHECK(paths[type] ==
                  (isWinograd && !isInteger(type) ? with(direct, {"winograd2", "winograd4"}) : direct));
        }
        for (const Json& skipped : report["skipped"])
            CHECK(keysOf(skipped) == Arguments{"type", "path", "reason"});
        CHECK(report["skipped"].size() == (isWinograd ? 10 : 16));
    };
    check({}, true);
    check({"--groups", "2", "--stride", "2"}, false);
}

TEST_CASE("A convolution of files is written as a file, by every path that takes it", "[cli][conv]") {
    const TempFolder folder;
    const std::string out = folder / "out.npy";
    for (const auto& type : types) {
        const int least = type == "uint8" ? 0 : -4;
        const Tensor input = randomTensor({2, 3, 8, 7}, 1, least);
        const Tensor weights = weightsFor(type, randomTensor({5, 3, 3, 3}, 2, least));
        const std::string fileOfInput = writeTensor(folder, "input.npy", dtypeOf(type), input);
        const std::string fileOfWeights = writeTensor(folder, "weights.npy", dtypeOf(type), weights);
        const Tensor wanted = convolved(input, weights, {.top = 1, .left = 1, .bottom = 1, .right = 1});
        Arguments paths = {"auto", "direct", "im2col", "implicit"};
        if (!isInteger(type)) paths.emplace_back("winograd2");
        for (const auto& path : paths) {
            CAPTURE(type, path);
            const Arguments arguments = {"--type",    type,        "--path",      path, "--input",
                                         fileOfInput, "--weights", fileOfWeights, "-o", out,
                                         "--repeat",  "2",         "--check"};
            if (type == "fp32") {
                const Json report = reportOf("conv", arguments);
                CHECK(report["output"] == Json{2, 5, 8, 7});
                CHECK((path == "auto" || report["path"] == path));
                CHECK(report["max_error"] == 0);
            } else {  // quiet: speeds of the device need not be measured
                CHECK(runCommand("conv", with(arguments, {"-q"})).exitCode == 0);
            }
            checkHolds(out, wanted, isInteger(type));
        }
    }
}

TEST_CASE("Groups, strides, dilations, sides of padding and the zero point are those of the output",
          "[cli][conv]") {
    const TempFolder folder;
    const std::string out = folder / "out.npy";
    const Tensor input = randomTensor({2, 4, 9, 8}, 1, -4), weights = randomTensor({6, 2, 2, 3}, 2, -4);
    const std::string fileOfInput = writeTensor(folder, "input.npy", DType::I8, input);
    const std::string fileOfWeights = writeTensor(folder, "weights.npy", DType::I8, weights);
    const Tensor wanted = convolved(
        input, weights, {.strideY = 2, .top = 1, .right = 3, .dilationX = 2, .groups = 2, .zeroPoint = -3});
    const RunResult result =
        runCommand("conv", {"--type",   "int8", "--input",      fileOfInput, "--weights",  fileOfWeights,
                            "--stride", "2x1",  "--padding",    "1,0,0,3",   "--dilation", "1x2",
                            "--groups", "2",    "--zero-point", "-3",        "--channels", "4",
                            "--kernel", "2x3",  "-o",           out,         "--repeat",   "1",
                            "--check",  "-q"});
    CHECK(result.exitCode == 0);
    CHECK(result.out.empty());
    CHECK(result.err.empty());
    checkHolds(out, wanted, true);
}

TEST_CASE("A convolution of no images is empty", "[cli][conv]") {
    const TempFolder folder;
    const std::string out = folder / "out.npy";
    const Json report = reportOf("conv", {"--images", "0", "--channels", "2", "--filters", "3", "--height",
                                          "5", "--width", "4", "--repeat", "1", "-o", out, "--check"});
    CHECK(report["max_error"] == 0);
    checkHolds(out, {{0, 3, 5, 4}, {}}, false);
}

TEST_CASE("The tables of convolutions are for people, within 80 columns", "[cli][conv]") {
    const RunResult plain = runCommand("conv", small);
    CHECK(plain.out.starts_with("type  path "));
    CHECK(plain.out.contains("\nfp32  direct "));
    CHECK(plain.out.contains("\ninput 2x4x9x7, weights 6x4x3x3, padding 1\noutput 2x6x9x7\n"));
    CHECK(plain.out.contains("\npeak "));
    CHECK_FALSE(plain.out.contains("bound"));
    const RunResult checked =
        runCommand("conv", with(small, {"--check", "--stride", "2x1", "--dilation", "2", "--groups", "2"}));
    CHECK(checked.out.contains("weights 6x2x3x3, stride 2x1, padding 2, dilation 2, 2 groups\n"));
    CHECK(checked.out.contains("\n420 of 420 elements compared with the host\n"));
    const RunResult table = runCommand("conv", with(small, {"--table"}));
    CHECK(table.out.contains("\nskipped: path 'winograd2' takes floats alone\n"));
    CHECK(table.err.empty());
    std::istringstream lines(table.out);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("A wrong convolution is reported with exit code 1, and not written", "[cli][conv]") {
    const TempFolder folder;
    std::filesystem::copy(sourceFile("shaders"), folder / "shaders",
                          std::filesystem::copy_options::recursive);
    folder.write("shaders/compute/conv_direct.comp", R"(#version 460
#extension GL_GOOGLE_include_directive : require
#include "convolution.h"
#include "compute/grid.glsl"
layout(push_constant, scalar) uniform Push {
    ConvDirectPush push;
};
void main() {
    if (invocationIndex() < 8) push.outputs.at[invocationIndex()] = 0x42280000u;
}
)");
    const std::string json = folder / "report.json", out = folder / "out.npy";
    const RunResult result = runCommand("conv",
                                        {"--path", "direct", "--channels", "2", "--filters", "2", "--height",
                                         "2", "--width", "2", "--check", "--json", json, "-o", out, "-q"},
                                        {.environment = {{"CLIPSCOPE_SHADERS", folder / "shaders"}}});
    checkFails(result, 1,
               "fp32 by path direct: 8 of 8 elements compared are wrong; the worst, of image 0, filter");
    const Json report = Json::parse(folder.read("report.json"));
    CHECK(report["max_error"] > report["error_bound"]);
    CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("Options of a convolution that make no sense are usage errors", "[cli][conv]") {
    const std::vector<std::pair<Arguments, std::string>> cases = {
        {{"--type", "int9"}, "did you mean 'int8'"},
        {{"--type", "int16"}, "is none of"},
        {{"--path", "winograd"}, "did you mean 'winograd2'"},
        {{"--images", "-1"}, "--images: '-1' is no whole number"},
        {{"--channels", "0"}, "--channels"},
        {{"--height", "4294967296"}, "--height"},
        {{"--kernel", "0"}, "--kernel"},
        {{"--kernel", ""}, "--kernel: '' is neither"},
        {{"--kernel", "3x3x3"}, "is neither one number nor two such as 3x5"},
        {{"--stride", "0"}, "--stride"},
        {{"--stride", "1x65536"}, "--stride"},
        {{"--dilation", "2x"}, "'2x' is neither one number nor two"},
        {{"--dilation", "x"}, "--dilation"},
        {{"--dilation", "2x-1"}, "--dilation: '-1' is no whole number"},
        {{"--padding", "1,2,3"}, "is no padding such as"},
        {{"--padding", "-1"}, "'-1' is no padding such as"},
        {{"--padding", "valid"}, "'valid' is no padding such as"},
        {{"--padding", "1x2x3"}, "is neither one number nor two"},
        {{"--padding", "1,1,1,x"}, "--padding"},
        {{"--groups", "3"}, "3 groups do not divide the number of channels, 64"},
        {{"--groups", "0"}, "--groups"},
        {{"--repeat", "0"}, "--repeat"},
        {{"--zero-point", "1"}, "--zero-point is for inputs of integers"},
        {{"--zero-point", "128", "--type", "int8"}, "--zero-point 128 is no level of int8"},
        {{"--zero-point", "-1", "--type", "uint8"}, "--zero-point -1 is no level of uint8"},
        {{"--zero-point", "256"}, "is no level of an 8-bit integer"},
        {{"--height", "2", "--padding", "0"}, "the kernel reaches over 3 rows, the padded input has 2"},
        {{"--height", "60000", "--width", "60000"}, "the input has 2^32 elements or more"},
        {{"--path", "winograd2", "--type", "int8"},
         "floats alone; this convolution of int8 can go by direct, im2col"},
        {{"--path", "winograd4", "--stride", "2"}, "takes 3 x 3 kernels"},
        {{"--input", "a.npy"}, "--input and --weights belong together"},
        {{"--input", "a.npy", "--weights", "b.npy", "-o", "b.npy"}, "would replace an input"},
        {{"--input", "a.npy", "--weights", "b.npy", "--json", "a.npy"}, "would replace an input"},
        {{"-o", "same", "--json", "same"}, "name the same file"},
        {{"-o", "-"}, "the name of a file"},
        {{"--table", "--type", "fp32"}, "cannot be combined"},
        {{"--table", "--path", "direct"}, "cannot be combined"},
        {{"--checked"}, "did you mean '--check'"},
        {{"image.npy"}, "unexpected argument"},
    };
    for (const auto& [arguments, hint] : cases) {
        CAPTURE(arguments);
        const RunResult result = runCommand("conv", arguments, withoutVulkan);
        checkFails(result, 2, hint);
        CHECK(result.err.contains("--help`"));
    }
}

TEST_CASE("A convolution without a device is exit code 4, and one without room 1", "[cli][conv]") {
    checkFails(runCommand("conv", {}, withoutVulkan), 4);
    checkFails(runCommand("conv", {"--images", "1000", "--channels", "60", "--filters", "64", "--height",
                                   "250", "--width", "250"}),
               1, "of memory");
}

TEST_CASE("Files that are no operands of a convolution are refused with what is wrong", "[cli][conv]") {
    const TempFolder folder;
    const Tensor image = randomTensor({1, 4, 6, 5}, 1, -4);
    const std::string input = writeTensor(folder, "input.npy", DType::F32, image);
    const auto weightsOf = [&](const std::string& name, DType dtype, std::vector<uint64_t> shape) {
        return writeTensor(folder, name, dtype, randomTensor(std::move(shape), 2, -4));
    };
    const std::string weights = weightsOf("weights.npy", DType::F32, {3, 4, 3, 3});
    const std::string few = weightsOf("few.npy", DType::F32, {3, 2, 3, 3});
    const std::string half = weightsOf("half.npy", DType::F16, {3, 4, 3, 3});
    const std::string tall = weightsOf("tall.npy", DType::F32, {3, 4, 7, 1});
    const std::string none = weightsOf("none.npy", DType::F32, {0, 4, 3, 3});
    const std::string flat = writeNpy(folder, "flat.npy", DType::F32, {2, 3}, std::string(24, '\0'));
    const std::string text = folder.write("text.npy", "no array at all");
    const std::string missing = folder / "missing.npy";
    const auto fails = [](const std::string& first, const std::string& second, int code,
                          const std::string& hint, Arguments more = {}) {
        more.insert(more.end(), {"--input", first, "--weights", second});
        CAPTURE(more);
        checkFails(runCommand("conv", more, withoutVulkan), code, hint);
    };
    fails(input, missing, 3, missing);
    fails(text, weights, 3, text + ": ");
    fails(input, half, 3, half + ": holds elements of F16, but F32 for fp32 is needed");
    fails(input, weights, 3, input + ": holds elements of F32, but I8 for int8 is needed",
          {"--type", "int4"});
    fails(input, flat, 3, flat + ": is no tensor of four dimensions: its shape is 2x3");
    fails(input, few, 3, few + " of 3x2x3x3: takes 2 channels, but " + input + " of 1x4x6x5 has 4");
    fails(input, weights, 3, weights + " of 3x4x3x3: takes 8 channels in 2 groups, but", {"--groups", "2"});
    fails(input, few, 2, "--groups 2 does not divide the 3 filters of " + few, {"--groups", "2"});
    fails(input, tall, 3, "the kernel reaches over 7 rows, the padded input has 6", {"--padding", "0"});
    fails(input, none, 3, "the number of filters is 0");
    fails(input, weights, 2, "--images 2 contradicts " + input + " of 1x4x6x5", {"--images", "2"});
    fails(input, weights, 2, "--channels 3 contradicts " + input, {"--channels", "3"});
    fails(input, weights, 2, "--height 5 contradicts " + input, {"--height", "5"});
    fails(input, weights, 2, "--width 6 contradicts " + input, {"--width", "6"});
    fails(input, weights, 2, "--filters 4 contradicts " + weights, {"--filters", "4"});
    fails(input, weights, 2, "--kernel 3x1 contradicts " + weights, {"--kernel", "3x1"});
}

TEST_CASE("Weights of few bits that their type does not hold are refused", "[cli][conv]") {
    const TempFolder folder;
    const std::string input = writeNpy(folder, "input.npy", DType::I8, {1, 1, 2, 2}, "abcd");
    for (const auto& [type, odd] : {std::pair{"int4", 8}, {"ternary", -2}, {"binary", 0}}) {
        const std::string weights =
            writeTensor(folder, "weights.npy", DType::I8, {{1, 1, 1, 3}, {1, -1, odd}});
        CAPTURE(type, odd);
        checkFails(runCommand("conv", {"--type", type, "--input", input, "--weights", weights}), 3,
                   "weights.npy: element 2 is " + std::to_string(odd) + ", which " + type + " has not");
    }
}

TEST_CASE("An output of a convolution that cannot be written is exit code 5 and leaves nothing",
          "[cli][conv]") {
    const TempFolder folder;
    const auto run = [&](const std::string& target, const RunOptions& options = {}) {
        return runCommand("conv", with(small, {"-o", target}), options);
    };
    checkFails(run(folder / "missing/out.npy", withoutVulkan), 5, "missing/out.npy");
    checkFails(run(folder.path(), withoutVulkan), 5);
    checkFails(run("/dev/full"), 5, "/dev/full: ");
    CHECK(folder.entries() == 0);
}
