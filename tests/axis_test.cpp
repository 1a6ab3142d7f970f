#include "app/plot/axis.h"

#include "app/plot/decimal.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <set>

namespace tests {

using app::Axis;
using app::AxisScale;
using app::Tick;

namespace {

constexpr AxisScale scales[] = {AxisScale::Linear, AxisScale::Log, AxisScale::Symlog};

// Axes of all scales with bounds from 1e-37 to 1e38, wide and as narrow as zooming makes them.
Axis randomAxis(std::mt19937& random) {
    std::uniform_real_distribution<double> exponent(-37, 37), unit(0, 1);
    Axis axis{.scale = scales[random() % 3]};
    axis.linearWidth = std::pow(10, exponent(random));
    const double size = random() % 2 ? std::pow(10, exponent(random)) : std::pow(10, 4 * unit(random) - 2);
    const double length = std::pow(10, -6 * unit(random) + 0.5);  // of the size
    if (axis.scale == AxisScale::Log) {
        axis.low = size;
        axis.high = std::min(size * (1 + 100 * length * length), 3e38);
        if (random() % 3 == 0)
            axis.high = size * std::pow(10, unit(random) * std::min(12.0, 38 - std::log10(size)));
    } else {
        axis.low = (2 * unit(random) - 1) * size;
        axis.high = axis.low + size * length;
        if (random() % 2) axis.linearWidth = std::max(1e-37, size * std::pow(10, -8 * unit(random)));
    }
    if (!(axis.high > axis.low)) axis.high = 2 * std::abs(axis.low) + 1e-37;
    return axis.zoomed(0.99, 0.5);  // brings it into the limits
}

// At the last numbers, where it does not do as it was told.
bool hasStopped(const Axis& axis) {
    if (axis.scale == AxisScale::Log && axis.low <= 1.001 * FLT_MIN) return true;
    return axis.high >= 0.999 * FLT_MAX / 2 || axis.low <= -0.999 * FLT_MAX / 2;
}

template <class Check>
void forRandomAxes(Check check) {
    std::mt19937 random(7);
    for (int i = 0; i < 6000; ++i) {
        const Axis axis = randomAxis(random);
        const std::string failure = check(axis, random);
        INFO(name(axis.scale) << ' ' << axis.low << " to " << axis.high << ", linear within "
                              << axis.linearWidth);
        if (!failure.empty()) FAIL(failure);
    }
}

std::vector<std::string> labels(const Axis& axis, int most) {
    std::vector<std::string> texts;
    for (const Tick& tick : axis.ticks(most))
        if (!tick.label.empty()) texts.push_back(tick.label);
    return texts;
}

// The number that a label says.
double read(std::string label) {
    static const std::vector<std::pair<std::string, std::string>> words = {
        {"×10", "e"}, {"−", "-"}, {"⁻", "-"}, {"⁰", "0"}, {"¹", "1"}, {"²", "2"}, {"³", "3"},
        {"⁴", "4"},   {"⁵", "5"}, {"⁶", "6"}, {"⁷", "7"}, {"⁸", "8"}, {"⁹", "9"}};
    // "10⁴" and "−10⁴" are powers, "10" and "105" numbers.
    const size_t digits = label.starts_with("−") ? std::string("−").size() : 0;
    if (label.size() > digits + 2 && label.compare(digits, 2, "10") == 0 && (label[digits + 2] & 0x80))
        label.replace(digits, 2, "1e");
    for (const auto& [from, to] : words)
        for (size_t at; (at = label.find(from)) != std::string::npos;) label.replace(at, from.size(), to);
    if (label.ends_with("e")) label += "1";
    size_t used = 0;
    const double value = std::stod(label, &used);
    REQUIRE(used == label.size());
    return value;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("Places and values of an axis are each other's inverse", "[axis]") {
    forRandomAxes([](const Axis& axis, std::mt19937& random) -> std::string {
        const double unit = std::uniform_real_distribution<double>(0, 1)(random);
        if (std::abs(axis.unitOf(axis.valueAt(unit)) - unit) > 1e-6) return "not the inverse";
        if (axis.unitOf(axis.low) != 0 || axis.unitOf(axis.high) != 1) return "the bounds are not at 0 and 1";
        return axis.valueAt(0) == axis.low && axis.valueAt(1) == axis.high ? ""
                                                                           : "0 and 1 are not the bounds";
    });
}

TEST_CASE("Warping spreads values as the scale says", "[axis]") {
    CHECK(Axis{.scale = AxisScale::Log}.warp(8) == 3);
    CHECK(Axis{.scale = AxisScale::Log}.warp(0) == -std::numeric_limits<double>::infinity());
    CHECK(Axis{.scale = AxisScale::Log}.warp(-1) == -std::numeric_limits<double>::infinity());
    const Axis symlog{.scale = AxisScale::Symlog, .linearWidth = 2};
    CHECK(symlog.warp(0) == 0);
    CHECK(symlog.warp(6) == Catch::Approx(std::log(4)));
    CHECK(symlog.warp(-6) == -symlog.warp(6));
    CHECK(Axis{}.warp(-7.5) == -7.5);
}

TEST_CASE("Panning moves every value by the same part of the axis", "[axis]") {
    forRandomAxes([](const Axis& axis, std::mt19937& random) -> std::string {
        const double units = std::uniform_real_distribution<double>(-0.5, 0.5)(random);
        const Axis moved = axis.panned(units);
        if (hasStopped(moved)) return "";
        const double error = moved.unitOf(axis.valueAt(0.5)) - (0.5 - units);
        return std::abs(error) < 1e-4 ? "" : "off by " + std::to_string(error);
    });
}

TEST_CASE("Zooming keeps the value at the fixed place", "[axis]") {
    forRandomAxes([](const Axis& axis, std::mt19937& random) -> std::string {
        std::uniform_real_distribution<double> units(0, 1);
        const double unit = units(random), factor = std::exp(2 * units(random) - 1);
        const Axis zoomed = axis.zoomed(factor, unit);
        if (hasStopped(zoomed)) return "";
        const double error = zoomed.unitOf(axis.valueAt(unit)) - unit;
        return std::abs(error) < 1e-4 ? "" : "off by " + std::to_string(error);
    });
}

TEST_CASE("Zooming by a factor and its inverse comes back", "[axis]") {
    const Axis axis{.scale = AxisScale::Log, .low = 0.01, .high = 4};
    const Axis back = axis.zoomed(0.25, 0.3).zoomed(4, 0.3);
    CHECK(back.low == Catch::Approx(axis.low).epsilon(1e-12));
    CHECK(back.high == Catch::Approx(axis.high).epsilon(1e-12));
}

TEST_CASE("No panning or zooming leaves the normal floats or makes an axis without length", "[axis]") {
    forRandomAxes([](Axis axis, std::mt19937& random) -> std::string {
        std::uniform_real_distribution<double> units(0, 1);
        for (int step = 0; step < 30; ++step) {
            axis = random() % 2 ? axis.panned(std::pow(10, 8 * units(random)) * (random() % 2 ? 1 : -1))
                                : axis.zoomed(std::pow(10, 16 * units(random) - 8), units(random));
            const double size = std::max(std::abs(axis.low), std::abs(axis.high));
            if (!(axis.low < axis.high) || size > FLT_MAX) return "no axis";
            if (axis.scale == AxisScale::Log && !(axis.low >= FLT_MIN)) return "below the floats";
            if (axis.scale == AxisScale::Log && std::log2(axis.high / axis.low) < 1e-6) return "too narrow";
            if (axis.scale != AxisScale::Log && axis.high - axis.low < 1e-6 * size) return "too narrow";
            if (axis.scale != AxisScale::Log && size < FLT_MIN / 2) return "too small";
        }
        return "";
    });
}

TEST_CASE("Ticks rise, lie on the axis, and at most so many are labelled but at least two", "[axis]") {
    forRandomAxes([](const Axis& axis, std::mt19937& random) -> std::string {
        const int most = 2 + int(random() % 12);
        int labelled = 0;
        double before = -std::numeric_limits<double>::infinity();
        const auto ticks = axis.ticks(most);
        for (const Tick& tick : ticks) {
            if (!(tick.value > before)) return "not rising";
            if (tick.value < axis.low || tick.value > axis.high) return "outside";
            before = tick.value;
            labelled += !tick.label.empty();
        }
        if (labelled > most || labelled < 2) return std::to_string(labelled) + " of " + std::to_string(most);
        return ticks.size() <= size_t(20 * most) ? "" : "too many minor ticks";
    });
}

TEST_CASE("An axis as narrow as doubles has no tick twice", "[axis]") {
    for (const double low : {1.0, 1e9, -3e20, 7e-300})
        for (const int neighbours : {1, 2, 5, 30}) {
            double high = low;
            for (int i = 0; i < neighbours; ++i)
                high = std::nextafter(high, std::numeric_limits<double>::infinity());
            const std::vector<Tick> ticks = Axis{.low = low, .high = high}.ticks(7);
            CHECK(std::ranges::adjacent_find(ticks, std::greater_equal{}, &Tick::value) == ticks.end());
            CHECK(ticks.size() <= size_t(neighbours) + 1);
        }
}

TEST_CASE("A label says the value of its tick and no other", "[axis]") {
    forRandomAxes([](const Axis& axis, std::mt19937& random) -> std::string {
        std::set<std::string> seen;
        for (const Tick& tick : axis.ticks(2 + int(random() % 12))) {
            if (tick.label.empty()) continue;
            if (!seen.insert(tick.label).second) return "twice: " + tick.label;
            // Both are the double closest to the same decimal number.
            if (read(tick.label) != tick.value) return tick.label + " is not " + std::to_string(tick.value);
        }
        return "";
    });
}

TEST_CASE("Labels of two or more do not crowd at one end of the axis", "[axis]") {
    forRandomAxes([](const Axis& axis, std::mt19937& random) -> std::string {
        const int most = 3 + int(random() % 10);
        double before = -1;
        for (const Tick& tick : axis.ticks(most)) {
            if (tick.label.empty()) continue;
            const double unit = axis.unitOf(tick.value);
            if (before >= 0 && unit - before < 0.5 / most && axis.scale != AxisScale::Linear)
                return "spaced by " + std::to_string(unit - before) + " for " + std::to_string(most);
            before = unit;
        }
        return "";
    });
}

TEST_CASE("Labels of usual axes", "[axis]") {
    CHECK(labels({.low = 0, .high = 1}, 6) == Texts{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
    CHECK(labels({.low = -200, .high = 410}, 6) == Texts{"−200", "0", "200", "400"});
    CHECK(labels({.low = 0, .high = 0.2}, 5) == Texts{"0", "0.05", "0.10", "0.15", "0.20"});
    CHECK(labels({.low = 0, .high = 3e-7}, 4) == Texts{"0", "10⁻⁷", "2×10⁻⁷", "3×10⁻⁷"});
    CHECK(labels({.low = 0, .high = 2.1e6}, 5) == Texts{"0", "5×10⁵", "10⁶", "1.5×10⁶", "2×10⁶"});
    CHECK(labels({.low = 1.0000001, .high = 1.0000003}, 3) == Texts{"1.0000001", "1.0000002", "1.0000003"});
    CHECK(labels({.scale = AxisScale::Log, .low = 1e-6, .high = 1}, 8) ==
          Texts{"10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"});
    CHECK(labels({.scale = AxisScale::Log, .low = 1e-6, .high = 1}, 5) == Texts{"10⁻⁶", "10⁻⁴", "10⁻²", "1"});
    CHECK(labels({.scale = AxisScale::Log, .low = 0.01, .high = 20}, 12) ==
          Texts{"0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10", "20"});
    CHECK(labels({.scale = AxisScale::Log, .low = 2.05, .high = 2.1}, 4) == Texts{"2.06", "2.08", "2.1"});
    CHECK(labels({.scale = AxisScale::Log, .low = 1e-38, .high = 1e38}, 5) == Texts{"10⁻²⁰", "1", "10²⁰"});
    CHECK(labels({.scale = AxisScale::Symlog, .low = -1000, .high = 1000, .linearWidth = 1}, 9) ==
          Texts{"−1000", "−100", "−10", "0", "10", "100", "1000"});
}

TEST_CASE("Ticks of whole numbers are whole", "[axis]") {
    for (const double extent : {1.0, 2.0, 3.0, 7.0, 40.0, 1000.0}) {
        for (const int most : {2, 3, 8, 20}) {
            const Axis axis{.low = -0.5, .high = extent - 0.5, .isWhole = true};
            const auto ticks = axis.ticks(most);
            CHECK(!ticks.empty());
            for (const Tick& tick : ticks) CHECK(tick.value == std::round(tick.value));
        }
    }
    CHECK(labels({.low = -0.5, .high = 2.5, .isWhole = true}, 9) == Texts{"0", "1", "2"});
}

TEST_CASE("Names of scales are read back, others refused", "[axis]") {
    for (const AxisScale scale : scales) CHECK(app::axisScaleFrom(name(scale)) == scale);
    CHECK_THROWS_AS(app::axisScaleFrom("cubic"), std::invalid_argument);
}

}  // namespace tests
