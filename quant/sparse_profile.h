#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quant {

// A bin of a profile that holds something: its index over both sides (side · 2048 + bin, the positive side
// first), how many elements it holds and the sum of the low 20 bits of their patterns.
struct ProfileBin {
    uint32_t index = 0;
    uint64_t count = 0, rests = 0;
    bool operator==(const ProfileBin&) const = default;
};

// What a Profile is made of without its empty bins: for files, and for holding very many.
struct SparseProfile {
    std::vector<ProfileBin> bins;  // index rising, no count 0
    // Order keys of the largest and, complemented, the smallest finite element (shaders/profile.h); 0 for
    // none.
    uint32_t maxKey = 0, minKey = 0;

    bool operator==(const SparseProfile&) const = default;
    uint64_t elements() const;
};

// Profiles are exact up to this many elements: WideInt holds their sums.
constexpr uint64_t maxProfileElements = uint64_t{1} << 44;

// Why no tensor can have such a profile.
struct ProfileFlaw {
    std::string field, problem;
    std::optional<size_t> bin;  // of SparseProfile::bins
};
std::optional<ProfileFlaw> flawOf(const SparseProfile& profile);

}  // namespace quant
