#include "quant/segment_root.h"

#include "quant/float_bits.h"
#include "quant/octav.h"

#include <algorithm>
#include <bit>

namespace quant {

namespace {

constexpr uint32_t significandBits = 24;

// The general case, in wide integers.
std::optional<float> settledWidely(const shaders::SegmentRoot& root, uint64_t inverseNoiseFactor) {
    const uint32_t state = root.shiftAndState >> 16, shift = root.shiftAndState & 0xffff;
    WideInt sum = WideInt().addShifted(root.sumLow, shift);
    sum.addShifted(root.sumHigh, shift + 16);
    const OctavPredicate predicate(inverseNoiseFactor);
    // h must be negative at u, and at v (after its jump, if that is where the sign changes) it must not be.
    if (root.u > 0 && predicate.holds(root.u, {root.below, root.atOrAbove, sum})) return {};
    if (state == shaders::segmentAtValue) {
        const uint64_t atV = root.atOrAbove - root.aboveV;
        const WideInt sumAbove = sum - inUnits(root.v) * atV;
        if (!predicate.holds(root.v, {root.below + atV, root.aboveV, sumAbove})) return {};
        return octavRoot(root.v, root.below, root.atOrAbove, sum, inverseNoiseFactor);
    }
    // Without a jump the root is at most v even when v itself is still counted as outside.
    if (!predicate.holds(root.v, {root.below, root.atOrAbove, sum})) return {};
    return octavRoot(root.v, root.below, root.atOrAbove, sum, inverseNoiseFactor);
}

// The usual case, in 128 bits and units of 2^(shift - 149): normal magnitudes, no jump at a value.
struct NarrowRoot {
    Uint128 numerator = 0, denominator = 0;  // the root is their quotient
    uint32_t shift = 0;

    NarrowRoot(const shaders::SegmentRoot& root, uint32_t shift_, uint64_t inverseNoiseFactor)
        : shift(shift_) {
        const uint64_t sum = root.sumLow + (uint64_t{root.sumHigh} << 16);
        numerator = Uint128{sum} * inverseNoiseFactor;
        denominator = root.below + Uint128{root.atOrAbove} * inverseNoiseFactor;
    }

    // Whether the root is at most the magnitude, whose shift is at most 40 below this one and 8 above.
    bool isAtMost(uint32_t bits) const {
        const Uint128 product = denominator * significandOf(bits);
        const uint32_t other = shiftOf(bits);
        return other >= shift ? product << (other - shift) >= numerator
                              : product >= numerator << (shift - other);
    }

    // To the nearest float, ties to even; 0 stands for a result that is not normal.
    uint32_t rounded() const {
        constexpr uint32_t guardBits = 8;
        const Uint128 scaled = numerator << guardBits;
        const auto quotient = static_cast<uint64_t>(scaled / denominator);
        const bool isExact = quotient * denominator == scaled;
        const auto width = static_cast<uint32_t>(std::bit_width(quotient));
        if (width <= significandBits || width - significandBits + shift < guardBits) return 0;
        const uint32_t dropped = width - significandBits;
        const uint64_t half = uint64_t{1} << (dropped - 1), rest = quotient & (2 * half - 1);
        uint64_t significand = quotient >> dropped;
        const bool isUp = rest > half || (rest == half && (!isExact || (significand & 1) != 0));
        significand += isUp;
        // A carry out of the significand moves on into the exponent by itself.
        return ((dropped + shift - guardBits) << 23) + static_cast<uint32_t>(significand);
    }
};

}  // namespace

std::optional<float> settledRoot(const shaders::SegmentRoot& root, uint64_t inverseNoiseFactor) {
    constexpr uint32_t narrowestShift = 40;
    const uint32_t state = root.shiftAndState >> 16, shift = root.shiftAndState & 0xffff;
    if (state == shaders::segmentEmpty) return 0.0f;
    if (state == shaders::segmentUnsolved) return {};
    const bool isNear = root.u == 0 || shiftOf(root.u) + narrowestShift >= shift;
    if (state == shaders::segmentAtValue || !isNear) return settledWidely(root, inverseNoiseFactor);
    const NarrowRoot narrow(root, shift, inverseNoiseFactor);
    if ((root.u > 0 && narrow.isAtMost(root.u)) || !narrow.isAtMost(root.v)) return {};
    const uint32_t bits = narrow.rounded();
    return bits == 0 ? settledWidely(root, inverseNoiseFactor) : fromBits(std::min(bits, root.v));
}

}  // namespace quant
