#include "quant/profile.h"

#include "quant/float_bits.h"
#include "shaders/profile.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace quant {

static_assert(Profile::binsPerSide == shaders::binsPerSide && Profile::finiteBins == shaders::infBin);

namespace {

constexpr uint32_t restMask = (1u << shaders::level1RestBits) - 1;

uint32_t orderKey(uint32_t bits) {
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}
float fromOrderKey(uint32_t key) {
    return std::bit_cast<float>(key >> 31 ? key & 0x7fffffffu : ~key);
}

// Sum of a bin in units: each element is the bin's first magnitude plus its rest.
WideInt binSum(uint32_t bin, uint64_t count, uint64_t rests) {
    const uint32_t first = bin << shaders::level1RestBits;
    const uint32_t shift = shiftOf(first);
    WideInt sum = WideInt().addShifted(count, shift) * significandOf(first);
    return sum.addShifted(rests, shift);
}

}  // namespace

Profile::Profile() = default;

void Profile::add(float x) {
    const uint32_t bits = std::bit_cast<uint32_t>(x);
    uint32_t magnitude = bits & 0x7fffffffu;
    const uint32_t side = (bits >> 31) * binsPerSide;
    if (magnitude < infinityBits) {
        m_maxKey = std::max(m_maxKey, orderKey(bits));
        m_minKey = std::max(m_minKey, ~orderKey(bits));
    }
    if (magnitude == 0) {
        ++m_counts[shaders::zeroBin];
        return;
    }
    if (magnitude > infinityBits) magnitude = shaders::nanBin << shaders::level1RestBits;
    ++m_counts[side + (magnitude >> shaders::level1RestBits)];
    m_rests[side + (magnitude >> shaders::level1RestBits)] += magnitude & restMask;
}

Profile& Profile::operator+=(const Profile& other) {
    std::ranges::transform(m_counts, other.m_counts, m_counts.begin(), std::plus());
    std::ranges::transform(m_rests, other.m_rests, m_rests.begin(), std::plus());
    m_maxKey = std::max(m_maxKey, other.m_maxKey);
    m_minKey = std::max(m_minKey, other.m_minKey);
    return *this;
}

Profile Profile::fromWords(std::span<const uint32_t> words) {
    Profile profile;
    const auto wide = [&](size_t word) { return words[word] | uint64_t{words[word + 1]} << 32; };
    for (size_t i = 0; i < 2 * binsPerSide; ++i) {
        profile.m_counts[i] = wide(2 * i);
        profile.m_rests[i] = wide(shaders::profileCountWords + 2 * i);
    }
    profile.m_maxKey = words[shaders::profileMaxKeyWord];
    profile.m_minKey = words[shaders::profileMinKeyWord];
    return profile;
}

SparseProfile Profile::sparse() const {
    SparseProfile sparse{{}, m_maxKey, m_minKey};
    for (uint32_t i = 0; i < 2 * binsPerSide; ++i) {
        if (m_counts[i] > 0) sparse.bins.push_back({i, m_counts[i], m_rests[i]});
    }
    return sparse;
}

Profile Profile::fromSparse(const SparseProfile& sparse) {
    Profile profile;
    for (const auto& [index, count, rests] : sparse.bins) {
        profile.m_counts[index] = count;
        profile.m_rests[index] = rests;
    }
    profile.m_maxKey = sparse.maxKey;
    profile.m_minKey = sparse.minKey;
    return profile;
}

uint64_t Profile::count(uint32_t bin, Sides sides) const {
    return (sides != Sides::Negative ? m_counts[bin] : 0) +
           (sides != Sides::Positive ? m_counts[binsPerSide + bin] : 0);
}

WideInt Profile::sum(uint32_t bin, Sides sides) const {
    const uint64_t rests = (sides != Sides::Negative ? m_rests[bin] : 0) +
                           (sides != Sides::Positive ? m_rests[binsPerSide + bin] : 0);
    return binSum(bin, count(bin, sides), rests);
}

uint64_t Profile::elements() const {
    uint64_t total = 0;
    for (const uint64_t count : m_counts) total += count;
    return total;
}

uint64_t Profile::zeros() const {
    return count(shaders::zeroBin, Sides::Both);
}
uint64_t Profile::infinities() const {
    return count(shaders::infBin, Sides::Both);
}
uint64_t Profile::notNumbers() const {
    return count(shaders::nanBin, Sides::Both);
}

uint64_t Profile::nonzero(Sides sides) const {
    uint64_t total = 0;
    for (uint32_t bin = 0; bin < finiteBins; ++bin) total += count(bin, sides);
    return total;
}

bool Profile::hasNegative() const {
    return nonzero(Sides::Both) != nonzero(Sides::Positive);
}

// An order key is never 0 for a finite element, nor is its complement: 0 means that there is none.
float Profile::min() const {
    return m_minKey == 0 ? 0.0f : fromOrderKey(~m_minKey);
}
float Profile::max() const {
    return m_maxKey == 0 ? 0.0f : fromOrderKey(m_maxKey);
}
float Profile::absmax() const {
    return fromBits(std::max(magnitudeBits(min()), magnitudeBits(max())));
}

double Profile::mean() const {
    WideInt positive, negative;
    for (uint32_t bin = 0; bin < finiteBins; ++bin) {
        positive += sum(bin, Sides::Positive);
        negative += sum(bin, Sides::Negative);
    }
    const bool below = positive < negative;
    const WideInt difference = below ? negative - positive : positive - negative;
    const long double mean =
        finite() == 0 ? 0 : difference.approximate() * oneUnit / static_cast<long double>(finite());
    return static_cast<double>(below ? -mean : mean);
}

double Profile::meanMagnitude(Sides sides) const {
    WideInt total;
    for (uint32_t bin = 0; bin < finiteBins; ++bin) total += sum(bin, sides);
    const uint64_t elements = nonzero(sides);
    return elements == 0
               ? 0
               : static_cast<double>(total.approximate() * oneUnit / static_cast<long double>(elements));
}

}  // namespace quant
