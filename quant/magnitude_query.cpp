#include "quant/magnitude_query.h"

#include <algorithm>
#include <functional>

#include "quant/float_bits.h"
#include "shaders/profile.h"
#include "shaders/refine.h"

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

// Walks the bins of one level upwards to the one at whose last magnitude the predicate holds, and stops in it.
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
            const bool exact = restBits == 0 || inside == 0;
            m_level = exact ? 0 : m_level + 1;
            return;
        }
        m_below += inside;
        m_atOrAbove -= inside;
        m_sumAtOrAbove -= sum;
    }
}

}  // namespace quant
