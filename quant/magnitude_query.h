#pragma once

#include "quant/profile.h"
#include "quant/wide_int.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace quant {

// What lies on either side of a magnitude f, zeros left out.
struct Tally {
    uint64_t atOrBelow = 0;  // count of 0 < |x| <= f
    uint64_t above = 0;      // count of |x| > f
    WideInt sumAbove;        // sum of |x| > f in units of 2^-149
};

// A question whose answer hangs on the smallest float magnitude f at which a monotone predicate of f turns
// true.
struct MagnitudePredicate {
    virtual ~MagnitudePredicate() = default;
    // bits: pattern of a finite magnitude f. Once true it stays true for every larger f, and it is true at
    // the largest finite magnitude.
    virtual bool holds(uint32_t bits, const Tally& tally) const = 0;
};

// The 1024 bins into which a refinement splits one bin of the level above. Sums of rests are over the bits
// below.
struct RefinedBin {
    uint32_t prefix = 0;  // magnitude bits >> 20 (level 2) or >> 10 (level 3)
    std::vector<uint64_t> counts, rests;
    RefinedBin& operator+=(const RefinedBin& other);
};

// A run of consecutive magnitudes inside one bin of the profile, counted value by value, and what lies above
// it in the bin. Sums of rests are over the low 20 bits.
struct CountedWindow {
    uint32_t first = 0;  // magnitude bits
    std::vector<uint32_t> counts;
    uint64_t countAbove = 0, restsAbove = 0;
};

// Descends from the profile to the exact answer: advance() at level 1, then with the refined bin that it
// asked for at level 2, then at level 3 (radix select). A bin without elements needs no refinement: the
// predicate's sums do not change inside it. On large tensors a window around the place where interpolation
// expects the answer replaces both refinements if the answer lies in it: advance() with a window says so.
class MagnitudeSearch {
public:
    MagnitudeSearch(const Profile& profile, Sides sides, const MagnitudePredicate& predicate);

    bool isDone() const { return m_level == 0; }
    uint32_t level() const { return m_level; }    // 2 or 3: the level of the refinement asked for
    uint32_t prefix() const { return m_prefix; }  // the bin to split
    void advance(const RefinedBin& bins);

    // At level 2: where to count a window of `values` magnitudes, and whether the answer lay in it. After a
    // miss the search stands where it stood.
    uint32_t expectedWindow(uint32_t values) const;
    bool advance(const CountedWindow& window);

    // When done: an f (as bits) in whose bin the predicate turns true; exact unless no element lies near.
    uint32_t bits() const { return m_bits; }
    // When done: count of 0 < |x| < f, count and sum of |x| >= f.
    uint64_t below() const { return m_below; }
    uint64_t atOrAbove() const { return m_atOrAbove; }
    const WideInt& sumAtOrAbove() const { return m_sumAtOrAbove; }

private:
    template <class Bins>
    void descend(const Bins& bins, uint32_t count, uint32_t restBits);

    const MagnitudePredicate* m_predicate;
    uint32_t m_level = 1, m_prefix = 0, m_bits = 0;
    uint64_t m_below = 0, m_atOrAbove = 0;  // below and from the current bin on
    WideInt m_sumAtOrAbove;
    uint64_t m_binCount = 0;  // of the current bin
    WideInt m_binSum;
};

}  // namespace quant
