// `clipscope recommend` as scripts see it.
#include "quant/safetensors_writer.h"
#include "tests/cli_checks.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace app::tests;

namespace {

RunResult recommend(Arguments arguments, const RunOptions& options = {}) {
    return runCommand("recommend", std::move(arguments), options);
}

Json reported(Arguments arguments) {
    return reportOf("recommend", std::move(arguments));
}

}  // namespace

TEST_CASE("The JSON report of a recommendation has every field, in its order", "[cli][recommend]") {
    const Json report = reported({sample, "--target-bits", "4.5"});
    CHECK(keysOf(report) == Arguments{"tool", "device", "source", "options", "tensors", "skipped", "elements",
                                      "bits_per_element", "bytes", "squared_error", "sqnr_db", "optimal",
                                      "bound", "seconds"});
    CHECK(keysOf(report["options"]) == Arguments{"method", "granularity", "target_bits", "target_sqnr_db"});
    for (const Json& tensor : report["tensors"]) {
        CHECK(keysOf(tensor) == Arguments{"name", "dtype", "shape", "elements", "format", "bits",
                                          "granularity", "bits_per_element", "squared_error", "sqnr_db",
                                          "choices"});
        REQUIRE(tensor["choices"].size() == 7);
        CHECK(std::ranges::count_if(tensor["choices"], [&](const Json& choice) {
                  return choice["format"] == tensor["format"] &&
                         choice["squared_error"] == tensor["squared_error"];
              }) == 1);
    }
    CHECK(report["optimal"] == true);
    CHECK(report["tensors"].size() == 7);
}

TEST_CASE("The budget holds with the scales, and the SQNR is reached", "[cli][recommend]") {
    for (const auto& [granularity, budget] :
         {std::pair("tensor", 5.5), std::pair("channel", 4.3), std::pair("group:16", 9.9)}) {
        const Json within =
            reported({sample, "--target-bits", std::to_string(budget), "--granularity", granularity});
        double bits = 0;
        for (const Json& tensor : within["tensors"])
            bits += tensor["bits_per_element"].get<double>() * tensor["elements"].get<double>();
        CHECK(bits <= budget * within["elements"].get<double>() + 1e-6);
        CHECK(std::abs(within["bits_per_element"].get<double>() * within["elements"].get<double>() - bits) <
              1e-6);
        const Json reaching = reported({sample, "--target-sqnr", "25", "--granularity", granularity});
        CHECK(reaching["sqnr_db"] >= 25);
    }
}

TEST_CASE("Weights are chosen for, all tensors where --filter says so", "[cli][recommend]") {
    const Json weights = reported({sample, "--target-bits", "6"});
    for (const Json& tensor : weights["tensors"]) CHECK(tensor["shape"].size() >= 2);
    CHECK(weights["tensors"].size() == 7);
    CHECK(reported({sample, "--target-bits", "12", "--filter", "*"})["tensors"].size() == 29);
    CHECK(namesOf(reported({sample, "--target-bits", "10", "--filter", "features.1.*"})["tensors"]).size() ==
          4);
    const std::string table = recommend({sample, "--target-bits", "6"}).out;
    CHECK(table.contains("22 tensors left out"));
    CHECK_FALSE(recommend({sample, "--target-bits", "12", "--filter", "*"}).out.contains("left out"));
}

TEST_CASE("One target is needed, one that can be reached", "[cli][recommend]") {
    checkFails(recommend({sample}, withoutVulkan), 2, "--target-bits");
    checkFails(recommend({sample, "--target-bits", "4", "--target-sqnr", "20"}, withoutVulkan), 2,
               "--target-sqnr");
    checkFails(recommend({sample, "--target-bits", "0"}, withoutVulkan), 2, "--target-bits");
    checkFails(recommend({sample, "--target-bits", "nan"}, withoutVulkan), 2, "--target-bits");
    checkFails(recommend({sample, "--target-bits", "4", "--method", "octav,max"}, withoutVulkan), 2,
               "one method");
    checkFails(
        recommend({sample, "--target-bits", "4", "--format", "mxfp4", "--method", "entropy"}, withoutVulkan),
        2, "mxfp4");
    checkFails(recommend({sample, "--target-bits", "1.5"}), 2, "--target-bits 1.5 is out of reach");
    checkFails(recommend({sample, "--target-sqnr", "99"}), 2, "dB at most");
}

TEST_CASE("What an infeasible target is told is possible can be asked for", "[cli][recommend]") {
    const std::string bits = recommend({sample, "--target-bits", "1"}).err,
                      sqnr = recommend({sample, "--target-sqnr", "99"}).err;
    const auto numberAfter = [](const std::string& text, const std::string& word) {
        const size_t start = text.find(word) + word.size();
        return text.substr(start, text.find(' ', start) - start);
    };
    CHECK(reported({sample, "--target-bits", numberAfter(bits, "choices take ")})["optimal"] == true);
    CHECK(reported({sample, "--target-sqnr", numberAfter(sqnr, "choices give ")})["optimal"] == true);
}

TEST_CASE("Block-scaled formats are choices like any other", "[cli][recommend]") {
    const Json report = reported({sample, "--target-bits", "5", "--format", "int4,nvfp4,mxfp6-e2m3,fp8-e4m3",
                                  "--granularity", "channel"});
    CHECK(report["bits_per_element"] <= 5);
    for (const Json& tensor : report["tensors"]) {
        Arguments formats, granularities;
        for (const Json& choice : tensor["choices"]) {
            formats.push_back(choice["format"]);
            granularities.push_back(choice["granularity"]);
        }
        CHECK(formats == Arguments{"int4", "nvfp4", "mxfp6-e2m3", "fp8-e4m3"});
        CHECK(granularities == Arguments{"channel", "group:16", "group:32", "channel"});
    }
}

TEST_CASE("A file without anything to choose for is unusable input", "[cli][recommend]") {
    const TempFolder folder;
    quant::SafetensorsWriter writer(folder / "i.safetensors",
                                    {quant::makeTensorInfo("i", quant::DType::I32, {2}).value()});
    const std::vector<int32_t> values = {1, 2};
    writer.write(std::as_bytes(std::span(values)));
    writer.commit();
    checkFails(recommend({folder / "i.safetensors", "--target-bits", "4"}, withoutVulkan), 3,
               folder / "i.safetensors");
    const std::string none = writeFile(folder, {{"none", {0, 4}, {}}});
    checkFails(recommend({none, "--target-bits", "4"}, withoutVulkan), 3, none);
}

TEST_CASE("Tensors that lack the axis or have no elements are said to be left alone", "[cli][recommend]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, {{"matrix", {8, 16}, tests::gaussians(128, 1)},
                                                {"cube", {2, 4, 8}, tests::gaussians(64, 2)},
                                                {"none", {0, 4, 4}, {}}});
    const Json report = reported({file, "--target-bits", "12", "--granularity", "channel:2"});
    CHECK(namesOf(report["tensors"]) == Arguments{"cube"});
    REQUIRE(report["skipped"].size() == 1);
    CHECK(report["skipped"][0]["name"] == "matrix");
    CHECK(recommend({file, "--target-bits", "12", "--granularity", "channel:2"})
              .out.contains("skipped matrix: "));
}

TEST_CASE("Zeros and NaN are stored as cheaply as can be, and said not to err", "[cli][recommend]") {
    const TempFolder folder;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::string file = writeFile(folder, {{"zeros", {4, 4}, std::vector<float>(16, 0.0f)},
                                                {"nan", {4, 4}, std::vector<float>(16, nan)},
                                                {"x", {4, 64}, tests::gaussians(256, 3)}});
    const Json report = reported({file, "--target-sqnr", "20"});
    CHECK(report["tensors"][0]["bits"] == 2);
    CHECK(report["tensors"][1]["bits"] == 2);
    CHECK(report["tensors"][0]["sqnr_db"].is_null());
    CHECK(report["sqnr_db"] >= 20);
    const std::string table = recommend({file, "--target-sqnr", "20"}).out;
    CHECK(table.contains("exact"));
    const Json zeros = reported({file, "--target-sqnr", "20", "--filter", "zeros"});
    CHECK(zeros["sqnr_db"].is_null());
    CHECK(recommend({file, "--target-bits", "5", "--filter", "nan"}).out.contains("SQNR -\n"));
}

TEST_CASE("For one tensor the largest bit width within the budget is chosen", "[cli][recommend]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, {{"x", {10, 100}, tests::gaussians(1000, 4)}});
    CHECK(reported({file, "--target-bits", "5.032"})["tensors"][0]["format"] == "int5");
    CHECK(reported({file, "--target-bits", "5.031"})["tensors"][0]["format"] == "int4");
    CHECK(reported({file, "--target-bits", "16", "--sign", "unsigned"})["tensors"][0]["format"] == "uint8");
}

TEST_CASE("The CSV report has a line per tensor, of as many fields as its header", "[cli][recommend]") {
    const std::string csv = recommend({sample, "--target-bits", "4.5", "--csv", "-"}).out;
    CHECK(csv.starts_with(
        "tensor,dtype,shape,elements,format,bits,granularity,bits_per_element,squared_error,sqnr_db\n"));
    CHECK(std::ranges::count(csv, '\n') == 1 + 7);
    CHECK(std::ranges::count(csv, ',') == 9 * (1 + 7));
}

TEST_CASE("The table of a recommendation stays within the terminal", "[cli][recommend]") {
    for (const char* columns : {"80", "100", "160"}) {
        const RunResult result =
            recommend({sample, "--target-bits", "4.5"}, {.environment = {{"COLUMNS", columns}}});
        CHECK(result.exitCode == 0);
        for (size_t start = 0; start < result.out.size();) {
            const size_t end = result.out.find('\n', start);
            CHECK(end - start <= std::stoul(columns));
            start = end + 1;
        }
    }
}
