#include "quant/clip_search.h"

#include "quant/entropy.h"
#include "quant/float_bits.h"
#include "quant/linear_histogram.h"
#include "quant/magnitude_query.h"
#include "quant/octav.h"
#include "shaders/window.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

namespace quant {

float largestClip(const Profile& profile, const UniformGrid& grid) {
    if (grid.isSigned) return profile.absmax();
    return profile.max() > 0 ? profile.max() : 0.0f;
}

namespace {

// A request answered by descending the levels of the profile.
struct Descent {
    size_t index;  // of the request
    Sides sides;
    std::unique_ptr<MagnitudePredicate> predicate;
    MagnitudeSearch search;
};

std::unique_ptr<MagnitudePredicate> predicateFor(const ClipRequest& request, const Profile& profile) {
    if (request.isOctav()) return std::make_unique<OctavPredicate>(request.inverseNoiseFactor());
    return std::make_unique<RankPredicate>(request.method.percentile->rank(profile.finite()),
                                           profile.zeros());
}

float answer(const Descent& descent, const ClipRequest& request, const Profile& profile) {
    const MagnitudeSearch& search = descent.search;
    if (request.isOctav()) {
        return octavRoot(search.bits(), search.below(), search.atOrAbove(), search.sumAtOrAbove(),
                         request.inverseNoiseFactor());
    }
    return request.method.percentile->rank(profile.finite()) <= profile.zeros() ? 0.0f
                                                                                : fromBits(search.bits());
}

// Splits every bin that a descent at `level` asks for, each once, and lets the descents go on.
void advanceAll(std::vector<Descent>& descents, uint32_t level, ProfilePass& profiles, TensorStream& stream) {
    for (const Sides sides : {Sides::Both, Sides::Positive}) {
        std::vector<uint32_t> prefixes;
        for (const Descent& descent : descents) {
            if (descent.search.level() == level && descent.sides == sides)
                prefixes.push_back(descent.search.prefix());
        }
        std::ranges::sort(prefixes);
        prefixes.erase(std::ranges::unique(prefixes).begin(), prefixes.end());
        const auto bins = profiles.refine(stream, level, sides, prefixes);
        for (Descent& descent : descents) {
            if (descent.search.level() != level || descent.sides != sides) continue;
            descent.search.advance(*std::ranges::find(bins, descent.search.prefix(), &RefinedBin::prefix));
        }
    }
}

// From here on the window's counters cost less than the refinement's.
constexpr uint64_t windowedElements = 1 << 18;

// Disjoint windows, as the kernel needs them, for the expected ones in ascending order. The result says which
// window serves each; noWindow where none could be placed.
constexpr size_t noWindow = SIZE_MAX;
std::vector<size_t> placeWindows(const std::vector<uint32_t>& expected, std::vector<uint32_t>& firsts) {
    std::vector<size_t> serving;
    for (uint32_t first : expected) {
        constexpr uint32_t values = shaders::windowValues, binValues = 1u << 20;
        if (!firsts.empty() && first < firsts.back() + values / 2) {
            serving.push_back(firsts.size() - 1);
            continue;
        }
        if (!firsts.empty()) first = std::max(first, firsts.back() + values);
        const bool isInBin = first / binValues == (first + values - 1) / binValues;
        serving.push_back(isInBin ? firsts.size() : noWindow);
        if (isInBin) firsts.push_back(first);
    }
    return serving;
}

// One read that settles most descents at once: each counts a window around where it expects its answer.
void advanceByWindows(std::vector<Descent>& descents, ProfilePass& profiles, TensorStream& stream) {
    if (stream.elements() < windowedElements || stream.elements() >> 32 != 0) return;
    for (const Sides sides : {Sides::Both, Sides::Positive}) {
        std::vector<std::pair<uint32_t, MagnitudeSearch*>> asking;
        for (Descent& descent : descents) {
            if (descent.search.level() != 2 || descent.sides != sides) continue;
            asking.emplace_back(descent.search.expectedWindow(shaders::windowValues), &descent.search);
        }
        std::ranges::sort(asking, {}, [](const auto& pair) { return pair.first; });
        std::vector<uint32_t> expected, firsts;
        for (const auto& [first, search] : asking) expected.push_back(first);
        const auto serving = placeWindows(expected, firsts);
        const auto windows = profiles.countWindows(stream, sides, firsts);
        for (size_t i = 0; i < asking.size(); ++i) {
            // A window that was shifted to make room may lie in another bin than the search.
            if (serving[i] != noWindow && asking[i].second->prefix() == firsts[serving[i]] >> 20) {
                asking[i].second->advance(windows[serving[i]]);
            }
        }
    }
}

// Log-spaced clips from `low` to `high`, both included.
std::vector<float> logarithmic(double low, double high, size_t points) {
    std::vector<float> clips;
    for (size_t i = 0; i < points; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(points - 1);
        clips.push_back(static_cast<float>(low * std::pow(high / low, t)));
    }
    clips.back() = static_cast<float>(high);
    return clips;
}

constexpr size_t coarsePoints = 128, finePoints = 17, fineRounds = 3;

}  // namespace

std::vector<float> ClipSearch::findExact(TensorStream& stream, const Profile& profile,
                                         std::span<const ClipRequest> requests) {
    std::vector<float> clips(requests.size(), 0.0f);
    std::vector<Descent> descents;
    // Every answer is the one value, and counting it would mean as many atomics on one address.
    const bool isConstant = profile.min() == profile.max();
    for (size_t i = 0; i < requests.size(); ++i) {
        const Sides octavSides = requests[i].sides();
        const bool isEmpty = profile.nonzero(octavSides) == 0;
        if (requests[i].method.kind == MethodKind::Max) {
            clips[i] = largestClip(profile, requests[i].grid);
        } else if (requests[i].isDescended() && !isEmpty && isConstant) {
            clips[i] = profile.absmax();
        } else if (requests[i].isDescended() && !isEmpty) {
            const Sides sides = requests[i].isOctav() ? octavSides : Sides::Both;
            auto predicate = predicateFor(requests[i], profile);
            MagnitudeSearch search(profile, sides, *predicate);
            descents.push_back({i, sides, std::move(predicate), std::move(search)});
        }
    }
    advanceByWindows(descents, m_profiles, stream);
    advanceAll(descents, 2, m_profiles, stream);
    advanceAll(descents, 3, m_profiles, stream);
    for (const Descent& descent : descents)
        clips[descent.index] = answer(descent, requests[descent.index], profile);
    return clips;
}

void ClipSearch::findByEntropy(TensorStream& stream, const Profile& profile,
                               std::span<const ClipRequest> requests, std::span<float> clips) {
    for (const Sides sides : {Sides::Both, Sides::Positive}) {
        LinearHistogram counts;
        for (size_t i = 0; i < requests.size(); ++i) {
            if (requests[i].method.kind != MethodKind::Entropy || requests[i].sides() != sides) continue;
            const float largest = clips[i] = largestClip(profile, requests[i].grid);
            // Nothing to choose: no element, one value, or more levels than bins.
            const bool isFixed = largest == 0 || profile.min() == profile.max();
            if (isFixed || entropyLevels(requests[i].grid) >= linearBins) continue;
            if (counts.empty()) counts = m_profiles.linearHistograms().count(stream, sides, largest);
            clips[i] = entropyClip(counts, requests[i].grid, largest);
        }
    }
}

// For each grid the clip of least measured error: a logarithmic grid over twelve octaves below the largest
// and the clips already known, then finer grids around the best, three times.
std::vector<float> ClipSearch::findByError(TensorStream& stream, const Profile& profile,
                                           std::span<const UniformGrid> grids, std::span<const float> known) {
    std::vector<std::vector<float>> tried(grids.size());
    std::vector<float> best, tops;
    for (size_t g = 0; g < grids.size(); ++g) {
        tops.push_back(largestClip(profile, grids[g]));
        best.push_back(tops[g]);
        tried[g] = logarithmic(std::ldexp(static_cast<double>(tops[g]), -12), tops[g], coarsePoints);
        std::ranges::copy_if(known, std::back_inserter(tried[g]), [](float clip) { return clip > 0; });
    }
    std::vector<double> least(grids.size(), HUGE_VAL);
    double ratio = std::exp2(12.0 / (coarsePoints - 1));
    for (size_t round = 0; round <= fineRounds; ++round) {
        std::vector<ClippedGrid> candidates;
        for (size_t g = 0; g < grids.size(); ++g) {
            for (const float clip : tried[g]) candidates.push_back({grids[g], clip});
        }
        const auto errors = m_errors.measure(stream, profile.absmax(), candidates);
        size_t next = 0;
        for (size_t g = 0; g < grids.size(); ++g) {
            for (const float clip : tried[g]) {
                const double error = errors[next++].squared;
                if (error < least[g]) least[g] = error, best[g] = clip;
            }
            const double high = std::min<double>(best[g] * ratio, tops[g]);
            tried[g] = logarithmic(best[g] / ratio, std::max<double>(high, best[g]), finePoints);
        }
        ratio = std::pow(ratio, 2.0 / (finePoints - 1));
    }
    return best;
}

std::vector<float> ClipSearch::find(TensorStream& stream, const Profile& profile,
                                    std::span<const ClipRequest> requests) {
    std::vector<float> clips = findExact(stream, profile, requests);
    findByEntropy(stream, profile, requests, clips);
    std::vector<UniformGrid> grids;
    std::vector<size_t> indices;
    for (size_t i = 0; i < requests.size(); ++i) {
        if (requests[i].method.kind != MethodKind::Mse || largestClip(profile, requests[i].grid) == 0)
            continue;
        grids.push_back(requests[i].grid);
        indices.push_back(i);
    }
    if (grids.empty()) return clips;
    const auto found = findByError(stream, profile, grids, clips);
    for (size_t i = 0; i < indices.size(); ++i) clips[indices[i]] = found[i];
    return clips;
}

}  // namespace quant
