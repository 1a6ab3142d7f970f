#include "quant/spread_profile.h"

#include "quant/float_bits.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

float largestOn(const Profile& profile, Sides sides) {
    if (sides == Sides::Both) return profile.absmax();
    return std::max(sides == Sides::Positive ? profile.max() : -profile.min(), 0.0f);
}

}  // namespace

SpreadProfile::SpreadProfile(const Profile& profile, Sides sides)
    : m_before(1), m_largest(largestOn(profile, sides)) {
    if (m_largest == 0) return;
    const uint32_t top = magnitudeBits(m_largest) >> 20;
    m_elements = 1;
    for (uint32_t bin = 0; bin <= top; ++bin) {
        uint64_t count = profile.count(bin, sides);
        if (bin == top) --count;
        if (count == 0) continue;
        WideInt sum = profile.sum(bin, sides);
        if (bin == top) sum -= inUnits(magnitudeBits(m_largest));
        const double first = fromBits(bin << 20);
        const double end = bin == top ? double{m_largest} : double{fromBits((bin + 1) << 20)};
        const auto elements = static_cast<double>(count);
        const double mean = static_cast<double>(sum.approximate() * oneUnit) / elements;
        const double width = end - first;
        m_bins.push_back({first, width, elements, LinearSpread(width > 0 ? (mean - first) / width : 0.5)});
        m_elements += elements;
        const Moments& before = m_before.back();
        const SpreadBin& added = m_bins.back();
        m_before.push_back({before.count + elements, before.sum + added.sumBelow(HUGE_VAL),
                            before.squares + added.squaresBelow(HUGE_VAL)});
    }
    m_total = upTo(m_largest);
}

Moments SpreadProfile::upTo(double magnitude) const {
    // The last bin that begins at or below the magnitude, the only one that may be split by it.
    const auto above = std::ranges::upper_bound(m_bins, magnitude, {}, &SpreadBin::first);
    const auto index = static_cast<size_t>(above - m_bins.begin());
    Moments moments = m_before[index];
    if (index > 0) {
        const SpreadBin& bin = m_bins[index - 1];
        moments = m_before[index - 1];
        moments.count += bin.countBelow(magnitude);
        moments.sum += bin.sumBelow(magnitude);
        moments.squares += bin.squaresBelow(magnitude);
    }
    const double largest = m_largest;
    if (largest == 0 || magnitude < largest) return moments;
    return {moments.count + 1, moments.sum + largest, moments.squares + largest * largest};
}

}  // namespace quant
