#include "tests/cli_checks.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

using namespace app::tests;

namespace {

struct Row {
    double clip, measured, modelled;
    std::vector<std::string> marks;
};

// The rows of the table that `sweep` prints.
std::vector<Row> rowsOf(const std::string& text) {
    std::vector<Row> rows;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::ranges::replace(line, '<', ' ');
        std::istringstream words(line);
        Row row;
        if (!(words >> row.clip >> row.measured >> row.modelled)) continue;
        row.marks.assign(std::istream_iterator<std::string>(words), {});
        rows.push_back(row);
    }
    return rows;
}

bool has(const Row& row, const char* mark) {
    return std::ranges::contains(row.marks, mark);
}

}  // namespace

TEST_CASE("The marks of a sweep's table stand beside the clips that they name", "[cli][sweep]") {
    for (const char* bits : {"2", "4", "8", "16"}) {
        const Arguments asked = {sample, "--tensor", "classifier.1.weight", "--bits", bits};
        const auto rows = rowsOf(runCommand("sweep", asked).out);
        const Json report = reportOf("sweep", asked);
        INFO(bits << " bits");
        CHECK(rows.size() >= 24);
        CHECK(std::ranges::is_sorted(rows, {}, &Row::clip));
        CHECK(std::ranges::count_if(rows, [](const Row& row) { return has(row, "octav"); }) == 1);
        CHECK(std::ranges::count_if(rows, [](const Row& row) { return has(row, "best"); }) == 1);
        CHECK(std::ranges::count_if(rows, [](const Row& row) { return has(row, "minimum"); }) ==
              static_cast<ptrdiff_t>(report["minima"].size()));
        const double least = std::ranges::min(rows, {}, &Row::measured).measured;
        for (const Row& row : rows) {
            if (has(row, "best")) CHECK(row.measured == least);
            if (!has(row, "octav")) continue;
            const double clip = report["octav"]["clip"];
            CHECK(std::abs(row.clip - clip) <= 1e-3 * clip);
        }
    }
}

TEST_CASE("A sweep's table says how many of its points it shows", "[cli][sweep]") {
    const Arguments asked = {sample, "--tensor", "classifier.1.weight", "--points"};
    const auto shown = [&](const char* points) {
        Arguments arguments = asked;
        arguments.emplace_back(points);
        return runCommand("sweep", arguments).out;
    };
    CHECK(shown("256").contains("\n24 of 256 points and what is marked; --csv has all\n"));
    CHECK_FALSE(shown("24").contains("--csv"));
    CHECK(rowsOf(shown("2")).size() >= 2);
}

// At 16 bits nothing is worth clipping: the model at the largest magnitude is the noise of the grid.
TEST_CASE("The modelled error at the largest magnitude is the noise of the grid at any bit width",
          "[cli][sweep]") {
    for (const uint32_t bits : {4u, 8u, 16u}) {
        const Json report = reportOf("sweep", {sample, "--tensor", "features.0.weight", "--bits",
                                               std::to_string(bits), "--points", "16"});
        const double absmax = report["clip"].back(), model = report["mse_model"].back();
        const double levels = (1 << (bits - 1)) - 1;
        CHECK(std::abs(model / (absmax * absmax / (12 * levels * levels)) - 1) < 1e-5);
        const double last = report["octav"]["iterates"].back(), clip = report["octav"]["clip"];
        CHECK(std::abs(last / clip - 1) < 0x1p-22);
    }
}
