#include "quant/spread_profile.h"

#include "quant/float_bits.h"

#include <algorithm>

namespace quant {

SpreadProfile::SpreadProfile(const Profile& profile, Sides sides)
    : m_largest(sides == Sides::Both ? profile.absmax() : std::max(profile.max(), 0.0f)) {
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
    }
}

double SpreadProfile::countBelow(double magnitude) const {
    double count = magnitude >= double{m_largest} && m_largest > 0 ? 1 : 0;
    for (const SpreadBin& bin : m_bins) {
        if (bin.first > magnitude) break;
        count += bin.countBelow(magnitude);
    }
    return count;
}

double SpreadProfile::sumAbove(double magnitude) const {
    double sum = magnitude < double{m_largest} ? double{m_largest} : 0;
    for (const SpreadBin& bin : m_bins) sum += bin.sumBelow(bin.end()) - bin.sumBelow(magnitude);
    return sum;
}

}  // namespace quant
