#pragma once

#include <cstdint>

namespace quant {

// A uniform integer grid around zero: signed with narrow range (-qmax..qmax, qmax = 2^(B-1) - 1) or unsigned
// (0..qmax, qmax = 2^B - 1). The step is clip / qmax. bits: 2 to 16.
struct UniformGrid {
    uint32_t bits = 8;
    bool isSigned = true;

    constexpr int32_t qmax() const { return isSigned ? (1 << (bits - 1)) - 1 : (1 << bits) - 1; }
    constexpr int32_t qmin() const { return isSigned ? -qmax() : 0; }
    // 1/γ where γ·s² is the rounding error's variance at clip s: 12 qmax².
    constexpr uint64_t inverseNoiseFactor() const {
        return 12 * static_cast<uint64_t>(qmax()) * static_cast<uint64_t>(qmax());
    }
    // 1/γ as the OCTAV paper has it, without regard to the narrow range: 3·4^B signed, 12·4^B unsigned.
    constexpr uint64_t paperInverseNoiseFactor() const { return (isSigned ? 3ull : 12ull) << (2 * bits); }
    bool operator==(const UniformGrid&) const = default;
};

constexpr uint32_t minGridBits = 2, maxGridBits = 16;

}  // namespace quant
