#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

// How the values of a format are spaced.
enum class Spacing : uint8_t {
    Uniform,  // integers
    Float,    // sign, exponent, mantissa, gradual underflow; without mantissa bits: zero and powers of two
    Binary,   // -1 and 1
};

// What scales a format may have.
enum class ScaleRule : uint8_t {
    Free,        // any float
    PowerOfTwo,  // dynamic fixed point
    Fixed,       // 2^fixedExponent, whatever the data: casts and Qm.n
    E8M0,        // per block of blockSize elements a power of two (OCP MX 1.0)
    E4M3,        // per block an fp8-e4m3 value, times one float for the tensor (NVFP4)
};

// A number format: the set of element values, in units of a scale, that `bits` bits can say. A tensor's value
// is scale · element, or scale · (code - zero point) where the format is affine. Sources: OCP 8-bit Floating
// Point Specification 1.0 (e4m3, e5m2); OCP Microscaling Formats (MX) Specification 1.0 (e2m3, e3m2, e2m1,
// e8m0, blocks of 32); NVFP4 as NVIDIA describes it for Blackwell (blocks of 16).
struct NumberFormat {
    uint32_t bits = 8;  // 1 to 16; tf32: 19
    bool isSigned = true;
    Spacing spacing = Spacing::Uniform;
    bool isFull = false;    // signed integers: -2^(B-1) too (two's complement); else -qmax..qmax
    bool isAffine = false;  // integers with a zero point; full range
    uint32_t exponentBits = 0, mantissaBits = 0;  // of Float
    ScaleRule scaleRule = ScaleRule::Free;
    int32_t fixedExponent = 0;  // of ScaleRule::Fixed
    uint32_t blockSize = 0;     // of the two block rules

    bool operator==(const NumberFormat&) const = default;

    // "int8", "uint4", "int8-full", "uint8-affine", "int8-pow2", "q3.4", "uq4.4", "pot4", "binary",
    // "fp8-e4m3", "bf16", "mxfp4", "nvfp4".
    std::string name() const;

    // Smallest and largest element value (affine: code), finite ones only.
    double smallest() const;
    double largest() const;
    // The element value at the clip: scale = clip / clipLevel(). The largest, but for two's complement
    // 2^(B-1).
    double clipLevel() const { return isFull && isSigned ? -smallest() : largest(); }
    // Exponent of the smallest normal number; below it the spacing stays. Float only.
    int32_t smallestExponent() const;
    // Distance from an element value of that magnitude to the next.
    double spacingAt(double magnitude) const;

    // Float32's own exponents: rounds alike at every power of two.
    bool hasFloatExponents() const { return exponentBits == 8; }
    bool isBlockScaled() const { return blockSize > 0; }
    bool hasZeroPoint() const { return isAffine; }
    // What an element costs with its share of the block's scale: 4.25 for mxfp4.
    double bitsPerElement() const { return bits + (blockSize > 0 ? 8.0 / blockSize : 0.0); }
    // The scale, where the data do not decide it.
    std::optional<double> fixedScale() const;

    // Whether the modelled error has the closed form γ s² of a uniform grid around zero.
    bool hasNoiseFactor() const { return spacing == Spacing::Uniform && !isAffine; }
    // 1/γ where γ·s² is the rounding error's variance at clip s; needs hasNoiseFactor(). At most 2^36.
    uint64_t inverseNoiseFactor() const;
    // 1/γ as the OCTAV paper has it, without regard to the narrow range: 3·4^B signed, 12·4^B unsigned.
    uint64_t paperInverseNoiseFactor() const { return (isSigned ? 3ull : 12ull) << (2 * bits); }

    // The element value nearest to y, ties to the even code (between two powers of two of a format without
    // mantissa to the larger), saturating; binary: the sign, 1 for zero. NaN: NaN in a Float that has one, 1
    // in binary, else 0. Not for affine formats, whose zero point decides.
    double quantize(double y) const;

    // The code of an element value that quantize() returned: integers in two's complement, floats as sign,
    // exponent, mantissa (NaN where there is one, else 0), binary 1 for +1 and 0 for -1. Only the low `bits`
    // bits are set.
    uint32_t encode(double element) const;
    // The element value of a code; NaN and infinities where the format has them.
    double decode(uint32_t code) const;

    // Every finite element value from zero up, ascending: 261,120 of tf32, else at most 65,536. Not for
    // affine formats.
    std::vector<double> positiveLevels() const;
    // How many they are, for next to nothing.
    uint64_t positiveLevelCount() const;
};

constexpr uint32_t minGridBits = 1, maxGridBits = 16;

// The integers of B bits, narrow range where signed; one signed bit is binary. bits: 1 to 16.
NumberFormat integerFormat(uint32_t bits, bool isSigned);

// Parses a name as NumberFormat::name gives it, "ternary" (int2), "e4m3" and the like without their prefix.
// Throws std::invalid_argument, with the names there are.
NumberFormat numberFormatFrom(std::string_view text);

// Examples of every family that numberFormatFrom takes, for help and did-you-mean.
const std::vector<std::string>& numberFormatNames();

}  // namespace quant
