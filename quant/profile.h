#pragma once

#include "quant/sparse_profile.h"
#include "quant/wide_int.h"

#include <array>
#include <cstdint>
#include <span>

namespace quant {

// Which elements a question is about: all by magnitude, or only those above zero (unsigned grids) or below.
enum class Sides : uint32_t { Positive = 1, Negative = 2, Both = 3 };

// The mergeable magnitude histogram of a tensor, indexed by the bits of the float: |x| with bit pattern m
// falls into bin m >> 20 of its side, which keeps the count and the sum of the remaining 20 bits. All
// integers: the same for every order and split of the data, and profiles of parts add up to the profile of
// the whole.
class Profile {
public:
    static constexpr uint32_t binsPerSide = 2048;
    static constexpr uint32_t finiteBins = 2040;  // bins of finite magnitudes; zero is in none of them

    Profile();

    void add(float x);  // the reference for the kernels; tests and small data use it
    Profile& operator+=(const Profile& other);
    bool operator==(const Profile&) const = default;

    // Reads the words that the profile kernels write (layout in shaders/profile.h).
    static Profile fromWords(std::span<const uint32_t> words);

    // The occupied bins alone, and back: flawOf() must have found nothing in them.
    SparseProfile sparse() const;
    static Profile fromSparse(const SparseProfile& sparse);

    uint64_t count(uint32_t bin, Sides sides) const;
    // Sum of the elements of a bin (0 to finiteBins - 1), exactly, in units of 2^-149.
    WideInt sum(uint32_t bin, Sides sides) const;

    uint64_t elements() const;
    uint64_t zeros() const;
    uint64_t infinities() const;
    uint64_t notNumbers() const;
    uint64_t finite() const { return elements() - infinities() - notNumbers(); }
    uint64_t nonzero(Sides sides) const;  // finite and not zero
    bool hasNegative() const;             // a finite element below zero

    // Of the finite elements; 0 when there are none.
    float min() const;
    float max() const;
    float absmax() const;
    double mean() const;
    // Mean magnitude of the nonzero finite elements on the sides; 0 when there are none.
    double meanMagnitude(Sides sides) const;

private:
    // Index: side * binsPerSide + bin; side 0 is positive.
    std::array<uint64_t, 2 * binsPerSide> m_counts{};
    std::array<uint64_t, 2 * binsPerSide> m_rests{};
    uint32_t m_maxKey = 0, m_minKey = 0;  // as in shaders/compute/profile_elements.glsl
};

}  // namespace quant
