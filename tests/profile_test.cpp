#include "quant/profile.h"

#include "quant/float_bits.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tests {

using namespace quant;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float unit = std::numeric_limits<float>::denorm_min();

Profile profileOf(const std::vector<float>& values) {
    return reference::profile(values);
}

// Parts of random lengths, some empty.
std::vector<Profile> randomParts(const std::vector<float>& values, Random& random) {
    std::vector<Profile> parts;
    for (size_t begin = 0; begin < values.size();) {
        const size_t length = std::min<size_t>(random.below(400), values.size() - begin);
        parts.push_back(reference::profile(std::span(values).subspan(begin, length)));
        begin += length;
    }
    return parts;
}

}  // namespace

TEST_CASE("Profiles of parts merge to the profile of the whole, in any order", "[profile]") {
    Random random(3);
    for (const auto& [name, values] : awkwardSamples(3001)) {
        INFO(name);
        const Profile whole = profileOf(values);
        for (int i = 0; i < 3; ++i) {
            auto parts = randomParts(values, random);
            for (size_t j = parts.size(); j > 1; --j)
                std::swap(parts[j - 1], parts[random.below(static_cast<uint32_t>(j))]);
            Profile merged;
            for (const Profile& part : parts) merged += part;
            CHECK(merged == whole);
        }
    }
}

TEST_CASE("Zeros of both signs, Inf and NaN are counted apart", "[profile]") {
    const Profile profile = profileOf({0.0f, -0.0f, infinity, -infinity, infinity, nan, -nan, 1.0f, -unit});
    CHECK(profile.elements() == 9);
    CHECK(profile.zeros() == 2);
    CHECK(profile.infinities() == 3);
    CHECK(profile.notNumbers() == 2);
    CHECK(profile.finite() == 4);
    CHECK(profile.nonzero(Sides::Both) == 2);
    CHECK(profile.nonzero(Sides::Positive) == 1);
}

TEST_CASE("Every NaN counts, whatever its payload", "[profile]") {
    Profile profile;
    for (const uint32_t bits : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xff800001u, 0xffffffffu})
        profile.add(std::bit_cast<float>(bits));
    CHECK(profile.notNumbers() == 5);
    CHECK(profile.finite() == 0);
}

TEST_CASE("A profile's counts and sums are exact", "[profile]") {
    for (const auto& [name, values] : awkwardSamples(2000)) {
        INFO(name);
        const Profile profile = profileOf(values);
        for (const Sides sides : {Sides::Positive, Sides::Both}) {
            std::vector<uint64_t> counts(Profile::finiteBins, 0);
            std::vector<WideInt> sums(Profile::finiteBins);
            for (const float x : reference::magnitudes(values, sides == Sides::Both)) {
                ++counts[magnitudeBits(x) >> 20];
                sums[magnitudeBits(x) >> 20] += inUnits(magnitudeBits(x));
            }
            bool same = true;
            for (uint32_t bin = 0; bin < Profile::finiteBins; ++bin) {
                same =
                    same && profile.count(bin, sides) == counts[bin] && profile.sum(bin, sides) == sums[bin];
            }
            CHECK(same);
        }
    }
}

TEST_CASE("Extremes are those of the finite elements", "[profile]") {
    for (const auto& [name, values] : awkwardSamples(2000)) {
        INFO(name);
        std::vector<float> finite;
        std::ranges::copy_if(values, std::back_inserter(finite), [](float x) { return std::isfinite(x); });
        const Profile profile = profileOf(values);
        CHECK(profile.min() == (finite.empty() ? 0 : std::ranges::min(finite)));
        CHECK(profile.max() == (finite.empty() ? 0 : std::ranges::max(finite)));
        CHECK(profile.absmax() == reference::absmax(values));
        CHECK(profile.hasNegative() == std::ranges::any_of(finite, [](float x) { return x < 0; }));
    }
}

// The exact sum is rounded a few times in long double and once to double.
TEST_CASE("Means are right to the last places of double", "[profile]") {
    for (const auto& [name, values] : awkwardSamples(2000)) {
        INFO(name);
        long double sum = 0, magnitude = 0;
        for (const float x : values) {
            if (!std::isfinite(x)) continue;
            sum += x;
            magnitude += std::fabs(x);
        }
        const Profile profile = profileOf(values);
        const long double n = std::max<long double>(static_cast<long double>(profile.finite()), 1);
        const long double nonzero =
            std::max<long double>(static_cast<long double>(profile.nonzero(Sides::Both)), 1);
        // The reference's own rounding is relative to the sum of magnitudes.
        CHECK(std::abs(profile.mean() - sum / n) <= 0x1p-50L * magnitude / n);
        CHECK(std::abs(profile.meanMagnitude(Sides::Both) - magnitude / nonzero) <=
              0x1p-50L * magnitude / nonzero);
    }
}

TEST_CASE("The mean of cancelling extremes is exact", "[profile]") {
    CHECK(profileOf({3e38f, -3e38f, unit, unit}).mean() == std::ldexp(1.0, -150));
    CHECK(profileOf({-3e38f, 3e38f, 0.0f, -8.0f}).mean() == -2);
}

TEST_CASE("An empty profile answers zero", "[profile]") {
    const Profile profile;
    CHECK(profile.elements() == 0);
    CHECK(profile.min() == 0);
    CHECK(profile.max() == 0);
    CHECK(profile.absmax() == 0);
    CHECK(profile.mean() == 0);
    CHECK(profile.meanMagnitude(Sides::Both) == 0);
    CHECK_FALSE(profile.hasNegative());
    CHECK(profileOf({nan, infinity}).absmax() == 0);
}

}  // namespace tests
