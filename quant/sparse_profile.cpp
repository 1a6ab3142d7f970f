#include "quant/sparse_profile.h"

#include "quant/float_bits.h"
#include "shaders/profile.h"

#include <format>
#include <optional>
#include <utility>

namespace quant {

namespace {

constexpr uint64_t restMask = (uint64_t{1} << shaders::level1RestBits) - 1;
constexpr uint32_t sideBins = shaders::binsPerSide;

bool isKnown(uint32_t index) {
    const uint32_t bin = index % sideBins;
    return index < 2 * sideBins && (bin <= shaders::nanBin || index == shaders::zeroBin);
}

bool isFinite(uint32_t index) {
    return index % sideBins < shaders::infBin;
}

std::optional<std::string> problemOf(const ProfileBin& bin) {
    if (!isKnown(bin.index)) return std::format("{} is not the index of a bin", bin.index);
    if (bin.count == 0) return "a bin that is listed holds nothing";
    if (bin.count > maxProfileElements) return std::format("a count of {} is above 2^44", bin.count);
    const uint64_t most = isFinite(bin.index) ? bin.count * restMask : 0;
    if (bin.rests > most) return std::format("{} elements cannot add up to {}", bin.count, bin.rests);
    // Zeros are counted apart: in the lowest bin every element has a rest.
    if (bin.index % sideBins == 0 && bin.rests < bin.count)
        return std::format("{} subnormal elements cannot add up to {}", bin.count, bin.rests);
    return {};
}

// The order keys that elements of a bin can have.
struct KeyRange {
    uint32_t low, high;
};

KeyRange keysOf(uint32_t index) {
    if (index == shaders::zeroBin) return {0x7fffffffu, 0x80000000u};
    const uint32_t bin = index % sideBins;
    const uint32_t first = bin == 0 ? 1 : bin << shaders::level1RestBits;
    const uint32_t last = (bin << shaders::level1RestBits) | static_cast<uint32_t>(restMask);
    if (index < sideBins) return {first | 0x80000000u, last | 0x80000000u};
    return {~(last | 0x80000000u), ~(first | 0x80000000u)};
}

// What is known of the elements of a bin: an element of the least and one of the greatest rest.
struct KnownRests {
    std::optional<uint64_t> least, greatest;
};

// Whether a bin's elements can have the sum of rests that it holds.
bool fits(const ProfileBin& bin, const KnownRests& known) {
    if (bin.index == shaders::zeroBin) return true;
    const uint64_t least = known.least.value_or(bin.index % sideBins == 0 ? 1 : 0);
    const uint64_t greatest = known.greatest.value_or(restMask), others = bin.count - 1;
    const uint64_t lowest = (known.greatest ? greatest : least) + others * least;
    const uint64_t highest = (known.least ? least : greatest) + others * greatest;
    return bin.rests >= lowest && bin.rests <= highest;
}

// The known rest of a bin that holds the largest element (in value), or the smallest.
KnownRests knownOf(const ProfileBin& bin, uint32_t key, bool isLargest) {
    const bool isPositive = bin.index < sideBins;
    const uint64_t rest = (isPositive ? key : ~key) & restMask;
    if (isPositive == isLargest) return {{}, rest};
    return {rest, {}};
}

std::optional<ProfileFlaw> flawOfKeys(const SparseProfile& profile) {
    const ProfileBin *lowest = nullptr, *highest = nullptr;
    const auto keyOrder = [](const ProfileBin& bin) { return keysOf(bin.index).high; };
    for (const ProfileBin& bin : profile.bins) {
        if (!isFinite(bin.index) && bin.index != shaders::zeroBin) continue;
        if (!lowest || keyOrder(bin) < keyOrder(*lowest)) lowest = &bin;
        if (!highest || keyOrder(bin) > keyOrder(*highest)) highest = &bin;
    }
    const uint32_t largest = profile.maxKey, smallest = ~profile.minKey;
    if (!highest) {
        if (profile.maxKey == 0 && profile.minKey == 0) return {};
        return ProfileFlaw{"max", "no element is finite", {}};
    }
    const auto isIn = [](uint32_t key, const ProfileBin& bin) {
        return key >= keysOf(bin.index).low && key <= keysOf(bin.index).high;
    };
    if (!isIn(largest, *highest)) return ProfileFlaw{"max", "the largest element is in none of the bins", {}};
    if (!isIn(smallest, *lowest))
        return ProfileFlaw{"min", "the smallest element is in none of the bins", {}};
    if (smallest > largest) return ProfileFlaw{"min", "the smallest element is above the largest", {}};
    const auto at = [&](const ProfileBin* bin) { return static_cast<size_t>(bin - profile.bins.data()); };
    const KnownRests top = knownOf(*highest, largest, true), bottom = knownOf(*lowest, smallest, false);
    if (!fits(*highest, top))
        return ProfileFlaw{"max", "the largest element does not fit its bin's sum", at(highest)};
    if (!fits(*lowest, bottom))
        return ProfileFlaw{"min", "the smallest element does not fit its bin's sum", at(lowest)};
    if (highest != lowest) return {};
    const KnownRests both = {top.least ? top.least : bottom.least,
                             top.greatest ? top.greatest : bottom.greatest};
    if ((highest->count == 1 && smallest != largest) || !fits(*highest, both))
        return ProfileFlaw{"min", "the smallest and the largest element do not fit their bin", at(lowest)};
    return {};
}

}  // namespace

uint64_t SparseProfile::elements() const {
    uint64_t total = 0;
    for (const ProfileBin& bin : bins) total += bin.count;
    return total;
}

std::optional<ProfileFlaw> flawOf(const SparseProfile& profile) {
    uint64_t total = 0;
    for (size_t i = 0; i < profile.bins.size(); ++i) {
        const ProfileBin& bin = profile.bins[i];
        if (i > 0 && bin.index <= profile.bins[i - 1].index)
            return ProfileFlaw{"bins", "the bins are not in rising order", i};
        if (auto problem = problemOf(bin)) return ProfileFlaw{"bins", std::move(*problem), i};
        total += bin.count;
        if (total > maxProfileElements) return ProfileFlaw{"bins", "the counts add up to more than 2^44", i};
    }
    return flawOfKeys(profile);
}

}  // namespace quant
