// Number formats on the command line.
#include "tests/cli_checks.h"

#include <catch2/catch_test_macros.hpp>

using namespace app::tests;

namespace {

const std::string weights = "features.4.weight";

}  // namespace

TEST_CASE("analyze reports every format asked for, by name and in order", "[cli]") {
    const Arguments formats = {"int4",   "fp8-e4m3", "uint4-affine", "pot4",
                               "binary", "mxfp4",    "nvfp4",        "bf16"};
    std::string joined;
    for (const auto& format : formats) joined += (joined.empty() ? "" : ",") + format;
    const RunResult result =
        runClipscope({"analyze", sample, "--filter", weights, "--format", joined, "--json", "-"});
    CAPTURE(result.err);
    REQUIRE(result.exitCode == 0);
    const Json results = Json::parse(result.out)["tensors"][0]["results"];
    REQUIRE(results.size() == formats.size());
    for (size_t i = 0; i < formats.size(); ++i) {
        CHECK(results[i]["format"] == formats[i]);
        CHECK(results[i]["mse"].get<double>() > 0);
    }
    CHECK(results[5]["granularity"] == "group:32");
    CHECK(results[6]["granularity"] == "group:16");
}

TEST_CASE("sweep takes a format, and refuses those without one clip to sweep", "[cli]") {
    const RunResult result = runClipscope(
        {"sweep", sample, "--tensor", weights, "--format", "fp4-e2m1", "--points", "8", "--json", "-"});
    REQUIRE(result.exitCode == 0);
    CHECK(Json::parse(result.out)["format"] == "fp4-e2m1");
    for (const char* format : {"mxfp4", "int8-affine", "bf16", "q3.4"}) {
        const RunResult refused = runClipscope({"sweep", sample, "--tensor", weights, "--format", format});
        CAPTURE(format, refused.err);
        CHECK(refused.exitCode == 2);
        CHECK(refused.err.contains(format));
        CHECK(refused.out.empty());
    }
}

TEST_CASE("Formats and methods that do not go together are usage errors", "[cli]") {
    const std::vector<std::pair<Arguments, std::string>> cases = {
        {{"analyze", sample, "--format", "fp8-e4m3", "--method", "octav-paper"}, "octav-paper"},
        {{"analyze", sample, "--format", "mxfp4", "--method", "percentile:99"}, "mxfp4"},
        {{"quantize", sample, "-o", "x", "--format", "fp8-e4m3", "--method", "octav-paper"}, "octav-paper"},
        {{"quantize", sample, "-o", "x", "--format", "nvfp4", "--method", "percentile:99"}, "nvfp4"},
        {{"quantize", sample, "-o", "x", "--bits", "1", "--method", "octav-paper"}, "octav-paper"},
        {{"analyze", sample, "--format", "int17"}, "int17"},
        {{"analyze", sample, "--format", "fp8-e4m4"}, "did you mean 'fp8-e4m3'"},
        {{"quantize", sample, "-o", "x", "--format", "int4,int8"}, "int4,int8"},
        {{"quantize", sample, "-o", "x", "--rounding", "stochastic:"}, "stochastic:SEED"},
        {{"quantize", sample, "-o", "x", "--rounding", "stochastic:-1"}, "stochastic:SEED"},
        {{"quantize", sample, "-o", "x", "--rounding", "stochastic:1x"}, "stochastic:SEED"},
        {{"quantize", sample, "-o", "x", "--rounding", "nearst"}, "did you mean 'nearest'"},
    };
    for (const auto& [arguments, hint] : cases) {
        const RunResult result = runClipscope(arguments, withoutVulkan);
        CAPTURE(arguments, result.err);
        CHECK(result.exitCode == 2);
        CHECK(result.err.contains(hint));
        CHECK(result.out.empty());
    }
}

TEST_CASE("One seed of stochastic rounding gives one file, byte for byte", "[cli]") {
    const TempFolder folder;
    const auto written = [&](const char* name, const std::string& rounding, const Arguments& more = {}) {
        Arguments arguments = {"quantize", sample,     "-o",       folder / name, "--format",
                               "fp4-e2m1", "--filter", "*.weight", "--rounding",  rounding};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const RunResult result = runClipscope(arguments);
        CAPTURE(result.err);
        CHECK(result.exitCode == 0);
        return folder.read(name);
    };
    const std::string first = written("a", "stochastic:7");
    CHECK(written("b", "stochastic:7") == first);
    CHECK(written("c", "stochastic:7", {"--memory", "16M"}) == first);
    CHECK(written("d", "stochastic:8") != first);
    CHECK(written("e", "stochastic") == written("f", "stochastic:0"));
    CHECK(written("g", "nearest") != first);
    CHECK(written("h", "nearest", {"--unpacked"}).size() > first.size());
}
