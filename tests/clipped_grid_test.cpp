#include "quant/clipped_grid.h"

#include "tests/number_format_cases.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>

namespace tests {

using namespace quant;

namespace {

// The range of which a scale and a zero point are those of the case.
ClippedGrid gridOf(const AffineCases& cases) {
    const double scale = cases.scale;
    return {cases.format, static_cast<float>(scale * (cases.format.largest() - cases.zeroPoint)),
            static_cast<float>(scale * (cases.format.smallest() - cases.zeroPoint))};
}

}  // namespace

TEST_CASE("Affine grids quantize as ONNX's QuantizeLinear", "[clipped_grid]") {
    for (const AffineCases& cases : affineCases()) {
        const ClippedGrid grid = gridOf(cases);
        INFO(cases.format.name() << ", scale " << cases.scale << ", zero point " << cases.zeroPoint);
        CHECK(grid.zeroPoint() == cases.zeroPoint);
        CHECK(std::abs(grid.step() - cases.scale) <= cases.scale * 0x1p-22f);
        if (grid.step() != cases.scale) continue;  // the ends are rounded to float
        for (const auto& [input, code] : cases.cases) {
            if (!std::isfinite(input)) continue;
            const double element = cases.format.decode(code) - cases.zeroPoint;
            CHECK(grid.quantize(input) == element * double{cases.scale});
        }
    }
}

TEST_CASE("Zero is exact on every affine grid", "[clipped_grid]") {
    Random random(1);
    for (const NumberFormat& format : everyFormat()) {
        if (!format.isAffine) continue;
        INFO(format.name());
        for (int i = 0; i < 100; ++i) {
            const ClippedGrid grid{format, std::abs(random.gaussian()), -std::abs(random.gaussian())};
            CHECK(grid.quantize(0) == 0);
            CHECK(grid.zeroPoint() >= format.smallest());
            CHECK(grid.zeroPoint() <= format.largest());
            // The zero point is rounded: up to half a step at an end, and the step to float.
            CHECK(std::abs(grid.quantize(grid.clip) - grid.clip) <= 0.51 * grid.step());
            CHECK(std::abs(grid.quantize(grid.low) - grid.low) <= 0.51 * grid.step());
        }
    }
}

TEST_CASE("A one-sided range has its zero point at an end", "[clipped_grid]") {
    const NumberFormat format = numberFormatFrom("uint8-affine"), other = numberFormatFrom("int8-affine");
    CHECK(ClippedGrid{format, 2.55f, 0}.zeroPoint() == 0);
    CHECK(ClippedGrid{format, 0, -2.55f}.zeroPoint() == 255);
    CHECK(ClippedGrid{other, 2.55f, 0}.zeroPoint() == -128);
    CHECK(ClippedGrid{other, 0, -2.55f}.zeroPoint() == 127);
}

TEST_CASE("A range beyond the largest float has a finite step", "[clipped_grid]") {
    const ClippedGrid grid{numberFormatFrom("uint8-affine"), 3.4e38f, -3.4e38f};
    CHECK(std::abs(grid.step() / (6.8e38 / 255) - 1) < 1e-6);
    CHECK(std::abs(grid.zeroPoint() - 127.5) <= 0.5);
    for (const char* name : {"uint1-affine", "int1-affine"}) {
        const ClippedGrid narrow{numberFormatFrom(name), 3e38f, -3e38f};
        CHECK(narrow.step() == std::numeric_limits<float>::max());
        CHECK(narrow.quantize(0) == 0);
        CHECK(std::abs(narrow.quantize(3e38f)) <= narrow.step());
    }
}

TEST_CASE("The clip lies at the clip level of every format, and fixed scales stay", "[clipped_grid]") {
    for (const NumberFormat& format : everyFormat()) {
        INFO(format.name());
        const ClippedGrid grid = ClippedGrid::at(format, 0.75f);
        if (const auto scale = format.fixedScale()) {
            CHECK(grid.step() == static_cast<float>(*scale));
            CHECK(grid.quantize(2 * *scale) ==
                  (format.largest() >= 2 ? 2 * *scale : format.largest() * *scale));
            continue;
        }
        if (format.isAffine) continue;
        CHECK(std::abs(grid.step() * format.clipLevel() - 0.75) <= 0.75 * 0x1p-23);
        CHECK(std::abs(grid.quantize(100) - grid.step() * format.largest()) < 1e-9);
        CHECK(ClippedGrid::at(format, 0).quantize(3) == 0);
    }
}

}  // namespace tests
