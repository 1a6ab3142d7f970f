#include "quant/profile_clips.h"

#include "quant/profile_error.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

namespace tests {

using namespace quant;

namespace {

ProfileClip find(std::span<const float> values, const char* method, uint32_t bits, bool isSigned = true) {
    const Profile profile = reference::profile(values);
    return ProfileClips(profile).find({methodFrom(method), {bits, isSigned}});
}

constexpr double binShare = 0.125;  // a bin of the profile is at most this much of its least magnitude

// Whether a clip lies in the exact one's bin of the profile, as profile_clips.h promises.
bool isInBinOf(double clip, double exact) {
    return std::abs(clip - exact) <= binShare * std::min(clip, exact) + 0x1p-129;
}

}  // namespace

TEST_CASE("Octav clips from a profile lie in the exact clip's bin", "[profile_clips]") {
    for (const size_t size : {1u, 2u, 9u, 4001u}) {
        for (const auto& [name, values] : awkwardSamples(size)) {
            for (const bool isSigned : {true, false}) {
                for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
                    const NumberFormat grid{bits, isSigned};
                    INFO(name << " of " << size << ", " << bits << (isSigned ? " bits" : " bits, unsigned"));
                    const double octav = find(values, "octav", bits, isSigned).clip.high,
                                 paper = find(values, "octav-paper", bits, isSigned).clip.high;
                    CHECK(
                        isInBinOf(octav, reference::octavRoot(values, isSigned, grid.inverseNoiseFactor())));
                    CHECK(isInBinOf(paper,
                                    reference::octavRoot(values, isSigned, grid.paperInverseNoiseFactor())));
                }
            }
        }
    }
}

TEST_CASE("Octav clips from the profile of smooth data are right to parts in a thousand", "[profile_clips]") {
    for (const auto& values : {gaussians(200003, 6), laplaces(200003, 7)}) {
        for (uint32_t bits = 2; bits <= 8; ++bits) {
            const NumberFormat grid{bits, true};
            const double exact = reference::octavRoot(values, true, grid.inverseNoiseFactor());
            INFO(bits << " bits");
            CHECK(std::abs(find(values, "octav", bits).clip.high / exact - 1) < (bits <= 6 ? 1e-3 : 5e-3));
        }
    }
}

TEST_CASE("Percentiles from a profile lie in the exact one's bin, and near it on smooth data",
          "[profile_clips]") {
    for (const auto& [name, values] : awkwardSamples(5003)) {
        for (const auto& [text, numerator] :
             {std::pair("percentile:0.1", 100), std::pair("percentile:50", 50000),
              std::pair("percentile:99.9", 99900), std::pair("percentile:100", 100000)}) {
            const float exact = reference::percentile(values, static_cast<uint64_t>(numerator), 100000);
            if (reference::magnitudes(values, true).empty()) continue;
            INFO(name << ", " << text);
            CHECK(isInBinOf(find(values, text, 8).clip.high, exact));
            CHECK((find(values, text, 8).clip.high == 0) == (exact == 0));
        }
    }
    const auto values = gaussians(200003, 8);
    for (const char* text : {"percentile:10", "percentile:50", "percentile:99", "percentile:99.9"}) {
        const auto thousandths =
            static_cast<uint64_t>(std::lround(1000 * std::stod(methodFrom(text).percentile->text())));
        CHECK(std::abs(find(values, text, 8).clip.high / reference::percentile(values, thousandths, 100000) -
                       1) < 2e-3);
    }
}

TEST_CASE("The largest magnitude from a profile is exact", "[profile_clips]") {
    for (const auto& [name, values] : awkwardSamples(307)) {
        INFO(name);
        CHECK(find(values, "max", 4).clip.high == reference::absmax(values));
        CHECK(find(values, "percentile:100", 4).clip.high == reference::absmax(values));
    }
}

// The modelled error against that of the real quantizer, in double.
TEST_CASE("The modelled error of smooth data is right to two percent at every bit width", "[profile_clips]") {
    for (const auto& values : {gaussians(200003, 9), laplaces(200003, 10)}) {
        for (const bool isSigned : {true, false}) {
            const ProfileError estimate(reference::profile(values));
            for (uint32_t bits = 2; bits <= 10; ++bits) {
                for (const float clip : {0.01f, 0.7f, 1.3f, 2.5f, 4.0f, 7.5f}) {
                    const NumberFormat grid{bits, isSigned};
                    const double exact = reference::exactError(values, {grid, clip}).squared;
                    INFO(bits << " bits, clip " << clip);
                    CHECK(std::abs(estimate.at({grid, clip}) / exact - 1) < 0.02);
                }
            }
        }
    }
}

TEST_CASE("Without a clip the modelled error is the energy", "[profile_clips]") {
    const auto values = gaussians(20011, 11);
    const ProfileError estimate(reference::profile(values));
    CHECK(estimate.at({{4, true}, 0}) == estimate.energy());
    CHECK(std::abs(estimate.energy() / reference::energy(values) - 1) < 1e-3);
}

TEST_CASE("The mse clip from a profile costs at most two percent more than the best", "[profile_clips]") {
    for (const auto& values : {gaussians(60013, 12), laplaces(60013, 13)}) {
        for (const uint32_t bits : {2u, 3u, 4u, 6u, 8u}) {
            double least = HUGE_VAL;
            for (int point = 0; point <= 300; ++point) {
                const auto clip = static_cast<float>(reference::absmax(values) * std::exp2(-point / 60.0));
                least = std::min(least, reference::exactError(values, {{bits, true}, clip}).squared);
            }
            const float clip = find(values, "mse", bits).clip.high;
            INFO(bits << " bits, clip " << clip);
            CHECK(reference::exactError(values, {{bits, true}, clip}).squared <= 1.02 * least);
        }
    }
}

TEST_CASE("The modelled SQNR of smooth data is right to a tenth of a decibel", "[profile_clips]") {
    const auto values = gaussians(200003, 14);
    for (uint32_t bits = 2; bits <= 8; ++bits) {
        const ProfileClip found = find(values, "octav", bits);
        const double error = reference::exactError(values, {{bits, true}, found.clip.high}).squared;
        CHECK(std::abs(found.sqnrDb.value() - 10 * std::log10(reference::energy(values) / error)) < 0.1);
    }
}

TEST_CASE("On an unsigned grid what lies below zero is part of the modelled error", "[profile_clips]") {
    const std::vector<float> values = {1, 2, 3, -4};
    CHECK(find(values, "max", 16, false).mse > 3.99);
    CHECK(find(values, "max", 16, false).mse < 4.01);
}

TEST_CASE("Every method's clip from a profile is finite and not above the largest", "[profile_clips]") {
    for (const size_t size : {0u, 1u, 2u, 1009u}) {
        for (const auto& [name, values] : awkwardSamples(size)) {
            for (const char* method : {"octav", "octav-paper", "max", "percentile:99", "entropy", "mse"}) {
                for (const bool isSigned : {true, false}) {
                    const ProfileClip found = find(values, method, 4, isSigned);
                    const auto sorted = reference::magnitudes(values, isSigned);
                    // Percentiles are of all magnitudes, whatever the grid.
                    const float largest = methodFrom(method).percentile ? reference::absmax(values)
                                          : sorted.empty()              ? 0.0f
                                                                        : sorted.back();
                    INFO(name << " of " << size << ": " << method);
                    CHECK(found.clip.high >= 0);
                    CHECK(found.clip.high <= largest);
                    CHECK(std::isfinite(found.mse));
                    CHECK(found.mse >= 0);
                }
            }
        }
    }
}

}  // namespace tests
