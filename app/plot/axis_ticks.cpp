#include "app/plot/axis.h"
#include "app/plot/decimal.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>

namespace app {

namespace {

using Decimals = std::vector<Decimal>;

// Ticks that may be labelled, and the finer ones that then stand between them. Both sorted.
struct TickSet {
    Decimals major, minor;
};

// Those between the bounds, rising, each double once: where steps are finer than doubles can tell apart,
// neighbours would show two names for one place.
Decimals within(const Axis& axis, const Decimals& sorted) {
    Decimals kept;
    for (const Decimal& decimal : sorted) {
        const double value = decimal.value();
        if (value < axis.low || value > axis.high) continue;
        if (kept.empty() || value > kept.back().value()) kept.push_back(decimal);
    }
    return kept;
}

double leastSpacing(const Axis& axis, const Decimals& ticks) {
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 1; i < ticks.size(); ++i)
        least = std::min(least, axis.unitOf(ticks[i].value()) - axis.unitOf(ticks[i - 1].value()));
    return least;
}

// A distance of 1, 2 or 5 times a power of ten.
struct Step {
    int64_t digits = 1;
    int exponent = 0;

    double value() const { return Decimal{digits, exponent}.value(); }
    Step coarser() const {
        return digits == 1 ? Step{2, exponent} : digits == 2 ? Step{5, exponent} : Step{1, exponent + 1};
    }
    // A part of it as the eye expects it: fifths, or fourths of 2.
    Step finer() const {
        return digits == 1 ? Step{2, exponent - 1} : digits == 2 ? Step{5, exponent - 1} : Step{1, exponent};
    }
};

Decimals multiples(const Axis& axis, Step step) {
    const double first = std::ceil(axis.low / step.value() - 1e-3);
    const double last = std::floor(axis.high / step.value() + 1e-3);
    // Beyond this the axis is narrower than doubles at its place: only where it was not made by zooming.
    if (std::max(std::abs(first), std::abs(last)) > 1e17) return {};
    Decimals all;
    for (auto i = int64_t(first); i <= int64_t(last); ++i) all.push_back({i * step.digits, step.exponent});
    return within(axis, all);
}

// The finest step that leaves at most `most` multiples, and the next finer one.
TickSet linearSet(const Axis& axis, int most) {
    const double length = axis.high - axis.low;
    Step step{1, int(std::floor(std::log10(length / most))) - 1};
    if (axis.isWhole) step.exponent = std::max(step.exponent, 0);
    Step before = step;
    while (length / step.value() > most + 1) {
        before = step;
        step = step.coarser();
    }
    Decimals major = multiples(axis, step);
    while (major.size() > size_t(most)) {
        before = step;
        step = step.coarser();
        major = multiples(axis, step);
    }
    if (axis.isWhole && step.finer().exponent < 0) return {major, {}};
    if (major.size() > 1) return {major, multiples(axis, step.finer())};
    return {multiples(axis, before), {}};
}

// digits·10^e for every given digit and e in first..last, on one side of zero or on both.
Decimals decades(const Axis& axis, int first, int last, int every, std::span<const int> digits) {
    Decimals all;
    for (int exponent = first; exponent <= last; ++exponent) {
        if (exponent % every) continue;
        for (const int digit : digits) all.push_back({digit, exponent});
    }
    if (axis.scale == AxisScale::Symlog) {
        Decimals both;
        for (size_t i = all.size(); i > 0; --i) both.push_back({-all[i - 1].digits, all[i - 1].exponent});
        both.push_back({});
        both.insert(both.end(), all.begin(), all.end());
        all = std::move(both);
    }
    return within(axis, all);
}

constexpr int ones[] = {1}, oneTwoFive[] = {1, 2, 5}, allDigits[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

int decadeOf(double magnitude) {
    return int(std::floor(std::log10(magnitude)));
}

// Powers of ten next to zero stand closer to it than to each other.
void makeRoomAroundZero(const Axis& axis, Decimals& ticks, double least) {
    if (axis.scale != AxisScale::Symlog || !std::ranges::contains(ticks, 0, &Decimal::digits)) return;
    std::erase_if(ticks, [&](const Decimal& tick) {
        return tick.digits != 0 && std::abs(axis.unitOf(tick.value()) - axis.unitOf(0)) < least;
    });
}

// Powers of ten and what lies between them, in the order of preference. Symlog: from the first power above
// linearWidth on, and zero, no label closer to it than `least` of the axis.
std::vector<TickSet> decadeSets(const Axis& axis, double least) {
    const double size = std::max(std::abs(axis.low), std::abs(axis.high));
    const bool isLog = axis.scale == AxisScale::Log;
    const int first = decadeOf(isLog ? axis.low : axis.linearWidth * 0.999), last = decadeOf(size) + 1;
    std::vector<TickSet> sets;
    const Decimals fine = decades(axis, first, last, 1, allDigits);
    const Decimals every = decades(axis, first, last, 1, ones);
    const Decimals few = decades(axis, first, last, 1, oneTwoFive);
    sets.push_back({every, fine});
    if (every.size() <= (isLog ? 4 : 7)) sets.push_back({few, fine});
    for (const int n : {2, 3, 5, 10, 20}) sets.push_back({decades(axis, first, last, n, ones), every});
    for (TickSet& set : sets) makeRoomAroundZero(axis, set.major, least);
    return sets;
}

std::vector<TickSet> setsOf(const Axis& axis, int most, double least) {
    const TickSet linear = linearSet(axis, most);
    if (axis.scale == AxisScale::Linear) return {linear};
    if (axis.scale == AxisScale::Log && axis.high >= 10 * axis.low) return decadeSets(axis, least);
    const double size = std::max(std::abs(axis.low), std::abs(axis.high));
    if (axis.scale == AxisScale::Symlog && size <= axis.linearWidth) return {linear};
    std::vector<TickSet> sets = decadeSets(axis, least);
    sets.push_back(linear);
    return sets;
}

double spread(const Axis& axis, const Decimals& ticks) {
    return ticks.size() < 2 ? 0 : axis.unitOf(ticks.back().value()) - axis.unitOf(ticks.front().value());
}

// The set with the most labels that are few enough and do not crowd anywhere.
TickSet bestSet(const Axis& axis, int most) {
    const double least = 0.6 / most;
    const std::vector<TickSet> sets = setsOf(axis, most, least);
    const TickSet* best = nullptr;
    for (const TickSet& set : sets) {
        if (set.major.size() > size_t(most) || leastSpacing(axis, set.major) < least) continue;
        if (!best || set.major.size() > best->major.size()) best = &set;
    }
    if (best && best->major.size() > 1) return *best;
    // One label says where the axis lies but not how wide it is: the two that are farthest apart.
    best = &sets.back();
    for (const TickSet& set : sets)
        if (spread(axis, set.major) > spread(axis, best->major)) best = &set;
    if (best->major.size() <= 2) return *best;
    return {{best->major.front(), best->major.back()}, best->major};
}

// Plain decimals near 1 and wherever powers of ten are no shorter.
std::vector<std::string> labelsOf(const Axis& axis, const Decimals& ticks) {
    int decimals = 0;
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (const Decimal& tick : ticks) {
        decimals = std::max(decimals, tick.decimals());
        if (tick.digits == 0) continue;
        least = std::min(least, std::abs(tick.value()));
        most = std::max(most, std::abs(tick.value()));
    }
    // Evenly spaced numbers end at the same digit; others at their own.
    const double smaller = axis.scale == AxisScale::Linear ? most : least;
    const bool isNearOne = smaller >= 0.999e-3 && most <= 1.001e4;
    std::vector<std::string> plain, scientific;
    size_t plainLength = 0, scientificLength = 0;
    for (const Decimal& tick : ticks) {
        const bool isEven = axis.scale == AxisScale::Linear;
        // A plain number of 300 digits is never the shorter one; let it not be made.
        const bool isLong = decimals > 25 || most > 1e25;
        plain.push_back(isLong ? "" : tick.plain(isEven ? decimals : tick.decimals()));
        scientific.push_back(tick.scientific());
        plainLength += isLong ? 400 : plain.back().size();
        // "×" and superscripts take two or three bytes.
        for (const char c : scientific.back()) scientificLength += (c & 0xc0) != 0x80;
    }
    return isNearOne || plainLength <= scientificLength ? plain : scientific;
}

}  // namespace

std::vector<Tick> Axis::ticks(int most) const {
    assert(low < high && (scale != AxisScale::Log || low > 0));
    if (isReversed) {
        Axis upright = *this;
        upright.isReversed = false;
        std::vector<Tick> ticks = upright.ticks(most);
        std::ranges::reverse(ticks);
        return ticks;
    }
    most = std::max(most, 2);
    TickSet set = bestSet(*this, most);
    if (leastSpacing(*this, set.minor) < 0.06 / most) set.minor.clear();
    const std::vector<std::string> labels = labelsOf(*this, set.major);
    std::vector<Tick> ticks;
    for (size_t i = 0; i < set.major.size(); ++i) ticks.push_back({set.major[i].value(), labels[i]});
    for (const Decimal& minor : set.minor) ticks.push_back({minor.value(), ""});
    // The labelled one of two at the same place comes first, and stays.
    std::ranges::stable_sort(ticks, {}, &Tick::value);
    const auto [first, last] = std::ranges::unique(ticks, {}, &Tick::value);
    ticks.erase(first, last);
    return ticks;
}

}  // namespace app
