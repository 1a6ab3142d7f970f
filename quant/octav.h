#pragma once

#include "quant/magnitude_query.h"
#include "quant/profile.h"

#include <cstdint>
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

// The recursion s_{n+1} = Σ_{|x|>s}|x| / (γ·#{0<|x|<=s} + #{|x|>s}) from s_1 = Σ|x| / #{x≠0} until it moves
// by less than one part in 2^22, 64 steps at most. For display: inside the bin that s splits, elements are
// taken as evenly spread, so an iterate is off by less than the bin's width (an eighth): a few parts in a
// thousand on smooth data, more where few elements lie above the clip.
std::vector<double> octavIterates(const Profile& profile, Sides sides, uint64_t inverseNoiseFactor);

}  // namespace quant
