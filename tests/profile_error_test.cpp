#include "quant/profile_error.h"

#include "quant/clip_estimate.h"
#include "tests/float_grid.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

namespace tests {

using namespace quant;

namespace {

double exactError(std::span<const float> values, const ClippedGrid& grid) {
    double sum = 0;
    for (const float x : values) {
        const double error = grid.quantize(x) - double{x};
        sum += error * error;
    }
    return sum;
}

// Formats whose step is not so fine that few elements share a level.
bool isCoarse(const NumberFormat& format) {
    return !format.fixedScale() && !format.isBlockScaled() && format.bits <= 12;
}

ClippedGrid gridOf(const NumberFormat& format, double clip) {
    const auto high = static_cast<float>(clip);
    return {format, high, format.isAffine ? -0.8f * high : 0};
}

}  // namespace

TEST_CASE("The estimated error of every format is within a percent on smooth data", "[profile_error]") {
    for (const bool isLaplace : {false, true}) {
        const auto values = isLaplace ? laplaces(100000, 81) : gaussians(100000, 82);
        const Profile profile = reference::profile(values);
        const ProfileError estimate(profile);
        CHECK(std::abs(estimate.energy() / reference::energy(values) - 1) < 1e-3);
        for (const NumberFormat& format : everyFormat()) {
            if (!isCoarse(format)) continue;
            for (const double clip : {0.9, 3.1}) {
                const ClippedGrid grid = gridOf(format, clip);
                const double expected = exactError(values, grid);
                INFO(format.name() << ", clip " << clip << (isLaplace ? ", Laplace" : ", Gaussian"));
                CHECK(std::abs(estimate.at(grid) / expected - 1) < 0.01);
            }
        }
    }
}

TEST_CASE("The estimated error of casts to floats of many levels is within two percent on smooth data",
          "[profile_error]") {
    for (const char* name : {"tf32", "fp16", "bf16"}) {
        const NumberFormat format = numberFormatFrom(name);
        // The last has half of its elements below the normal floats of fp16, and some above the largest.
        for (const auto& values :
             {gaussians(100000, 88), laplaces(100000, 89), gaussians(100000, 90, 3e-5f)}) {
            const ClippedGrid grid = ClippedGrid::at(format, 0);
            const double expected = exactError(values, grid);
            INFO(name);
            CHECK(std::abs(ProfileError(reference::profile(values)).at(grid) / expected - 1) < 0.02);
        }
    }
    const auto beyond = gaussians(100000, 91, 40000);
    const ClippedGrid half = ClippedGrid::at(numberFormatFrom("fp16"), 0);
    const double expected = exactError(beyond, half);
    CHECK(std::abs(ProfileError(reference::profile(beyond)).at(half) / expected - 1) < 0.02);
}

TEST_CASE("The estimated error of a constant is exact", "[profile_error]") {
    for (const float value : {0.5f, 0.7f, -3.0f}) {
        const std::vector<float> values(100, value);
        const ProfileError estimate(reference::profile(values));
        const NumberFormat format = numberFormatFrom("int4");
        CHECK(estimate.at({format, 1.75f}) ==
              100 * std::pow(ClippedGrid{format, 1.75f}.quantize(value) - value, 2));
        CHECK(estimate.at({format, std::abs(value) * 2}) >= 0);
    }
    // 7 · fl(0.5 / 7) is 0.5 in float, as the kernels multiply.
    CHECK(
        ProfileError(reference::profile(std::vector<float>(9, 0.5f))).at({numberFormatFrom("int4"), 0.5f}) ==
        0);
}

TEST_CASE("Clips of least estimated error are within three percent of the best of a sweep",
          "[profile_error]") {
    const auto values = laplaces(20000, 83);
    const Profile profile = reference::profile(values);
    const ProfileError estimate(profile);
    const float absmax = reference::absmax(values);
    for (const char* name : {"int2", "int4", "uint4", "int8-full", "fp8-e4m3", "fp8-e5m2", "fp6-e2m3",
                             "fp6-e3m2", "fp4-e2m1", "pot3", "pot5", "binary"}) {
        const NumberFormat format = numberFormatFrom(name);
        double least = HUGE_VAL;
        for (int i = 0; i < 120; ++i) {
            const auto clip = static_cast<float>(absmax * std::exp2(1 - i * 0.07));
            least = std::min(least, exactError(values, {format, clip}));
        }
        const Clip found = leastErrorClip(profile, estimate, format);
        INFO(name << ", clip " << found.high << " of " << absmax);
        CHECK(exactError(values, found.on(format)) <= 1.03 * least);
    }
    CHECK(leastErrorClip(Profile(), ProfileError(Profile()), numberFormatFrom("int4")) == Clip());
}

namespace {

// The error that twoSidedOctavClip minimises, straight from its definition.
double modelledError(std::span<const float> values, double high, double low, double levels) {
    double inside = 0, outside = 0;
    for (const float x : values) {
        if (x == 0) continue;
        const double beyond = x > high ? x - high : x < low ? low - x : 0;
        if (beyond > 0)
            outside += beyond * beyond;
        else
            ++inside;
    }
    return (high - low) * (high - low) / (12 * levels * levels) * inside + outside;
}

}  // namespace

TEST_CASE("Two-sided OCTAV is the least modelled error over both ends", "[profile_clip]") {
    auto skewed = laplaces(6000, 84);
    for (float& x : skewed) x = x > 0 ? 3 * x : x;
    auto positive = laplaces(6000, 85);
    for (float& x : positive) x = std::abs(x);
    for (const auto& values : {skewed, positive, gaussians(6000, 86)}) {
        const Profile profile = reference::profile(values);
        for (const char* name : {"uint2-affine", "int3-affine", "uint4-affine", "int8-affine"}) {
            const NumberFormat format = numberFormatFrom(name);
            const double levels = format.largest() - format.smallest();
            const Clip found = twoSidedOctavClip(ProfileError(profile), format);
            const double error = modelledError(values, found.high, found.low, levels);
            double least = HUGE_VAL;
            const double top = std::max(profile.max(), 0.0f), bottom = std::min(profile.min(), 0.0f);
            for (int i = 0; i <= 50; ++i) {
                for (int j = 0; j <= 50; ++j)
                    least = std::min(least, modelledError(values, top * i / 50, bottom * j / 50, levels));
            }
            INFO(name << ": " << found.low << " to " << found.high);
            CHECK(found.low <= 0);
            CHECK(found.high <= top);
            // With the counts held the error of elements that enter is left out: it tells where steps are
            // large.
            CHECK(error <= (levels > 3 ? 1.005 : 1.03) * least);
            if (levels > 15) continue;  // hardly an element beyond the clips
            double above = 0, below = 0, inside = 0;
            for (const float x : values) {
                above += std::max(x - double{found.high}, 0.0);
                below += std::max(double{found.low} - x, 0.0);
                inside += x != 0 && x >= found.low && x <= found.high;
            }
            const double excess = (double{found.high} - found.low) * inside / (12 * levels * levels);
            if (found.high > 0) CHECK(std::abs(above - excess) <= 0.02 * excess);
            if (found.low < 0) CHECK(std::abs(below - excess) <= 0.02 * excess);
        }
    }
}

TEST_CASE("A one-sided tensor has a one-sided range", "[profile_clip]") {
    std::vector<float> values = gaussians(1000, 87);
    for (float& x : values) x = std::abs(x) + 0.1f;
    CHECK(twoSidedOctavClip(ProfileError(reference::profile(values)), numberFormatFrom("int8-affine")).low ==
          0);
    for (float& x : values) x = -x;
    CHECK(twoSidedOctavClip(ProfileError(reference::profile(values)), numberFormatFrom("int8-affine")).high ==
          0);
}

TEST_CASE("Clips around a clip have powers of two as scales", "[profile_clip]") {
    const NumberFormat format = numberFormatFrom("int8-pow2");
    const auto [below, above] = powerOfTwoClips(format, 1.0f);
    CHECK(below == 127 * 0x1p-7f);
    CHECK(above == 127 * 0x1p-6f);
    const auto [same, alike] = powerOfTwoClips(format, 127 * 0.25f);
    CHECK(same == 127 * 0.25f);
    CHECK(alike == same);
    CHECK(powerOfTwoClips(format, 0).above == 0);
    for (const float clip : {0x1.fffffep127f, 1e-38f, 1e-42f, 3e38f}) {
        const auto [lower, upper] = powerOfTwoClips(format, clip);
        CHECK(std::isfinite(upper));
        CHECK(lower <= clip);
    }
}

}  // namespace tests
