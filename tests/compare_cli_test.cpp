// `clipscope compare` as scripts see it.
#include "quant/safetensors_writer.h"
#include "tests/cli_checks.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

using namespace app::tests;

namespace {

RunResult compare(Arguments arguments, const RunOptions& options = {}) {
    return runCommand("compare", std::move(arguments), options);
}

Json reported(Arguments arguments) {
    return reportOf("compare", std::move(arguments));
}

std::string table(Arguments arguments, const char* columns = "") {
    const RunResult result = compare(std::move(arguments), {.environment = {{"COLUMNS", columns}}});
    CAPTURE(result.err);
    REQUIRE(result.exitCode == 0);
    return result.out;
}

std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> wordsOf(const std::string& line) {
    std::istringstream stream(line);
    return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

TEST_CASE("The JSON report of a comparison has every field, in its order", "[cli][compare]") {
    const Json report = reported({sample, "--bits", "4,8", "--method", "octav,max"});
    CHECK(keysOf(report) ==
          Arguments{"tool", "device", "source", "options", "tensors", "skipped", "seconds"});
    CHECK(keysOf(report["options"]) == Arguments{"methods", "granularities", "sign", "measured", "bits"});
    CHECK(
        keysOf(reported({sample, "--format", "int4", "--method", "max", "--filter", "*.0.weight"})["options"])
            .back() == "formats");
    CHECK(report["tensors"].size() == 29);
    for (const Json& tensor : report["tensors"]) {
        CHECK(keysOf(tensor) == Arguments{"name", "dtype", "shape", "elements", "energy", "results"});
        REQUIRE(tensor["results"].size() == 4);
        for (const Json& result : tensor["results"])
            CHECK(keysOf(result) == Arguments{"method", "bits", "signed", "granularity", "format",
                                              "squared_error", "sqnr_db", "measured", "best"});
    }
}

TEST_CASE("With --measure the figures are those of analyze, to the last digit", "[cli][compare]") {
    const Arguments asked = {"--bits", "4,8", "--method", "octav,percentile:99.9,entropy,mse"};
    Arguments analyze = {"analyze", sample, "--json", "-"}, own = {sample, "--measure"};
    analyze.insert(analyze.end(), asked.begin(), asked.end());
    own.insert(own.end(), asked.begin(), asked.end());
    const Json expected = Json::parse(runClipscope(analyze).out), report = reported(own);
    REQUIRE(report["tensors"].size() == expected["tensors"].size());
    for (size_t t = 0; t < report["tensors"].size(); ++t) {
        const Json &found = report["tensors"][t], &same = expected["tensors"][t];
        CHECK(found["name"] == same["name"]);
        REQUIRE(found["results"].size() == same["results"].size());
        for (size_t i = 0; i < found["results"].size(); ++i) {
            const Json &cell = found["results"][i], &result = same["results"][i];
            INFO(found["name"] << " " << cell.dump());
            CHECK(cell["method"] == result["method"]);
            CHECK(cell["format"] == result["format"]);
            CHECK(cell["sqnr_db"] == result["sqnr_db"]);
            CHECK(cell["squared_error"] ==
                  result["mse"].get<double>() * static_cast<double>(same["elements"].get<uint64_t>()));
            CHECK(cell["measured"] == true);
        }
    }
}

TEST_CASE("One cell of each bit width or format is the best, the one of least error", "[cli][compare]") {
    for (const Arguments& asked : {Arguments{"--bits", "3,8"}, {"--format", "int4,mxfp4,int8-affine"}}) {
        Arguments arguments = {sample, "--granularity", "tensor,channel,group:32"};
        arguments.insert(arguments.end(), asked.begin(), asked.end());
        const bool hasFormats = asked.front() == "--format";
        const Json report = reported(arguments);
        for (const Json& tensor : report["tensors"]) {
            std::map<std::string, const Json*> best;
            for (const Json& cell : tensor["results"]) {
                const std::string one = hasFormats ? cell["format"].get<std::string>() : cell["bits"].dump();
                if (cell["best"] == true) {
                    CHECK_FALSE(best.contains(one));
                    best[one] = &cell;
                }
            }
            CHECK(best.size() == (hasFormats ? 3 : 2));
            for (const Json& cell : tensor["results"]) {
                const std::string one = hasFormats ? cell["format"].get<std::string>() : cell["bits"].dump();
                CHECK((*best.at(one))["squared_error"] <= cell["squared_error"]);
            }
        }
    }
}

TEST_CASE("Tensors that lack an axis of any granularity are skipped for all of them", "[cli][compare]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, {{"matrix", {8, 16}, tests::gaussians(128, 1)},
                                                {"vector", {8}, tests::gaussians(8, 2)},
                                                {"cube", {2, 4, 8}, tests::gaussians(64, 3)}});
    for (const char* granularities : {"tensor,channel:1,group:4", "channel:1,tensor,group:4"}) {
        const Json report = reported({file, "--granularity", granularities, "--method", "octav,max"});
        REQUIRE(report["tensors"].size() == 2);
        for (const Json& tensor : report["tensors"]) CHECK(tensor["results"].size() == 3 * 2 * 2);
        REQUIRE(report["skipped"].size() == 1);
        CHECK(report["skipped"][0]["name"] == "vector");
        CHECK(report["skipped"][0]["reason"].get<std::string>().contains("axis"));
        CHECK(table({file, "--granularity", granularities}).contains("skipped vector: "));
    }
}

TEST_CASE("The CSV report has a line per cell, of as many fields as its header", "[cli][compare]") {
    const RunResult result =
        compare({sample, "--bits", "2-4", "--method", "octav,percentile:99.9", "--granularity",
                 "tensor,channel", "--filter", "*.weight", "--csv", "-"});
    const auto lines = linesOf(result.out);
    CHECK(lines.front() ==
          "file,tensor,dtype,shape,elements,format,bits,method,granularity,squared_error,sqnr_db,measured,"
          "best");
    CHECK(lines.size() == 1 + 12 * 2 * 2 * 3);
    for (const auto& line : lines)
        CHECK(std::ranges::count(line, ',') == std::ranges::count(lines.front(), ','));
    CHECK(std::ranges::count_if(lines, [](const auto& line) { return line.ends_with(",true"); }) == 12 * 3);
}

TEST_CASE("The table sets what competes side by side, under a line each for format, method and granularity",
          "[cli][compare]") {
    const auto lines = linesOf(table({sample, "--method", "octav,percentile:99.9", "--granularity",
                                      "tensor,group:32", "--filter", "features.*.weight"}));
    CHECK(wordsOf(lines[0]) == Arguments{"bits", "4", "4", "4", "4", "8", "8", "8", "8"});
    CHECK(wordsOf(lines[1]) ==
          Arguments{"method", "octav", "p99.9", "octav", "p99.9", "octav", "p99.9", "octav", "p99.9"});
    CHECK(wordsOf(lines[2]) == Arguments{"granularity", "tensor", "tensor", "group:32", "group:32", "tensor",
                                         "tensor", "group:32", "group:32"});
    CHECK(lines[3].starts_with("features.0.weight "));
    CHECK(std::ranges::count(lines[3], '*') == 2);
    const auto plain = linesOf(table({sample, "--method", "octav", "--filter", "*.0.weight"}));
    CHECK(wordsOf(plain[0]) == Arguments{"bits", "4", "8"});
    CHECK(wordsOf(plain[1]) == Arguments{"method", "octav", "octav"});
    CHECK(plain[2].starts_with("features.0.weight"));
}

TEST_CASE("Lines of the table stay within the terminal and tell tensors apart", "[cli][compare]") {
    const TempFolder folder;
    std::vector<FileTensor> tensors;
    for (int layer = 8; layer < 12; ++layer)
        tensors.push_back(
            {"model.language_model.layers." + std::to_string(layer) + ".self_attn.q_proj.weight",
             {8, 8},
             tests::gaussians(64, static_cast<uint64_t>(layer))});
    const std::string file = writeFile(folder, tensors);
    for (const char* columns : {"80", "100", "160"}) {
        const auto lines = linesOf(table({file, "--granularity", "tensor,channel,group:4"}, columns));
        std::map<std::string, int> names;
        for (const auto& line : lines) {
            if (line.starts_with("SQNR in dB")) break;
            // An ellipsis is three bytes and one column.
            CHECK(line.size() - (line.contains("…") ? 2 : 0) <= std::stoul(columns));
            if (line.contains("q_proj")) ++names[wordsOf(line).front()];
        }
        CHECK(names.size() == 4);
    }
}

TEST_CASE("The row of all tensors together adds errors and energies", "[cli][compare]") {
    const TempFolder folder;
    const std::string file =
        writeFile(folder, {{"a", {64}, tests::gaussians(64, 4)}, {"b", {80}, tests::gaussians(80, 5, 9)}});
    const Arguments arguments = {file, "--bits", "4", "--method", "octav", "--measure"};
    double energy = 0, squared = 0;
    const Json report = reported(arguments);
    for (const Json& tensor : report["tensors"]) {
        energy += tensor["energy"].get<double>();
        squared += tensor["results"][0]["squared_error"].get<double>();
    }
    const std::string text = table(arguments);
    const size_t start = text.find("all together");
    REQUIRE(start != std::string::npos);
    CHECK(std::abs(std::stod(text.substr(start + 12)) - 10 * std::log10(energy / squared)) < 0.0051);
    CHECK_FALSE(table({file, "--filter", "a"}).contains("all together"));
}

TEST_CASE("Without --method a block-scaled format is compared by the methods that it takes",
          "[cli][compare]") {
    const Json report = reported({sample, "--format", "int4,mxfp4", "--filter", "classifier.1.weight"});
    CHECK(report["options"]["methods"] == Json({"octav", "max", "mse"}));
    CHECK(report["tensors"][0]["results"].size() == 6);
    CHECK(reported({sample, "--filter", "*.0.weight"})["options"]["methods"].size() == 5);
    checkFails(compare({sample, "--format", "mxfp4", "--method", "entropy"}, withoutVulkan), 2);
}

TEST_CASE("Zeros, NaN and tensors without elements have a row each", "[cli][compare]") {
    const TempFolder folder;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::string file = writeFile(
        folder,
        {{"zeros", {4}, {0, 0, 0, 0}}, {"nan", {2}, {nan, nan}}, {"none", {0}, {}}, {"x", {2}, {1, -3}}});
    const auto lines = linesOf(table({file, "--bits", "4", "--method", "octav,max"}));
    CHECK(wordsOf(lines[2]) == Arguments{"zeros", "exact*", "exact"});
    CHECK(wordsOf(lines[3]) == Arguments{"nan", "-", "-"});
    CHECK(wordsOf(lines[4]) == Arguments{"none", "-", "-"});
    CHECK(lines[6].starts_with("all together"));
    const Json report = reported({file});
    for (const Json& tensor : report["tensors"]) {
        for (const Json& cell : tensor["results"]) CHECK(cell["squared_error"].is_number());
    }
}

TEST_CASE("NaN and infinities are warned of, as analyze does", "[cli][compare]") {
    const TempFolder folder;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::string file =
        writeFile(folder, {{"x", {5}, {1, nan, -3, HUGE_VALF, nan}}, {"y", {2}, {1, 2}}});
    const RunResult result = compare({file});
    CHECK(result.exitCode == 0);
    CHECK(result.err == "clipscope: warning: " + file + ": tensor 'x': 2 NaN and 1 infinite left out\n");
    CHECK(compare({file, "--quiet"}).err.empty());
}

TEST_CASE("A constant's SQNR is that of analyze, none where the error is", "[cli][compare]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, {{"half", {64}, std::vector<float>(64, 0.5f)},
                                                {"other", {64}, std::vector<float>(64, 0.7f)}});
    const Json found = reported({file, "--bits", "4,8", "--method", "octav,max"});
    const Json expected = Json::parse(
        runClipscope({"analyze", file, "--bits", "4,8", "--method", "octav,max", "--json", "-"}).out);
    for (size_t t = 0; t < 2; ++t) {
        for (size_t i = 0; i < 4; ++i)
            CHECK(found["tensors"][t]["results"][i]["sqnr_db"] ==
                  expected["tensors"][t]["results"][i]["sqnr_db"]);
    }
}

TEST_CASE("A file without float tensors gives a report of what was skipped", "[cli][compare]") {
    const TempFolder folder;
    quant::SafetensorsWriter writer(folder / "i.safetensors",
                                    {quant::makeTensorInfo("i", quant::DType::I32, {2}).value()});
    const std::vector<int32_t> values = {1, 2};
    writer.write(std::as_bytes(std::span(values)));
    writer.commit();
    const Json report = reported({folder / "i.safetensors"});
    CHECK(report["tensors"].empty());
    CHECK(report["skipped"].size() == 1);
    CHECK(table({folder / "i.safetensors"}).starts_with("skipped i: "));
}
