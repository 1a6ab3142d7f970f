#pragma once

#include "quant/magnitude_query.h"
#include "quant/profile.h"
#include "quant/spread_profile.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace quant {

// OCTAV's condition for the smallest s with h(s) >= 0, evaluated in integers: with D = 1/γ,
// D·h(f) = f·#{0<|x|<=f} - D·Σ_{|x|>f}(|x| - f).
class OctavPredicate : public MagnitudePredicate {
public:
    // inverseNoiseFactor: 1/γ, at most 2^36.
    explicit OctavPredicate(uint64_t inverseNoiseFactor) : m_inverseNoiseFactor(inverseNoiseFactor) {}
    bool holds(uint32_t bits, const Tally& tally) const override;

private:
    uint64_t m_inverseNoiseFactor;
};

// The exact root min(f, S / (γ·below + atOrAbove)), correctly rounded to float. bits: pattern of f, the
// smallest magnitude at which OctavPredicate holds (or one in an empty bin around the root); sum S of |x| >=
// f in units of 2^-149. No elements: 0.
float octavRoot(uint32_t bits, uint64_t below, uint64_t atOrAbove, const WideInt& sum,
                uint64_t inverseNoiseFactor);

// The same of a profile's density: smallest float with h >= 0.
float octavRoot(const SpreadProfile& spread, uint64_t inverseNoiseFactor);

// What lies on either side of a clip s: count of 0 < |x| <= s, count and sum of |x| > s.
struct ClipSplit {
    double inside = 0, beyond = 0, sumBeyond = 0;
};

// The recursion s_{n+1} = Σ_{|x|>s}|x| / (γ·#{0<|x|<=s} + #{|x|>s}) from `first`, s_1 = Σ|x| / #{x≠0}, to the
// root of h, 64 steps at most. Around an element at which h jumps across zero it would go to and fro for
// ever: a step that does not close in on the root is replaced by the root. first 0: none.
std::vector<double> octavIterates(double first, uint64_t inverseNoiseFactor, float root,
                                  const std::function<ClipSplit(double)>& splitAt);

// From the profile's density, without another look at the data: an iterate is off by less than its bin's
// width (an eighth), and by a few parts in a thousand on smooth data. exactOctavIterates() gives the data's.
std::vector<double> octavIterates(const Profile& profile, Sides sides, uint64_t inverseNoiseFactor);

}  // namespace quant
