#pragma once

#include <array>
#include <cmath>
#include <compare>
#include <cstdint>

namespace quant {

__extension__ using Uint128 = unsigned __int128;

// An unsigned integer of 384 bits, enough for any exact sum of float magnitudes in units of 2^-149 (277
// bits), over 2^44 elements, times a 36-bit factor. Overflow is a bug of the caller.
class WideInt {
public:
    constexpr WideInt() = default;
    constexpr explicit WideInt(uint64_t value) { m_limbs[0] = value; }

    // this += value * 2^shift.
    constexpr WideInt& addShifted(uint64_t value, uint32_t shift) {
        const Uint128 wide = static_cast<Uint128>(value) << (shift % 64);
        uint32_t i = shift / 64;
        Uint128 carry = wide;
        for (; i < limbs && carry != 0; ++i) {
            const Uint128 sum = static_cast<Uint128>(m_limbs[i]) + static_cast<uint64_t>(carry);
            m_limbs[i] = static_cast<uint64_t>(sum);
            carry = (carry >> 64) + static_cast<uint64_t>(sum >> 64);
        }
        return *this;
    }

    constexpr WideInt& operator+=(const WideInt& other) {
        uint64_t carry = 0;
        for (uint32_t i = 0; i < limbs; ++i) {
            const Uint128 sum = static_cast<Uint128>(m_limbs[i]) + other.m_limbs[i] + carry;
            m_limbs[i] = static_cast<uint64_t>(sum);
            carry = static_cast<uint64_t>(sum >> 64);
        }
        return *this;
    }

    // other <= this.
    constexpr WideInt& operator-=(const WideInt& other) {
        uint64_t borrow = 0;
        for (uint32_t i = 0; i < limbs; ++i) {
            const Uint128 difference = static_cast<Uint128>(m_limbs[i]) - other.m_limbs[i] - borrow;
            m_limbs[i] = static_cast<uint64_t>(difference);
            borrow = static_cast<uint64_t>(difference >> 64) & 1;
        }
        return *this;
    }

    constexpr WideInt& operator*=(uint64_t factor) {
        uint64_t carry = 0;
        for (uint64_t& limb : m_limbs) {
            const Uint128 product = static_cast<Uint128>(limb) * factor + carry;
            limb = static_cast<uint64_t>(product);
            carry = static_cast<uint64_t>(product >> 64);
        }
        return *this;
    }

    friend constexpr WideInt operator+(WideInt a, const WideInt& b) { return a += b; }
    friend constexpr WideInt operator-(WideInt a, const WideInt& b) { return a -= b; }
    friend constexpr WideInt operator*(WideInt a, uint64_t factor) { return a *= factor; }

    friend constexpr bool operator==(const WideInt&, const WideInt&) = default;
    friend constexpr std::strong_ordering operator<=>(const WideInt& a, const WideInt& b) {
        for (uint32_t i = limbs; i-- > 0;) {
            if (a.m_limbs[i] != b.m_limbs[i]) return a.m_limbs[i] <=> b.m_limbs[i];
        }
        return std::strong_ordering::equal;
    }

    // this * 2^shift.
    constexpr WideInt shiftedLeft(uint32_t shift) const {
        WideInt result;
        for (uint32_t i = 0; i < limbs; ++i) result.addShifted(m_limbs[i], shift + 64 * i);
        return result;
    }

    constexpr bool isZero() const { return *this == WideInt(); }

    // The integer part of a value of at least 0, as far as its 64-bit significand goes.
    static WideInt truncated(long double value) {
        int exponent = 0;
        const long double fraction = std::frexp(value, &exponent);
        if (exponent <= 64) return WideInt(static_cast<uint64_t>(value));
        return WideInt().addShifted(static_cast<uint64_t>(std::ldexp(fraction, 64)),
                                    static_cast<uint32_t>(exponent - 64));
    }

    // Within a few units in the last place; long double, since the value can exceed the range of double.
    constexpr long double approximate() const {
        long double value = 0;
        for (uint32_t i = limbs; i-- > 0;)
            value = value * 18446744073709551616.0L + static_cast<long double>(m_limbs[i]);
        return value;
    }

private:
    static constexpr uint32_t limbs = 6;
    std::array<uint64_t, limbs> m_limbs{};
};

}  // namespace quant
