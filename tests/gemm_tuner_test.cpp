#include "quant/gemm_tuner.h"

#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <stdexcept>

namespace tests {

using namespace quant;
using quant::tests::TempFolder;

namespace {

GemmProblem problemOf(GemmType type, uint32_t m, uint32_t n, uint32_t k) {
    GemmProblem problem{.types = type, .m = m, .n = n, .k = k, .a = {}, .b = {}, .c = {}, .bias = {}};
    problem.a.rowStride = k;
    problem.b.rowStride = problem.c.rowStride = n;
    return problem;
}

const GemmProblem small = problemOf(GemmType::Fp32, 100, 120, 90);

}  // namespace

TEST_CASE("What was measured once is known, also from the file", "[device][gemm_tuner]") {
    const TempFolder folder;
    const auto file = folder / "deeper/gemm.json";
    GemmTuner tuner(device(), file);
    CHECK(!tuner.knows(small));
    const GemmPlan plan = tuner.planFor(small);
    CHECK(plan.path != GemmPath::Reference);
    CHECK(tuner.knows(small));
    CHECK(tuner.planFor(small) == plan);
    GemmTuner another(device(), file);
    CHECK(another.knows(small));
    CHECK(another.planFor(small) == plan);
    CHECK(!another.knows(problemOf(GemmType::Fp32, 100, 120, 900)));
    CHECK(!another.knows(problemOf(GemmType::Fp32, 2, 120, 900)));
    CHECK(!another.knows(problemOf(GemmType::Bf16, 100, 120, 90)));
}

TEST_CASE("The fastest in the file is taken, or the fastest of a path", "[device][gemm_tuner]") {
    const TempFolder folder;
    const auto tiles = gemmTiles(device().info(), GemmPath::Tiled);
    const auto file =
        folder.write("gemm.json", R"({"fp32/small": [{"path": "tiled", "tile": ")" + text(tiles[1]) +
                                      R"(", "gflops": 9}, {"path": "tiled", "tile": ")" + text(tiles[0]) +
                                      R"(", "gflops": 8}]})");
    GemmTuner tuner(device(), file);
    REQUIRE(tuner.knows(small));
    CHECK(tuner.planFor(small) == GemmPlan{GemmPath::Tiled, tiles[1]});
    CHECK(tuner.planFor(small, GemmPath::Tiled) == GemmPlan{GemmPath::Tiled, tiles[1]});
}

TEST_CASE("A file that makes no sense is as good as none", "[device][gemm_tuner]") {
    const TempFolder folder;
    for (const char* text : {"", "nonsense", "[]", R"({"fp32/small": 7})", R"({"fp32/small": []})",
                             R"({"fp32/small": [{"path": "coopmat", "tile": "1x1x1", "gflops": 1}]})",
                             R"({"fp32/small": [{"path": "tiled", "tile": "0x1x1", "gflops": 1}]})",
                             R"({"fp32/small": [{"path": "tiled", "tile": "1x1x1"}]})",
                             R"({"fp32/small": [{"path": "tiled", "tile": "1x1x1", "gflops": 1}]})",
                             R"({"int9/small": [{"path": "tiled", "tile": "1x1x1", "gflops": 1}]})"}) {
        const GemmTuner tuner(device(), folder.write("gemm.json", text));
        INFO(text);
        CHECK(!tuner.knows(small));
    }
}

TEST_CASE("Paths that are asked for are taken; those that the device lacks are refused",
          "[device][gemm_tuner]") {
    GemmTuner tuner(device(), "");
    CHECK(tuner.knows(small, GemmPath::Reference));
    CHECK(tuner.planFor(small, GemmPath::Reference).path == GemmPath::Reference);
    CHECK_THROWS_AS(tuner.planFor(small, GemmPath::Dot), std::invalid_argument);
    // Nothing is measured for what costs less than measuring.
    const GemmProblem tiny = problemOf(GemmType::Fp32, 8, 8, 8);
    CHECK(tuner.knows(tiny));
    CHECK(tuner.planFor(tiny).path == GemmPath::Reference);
}

TEST_CASE("What must be packed is given a path that packs, whatever is fastest", "[device][gemm_tuner]") {
    const TempFolder folder;
    const auto file = folder / "gemm.json";
    const auto skinny = gemmTiles(device().info(), GemmPath::Skinny).front();
    const auto tiled = gemmTiles(device().info(), GemmPath::Tiled).front();
    std::ofstream(file) << R"({"int8/narrow4n": [{"path": "skinny", "tile": ")" << text(skinny)
                        << R"(", "gflops": 9}, {"path": "tiled", "tile": ")" << text(tiled)
                        << R"(", "gflops": 5}]})";
    GemmTuner tuner(device(), file);
    GemmProblem problem = problemOf(GemmType::Int8, 4, 512, 512);
    CHECK(tuner.planFor(problem).path == GemmPath::Skinny);
    problem.a.quantizer = GemmQuantizer{GemmType::Fp32, 0.5f, 0};
    CHECK(tuner.knows(problem));
    CHECK(tuner.planFor(problem).path == GemmPath::Tiled);
}

}  // namespace tests
