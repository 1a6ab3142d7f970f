#include "quant/octav.h"

#include "quant/float_bits.h"
#include "quant/number_format.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tests {

using namespace quant;

namespace {

// The exact descent with refinements counted on the host.
float rootOf(std::span<const float> values, const Profile& profile, Sides sides,
             uint64_t inverseNoiseFactor) {
    const OctavPredicate predicate(inverseNoiseFactor);
    MagnitudeSearch search(profile, sides, predicate);
    while (!search.isDone())
        search.advance(reference::refined(values, search.level(), sides, search.prefix()));
    return octavRoot(search.bits(), search.below(), search.atOrAbove(), search.sumAtOrAbove(),
                     inverseNoiseFactor);
}

std::vector<uint64_t> factorsOf(bool isSigned) {
    std::vector<uint64_t> factors;
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        factors.push_back(NumberFormat{bits, isSigned}.inverseNoiseFactor());
        factors.push_back(NumberFormat{bits, isSigned}.paperInverseNoiseFactor());
    }
    return factors;
}

void checkAgainstReference(std::span<const float> values) {
    const Profile profile = reference::profile(values);
    for (const bool isSigned : {true, false}) {
        for (const uint64_t factor : factorsOf(isSigned)) {
            const float root = rootOf(values, profile, isSigned ? Sides::Both : Sides::Positive, factor);
            INFO((isSigned ? "signed, 1/γ " : "unsigned, 1/γ ") << factor);
            CHECK(root == reference::octavRoot(values, isSigned, factor));
        }
    }
}

}  // namespace

TEST_CASE("The root equals the reference on awkward data", "[octav]") {
    for (const size_t size : {0u, 1u, 2u, 3u, 9u, 2003u}) {
        for (const auto& [name, values] : awkwardSamples(size)) {
            INFO(name << " of " << size);
            checkAgainstReference(values);
        }
    }
}

TEST_CASE("The root of one value is the value", "[octav]") {
    for (const float value : {1.0f, 0.1f, 0x1p-149f, 0x1p-126f, 3.4028235e38f}) {
        const std::vector<float> values(17, -value);
        for (const uint64_t factor : factorsOf(true))
            CHECK(rootOf(values, reference::profile(values), Sides::Both, factor) == value);
    }
}

// n ones and one value v far above: h jumps at 1 by γ·n. It is negative before and positive after when
// γ·n > v - 1 > 0, so the root is the data value 1 itself.
TEST_CASE("The root is a data value where h jumps across zero", "[octav]") {
    const uint64_t factor = NumberFormat{2, true}.inverseNoiseFactor();
    std::vector<float> values(1200, 1.0f);
    values.push_back(50.0f);
    CHECK(rootOf(values, reference::profile(values), Sides::Both, factor) == 1.0f);
    values.back() = 200.0f;
    CHECK(rootOf(values, reference::profile(values), Sides::Both, factor) ==
          reference::octavRoot(values, true, factor));
    CHECK(rootOf(values, reference::profile(values), Sides::Both, factor) > 1.0f);
}

TEST_CASE("h changes sign at the root", "[octav]") {
    for (const char* kind : {"gaussian", "heavy tail"}) {
        const auto samples = awkwardSamples(5003);
        const auto& values = std::ranges::find(samples, kind, &Sample::name)->values;
        const auto sorted = reference::magnitudes(values, true);
        const Profile profile = reference::profile(values);
        for (const uint64_t factor : factorsOf(true)) {
            const float root = rootOf(values, profile, Sides::Both, factor);
            CHECK(reference::modelledSlope(sorted, std::nextafter(root, 0.0f), factor) < 0);
            CHECK(reference::modelledSlope(sorted, std::nextafter(root, HUGE_VALF), factor) > 0);
        }
    }
}

TEST_CASE("The root scales with the data by powers of two", "[octav]") {
    const auto values = gaussians(4001, 5);
    const float root = rootOf(values, reference::profile(values), Sides::Both, 12 * 49);
    for (const float scale : {0x1p-100f, 0x1p20f, 0x1p110f}) {
        const auto scaled = gaussians(4001, 5, scale);
        CHECK(rootOf(scaled, reference::profile(scaled), Sides::Both, 12 * 49) == scale * root);
    }
}

// h = γ·s·below - D: with 2 below at 1 and one at 4, γ = 1/12: 12·4/(2 + 12) is no float; rounded once to
// nearest.
TEST_CASE("The root is correctly rounded", "[octav]") {
    const std::vector<float> values = {1, -1, 4};
    CHECK(rootOf(values, reference::profile(values), Sides::Both, 12) == static_cast<float>(48.0L / 14));
}

TEST_CASE("Without elements the root is zero", "[octav]") {
    CHECK(octavRoot(0, 0, 0, WideInt(), 12) == 0);
    CHECK(octavIterates(Profile(), Sides::Both, 12).empty());
}

namespace {

struct Analytic {
    const char* name;
    float (*draw)(Random&);
    std::array<double, 7> paper,
        narrow;  // roots for B = 2 to 8 of γ = 4^-B/3 and γ = 1/(12 qmax²), six decimals
};

double uniform(Random& random) {
    return (static_cast<double>(random.next() >> 11) + 0.5) * 0x1p-53;
}
float drawLaplace(Random& random) {
    return static_cast<float>(-std::log(uniform(random)));
}
float drawNormal(Random& random) {
    const double radius = std::sqrt(-2 * std::log(uniform(random)));
    return static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform(random)));
}

// Standard error of the root of the sample's h at s: that of h's mean over its slope, which is at least
// γ·P(|x| <= s) + P(|x| > s).
double standardError(std::span<const float> values, double s, double gamma) {
    double sum = 0, squares = 0, slope = 0;
    for (const float x : values) {
        const double magnitude = std::fabs(x);
        const double h = magnitude <= s ? gamma * s : s - magnitude;
        sum += h;
        squares += h * h;
        slope += magnitude <= s ? gamma : 1;
    }
    const auto n = static_cast<double>(values.size());
    return std::sqrt((squares - sum * sum / n) / n / n) / (slope / n);
}

}  // namespace

// Numerical integration of the densities gave the roots (shared formulas, section 3); the sample's root is
// off by its standard error, and five of them are allowed: with fixed seeds a pass stays a pass.
TEST_CASE("Roots of a normal and a Laplace sample are the analytic ones within five standard errors",
          "[octav]") {
    const Analytic distributions[] = {
        {"normal",
         drawNormal,
         {1.738835, 2.161117, 2.562090, 2.937070, 3.287162, 3.615183, 3.924054},
         {1.312493, 1.987818, 2.486838, 2.903244, 3.271632, 3.607954, 3.920657}},
        {"Laplace",
         drawLaplace,
         {2.873734, 3.913293, 5.034090, 6.206505, 7.413658, 8.645778, 9.896805},
         {1.962261, 3.469688, 4.813463, 6.095682, 7.357763, 8.617556, 9.882560}},
    };
    for (const Analytic& distribution : distributions) {
        Random random(11);
        std::vector<float> values(size_t{4} << 20);
        for (float& x : values) x = distribution.draw(random);
        const Profile profile = reference::profile(values);
        for (uint32_t bits = 2; bits <= 8; ++bits) {
            for (const bool isPaper : {true, false}) {
                const NumberFormat grid{bits, true};
                const uint64_t factor = isPaper ? grid.paperInverseNoiseFactor() : grid.inverseNoiseFactor();
                const double expected = (isPaper ? distribution.paper : distribution.narrow)[bits - 2];
                const double root = rootOf(values, profile, Sides::Both, factor);
                const double allowed =
                    5 * standardError(values, root, 1.0 / static_cast<double>(factor)) + 0.5e-6;
                INFO(distribution.name << (isPaper ? ", paper's γ, " : ", narrow grid's γ, ") << bits
                                       << " bits");
                CHECK(allowed <
                      0.05 * expected);  // at 8 bits one element in ten thousand lies beyond the clip
                CHECK(std::abs(root - expected) <= allowed);
            }
        }
    }
}

// A few parts in a thousand where the root's bin is well filled; a bin is at most an eighth wide in any case.
TEST_CASE("The recursion's iterates end near the root on smooth data", "[octav]") {
    const auto values = gaussians(200003, 6);
    const Profile profile = reference::profile(values);
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        const uint64_t factor = NumberFormat{bits, true}.inverseNoiseFactor();
        const double root = rootOf(values, profile, Sides::Both, factor);
        const auto iterates = octavIterates(profile, Sides::Both, factor);
        INFO(bits << " bits");
        REQUIRE(iterates.size() >= 2);
        CHECK(iterates.size() <= 64);
        CHECK(std::abs(iterates.front() - profile.meanMagnitude(Sides::Both)) <= 1e-12);
        CHECK(std::abs(iterates.back() / root - 1) < (bits <= 6 ? 5e-3 : 0.125));
    }
}

// Where all elements lie at the clip the recursion passes through 0.
TEST_CASE("The recursion ends on awkward data", "[octav]") {
    for (const auto& [name, values] : awkwardSamples(2003)) {
        INFO(name);
        const Profile profile = reference::profile(values);
        for (const uint64_t factor : factorsOf(true)) {
            const auto iterates = octavIterates(profile, Sides::Both, factor);
            CHECK(iterates.size() <= 64);
            CHECK(std::ranges::all_of(iterates, [](double s) { return std::isfinite(s) && s >= 0; }));
        }
    }
}

}  // namespace tests
