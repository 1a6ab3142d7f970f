#include "quant/magnitude_query.h"

#include "quant/float_bits.h"
#include "quant/linear_spread.h"
#include "shaders/profile.h"
#include "shaders/refine.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace quant {

namespace {

struct ProfileBins {
    const Profile& profile;
    Sides sides;
    uint64_t count(uint32_t bin) const { return profile.count(bin, sides); }
    WideInt sum(uint32_t bin) const { return profile.sum(bin, sides); }
};

struct RefinedBins {
    const RefinedBin& refined;
    uint32_t restBits;
    uint64_t count(uint32_t bin) const { return refined.counts[bin]; }
    WideInt sum(uint32_t bin) const {
        const uint32_t first = ((refined.prefix << shaders::refinedBits) | bin) << restBits;
        WideInt sum = WideInt().addShifted(count(bin), shiftOf(first)) * significandOf(first);
        return sum.addShifted(refined.rests[bin], shiftOf(first));
    }
};

}  // namespace

RefinedBin& RefinedBin::operator+=(const RefinedBin& other) {
    std::ranges::transform(counts, other.counts, counts.begin(), std::plus());
    std::ranges::transform(rests, other.rests, rests.begin(), std::plus());
    return *this;
}

MagnitudeSearch::MagnitudeSearch(const Profile& profile, Sides sides, const MagnitudePredicate& predicate)
    : m_predicate(&predicate) {
    const ProfileBins bins{profile, sides};
    for (uint32_t bin = 0; bin < Profile::finiteBins; ++bin) {
        m_atOrAbove += bins.count(bin);
        m_sumAtOrAbove += bins.sum(bin);
    }
    descend(bins, Profile::finiteBins, shaders::level1RestBits);
}

void MagnitudeSearch::advance(const RefinedBin& refined) {
    const uint32_t restBits = m_level == 2 ? shaders::refinedBits : 0;
    descend(RefinedBins{refined, restBits}, shaders::refinedBins, restBits);
}

// Walks the bins of one level upwards to the one at whose last magnitude the predicate holds, and stops in
// it.
template <class Bins>
void MagnitudeSearch::descend(const Bins& bins, uint32_t count, uint32_t restBits) {
    uint32_t bin = 0;
    Tally tally{m_below, m_atOrAbove, m_sumAtOrAbove};
    for (;; ++bin) {
        const uint64_t inside = bins.count(bin);
        const WideInt sum = inside ? bins.sum(bin) : WideInt();
        tally.atOrBelow += inside;
        tally.above -= inside;
        tally.sumAbove -= sum;
        const uint32_t last = ((((m_prefix << shaders::refinedBits) | bin) + 1) << restBits) - 1;
        const uint32_t bits = m_level == 1 ? ((bin + 1) << restBits) - 1 : last;
        m_bits = bits;
        if (bin + 1 == count || m_predicate->holds(bits, tally)) {
            m_prefix = bits >> restBits;
            m_binCount = inside;
            m_binSum = sum;
            const bool exact = restBits == 0 || inside == 0;
            m_level = exact ? 0 : m_level + 1;
            return;
        }
        m_below += inside;
        m_atOrAbove -= inside;
        m_sumAtOrAbove -= sum;
    }
}

uint32_t MagnitudeSearch::expectedWindow(uint32_t values) const {
    const uint32_t first = m_prefix << shaders::level1RestBits, width = 1u << shaders::level1RestBits;
    const long double start = inUnits(first).approximate();
    const long double unit =
        std::ldexp(1.0L, static_cast<int>(shiftOf(first)));  // from one magnitude to the next
    const auto count = static_cast<double>(m_binCount);
    const long double total = m_binSum.approximate();
    const LinearSpread spread(static_cast<double>((total / count - start) / (unit * width)));
    uint32_t low = 0, high = width - 1;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const double t = static_cast<double>(middle) / width;
        Tally tally;
        const auto inside = static_cast<uint64_t>(count * spread.countBelow(t));
        tally.atOrBelow = m_below + inside;
        tally.above = m_atOrAbove - inside;
        const long double below = count * (start * spread.countBelow(t) + unit * width * spread.sumBelow(t));
        tally.sumAbove = m_sumAtOrAbove - WideInt::truncated(std::min(below, total * (1 - 0x1p-60L)));
        if (m_predicate->holds(first + middle, tally))
            high = middle;
        else
            low = middle + 1;
    }
    return first + std::clamp(low, values / 2, width - values / 2) - values / 2;
}

bool MagnitudeSearch::advance(const CountedWindow& window) {
    const uint32_t shift = shiftOf(window.first);
    std::vector<uint64_t> counts = {0};  // of the values before each in the window
    std::vector<Uint128> sums = {0};     // their significands
    for (size_t i = 0; i < window.counts.size(); ++i) {
        counts.push_back(counts.back() + window.counts[i]);
        sums.push_back(sums.back() +
                       Uint128{window.counts[i]} * significandOf(window.first + static_cast<uint32_t>(i)));
    }
    const uint32_t bin = m_prefix << shaders::level1RestBits;
    WideInt sumAboveWindow = WideInt().addShifted(window.countAbove, shift) * significandOf(bin);
    sumAboveWindow.addShifted(window.restsAbove, shift);
    const uint64_t belowWindow = m_binCount - window.countAbove - counts.back();
    const WideInt sumAboveBin = m_sumAtOrAbove - m_binSum;
    // Of magnitudes from the window's i-th value on.
    const auto sumFrom = [&](size_t i) {
        const Uint128 inWindow = sums.back() - sums[i];
        WideInt sum = sumAboveBin + sumAboveWindow;
        sum.addShifted(static_cast<uint64_t>(inWindow), shift);
        return sum.addShifted(static_cast<uint64_t>(inWindow >> 64), shift + 64);
    };
    // i values of the window at or below.
    const auto holds = [&](size_t i) {
        const uint64_t inside = belowWindow + counts[i];
        return m_predicate->holds(window.first + static_cast<uint32_t>(i) - 1,
                                  {m_below + inside, m_atOrAbove - inside, sumFrom(i)});
    };
    const bool isBelow = window.first > bin && holds(0);
    if (isBelow || !holds(window.counts.size())) return false;
    size_t low = 1, high = window.counts.size();
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (holds(middle))
            high = middle;
        else
            low = middle + 1;
    }
    m_bits = window.first + static_cast<uint32_t>(low) - 1;
    const uint64_t below = belowWindow + counts[low - 1];
    m_sumAtOrAbove = sumFrom(low - 1);
    m_below += below;
    m_atOrAbove -= below;
    m_level = 0;
    return true;
}

}  // namespace quant
