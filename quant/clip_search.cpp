#include "quant/clip_search.h"

#include "quant/clip_estimate.h"
#include "quant/entropy.h"
#include "quant/error_search.h"
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

namespace {

// A request answered by descending the levels of the profile; affine formats ask for both ends.
struct Descent {
    size_t index;  // of the request
    Sides sides;
    std::unique_ptr<MagnitudePredicate> predicate;
    MagnitudeSearch search;
};

Descent descentOf(size_t index, Sides sides, std::unique_ptr<MagnitudePredicate> predicate,
                  const Profile& profile) {
    MagnitudeSearch search(profile, sides, *predicate);
    return {index, sides, std::move(predicate), std::move(search)};
}

uint64_t elementsOffSide(const Profile& profile, Sides sides) {
    return profile.finite() - profile.nonzero(sides);
}

std::vector<Descent> descentsOf(size_t index, const ClipRequest& request, const Profile& profile) {
    std::vector<Descent> descents;
    if (request.isOctav()) {
        auto predicate = std::make_unique<OctavPredicate>(request.inverseNoiseFactor());
        descents.push_back(descentOf(index, request.sides(), std::move(predicate), profile));
        return descents;
    }
    const uint64_t rank = request.method.percentile->rank(profile.finite());
    const std::vector<Sides> ends =
        request.format.isAffine ? std::vector{Sides::Positive, Sides::Negative} : std::vector{Sides::Both};
    for (const Sides sides : ends) {
        const uint64_t others = elementsOffSide(profile, sides);
        if (rank <= others) continue;  // the answer is zero
        descents.push_back(descentOf(index, sides, std::make_unique<RankPredicate>(rank, others), profile));
    }
    return descents;
}

void takeAnswer(Clip& clip, const Descent& descent, const ClipRequest& request) {
    const MagnitudeSearch& search = descent.search;
    if (request.isOctav()) {
        clip.high = octavRoot(search.bits(), search.below(), search.atOrAbove(), search.sumAtOrAbove(),
                              request.inverseNoiseFactor());
    } else if (descent.sides == Sides::Negative) {
        clip.low = -fromBits(search.bits());
    } else {
        clip.high = fromBits(search.bits());
    }
}

// Splits every bin that a descent at `level` asks for, each once, and lets the descents go on.
void advanceAll(std::vector<Descent>& descents, uint32_t level, ProfilePass& profiles, TensorStream& stream) {
    for (const Sides sides : {Sides::Both, Sides::Positive, Sides::Negative}) {
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
    for (const Sides sides : {Sides::Both, Sides::Positive, Sides::Negative}) {
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

}  // namespace

std::vector<Clip> ClipSearch::findExact(TensorStream& stream, const Profile& profile,
                                        std::span<const ClipRequest> requests) {
    std::vector<Clip> clips(requests.size());
    std::vector<Descent> descents;
    // Every answer is the one value, and counting it would mean as many atomics on one address.
    const bool isConstant = profile.min() == profile.max();
    for (size_t i = 0; i < requests.size(); ++i) {
        const auto& [method, format] = requests[i];
        const ClipWay way = ruleOf(requests[i]).way;
        const bool isExact = way == ClipWay::Rank || way == ClipWay::Root || way == ClipWay::TwoSided;
        if (profile.nonzero(format.isAffine ? Sides::Both : requests[i].sides()) == 0) continue;
        if (isExact && (isConstant || method.kind == MethodKind::Max)) {
            clips[i] = largestClip(profile, format);
        } else if (way == ClipWay::Rank || way == ClipWay::Root) {
            std::ranges::move(descentsOf(i, requests[i], profile), std::back_inserter(descents));
        } else if (way == ClipWay::TwoSided) {
            clips[i] = twoSidedOctavClip(ProfileError(profile), format);
        } else if (way == ClipWay::Mean) {
            // Σ(|x| - s)² is least at the mean magnitude, zeros counted.
            clips[i].high = static_cast<float>(
                profile.meanMagnitude(Sides::Both) *
                (static_cast<double>(profile.nonzero(Sides::Both)) / static_cast<double>(profile.finite())));
        }
    }
    advanceByWindows(descents, m_profiles, stream);
    advanceAll(descents, 2, m_profiles, stream);
    advanceAll(descents, 3, m_profiles, stream);
    for (const Descent& descent : descents)
        takeAnswer(clips[descent.index], descent, requests[descent.index]);
    return clips;
}

// All formats of one sign share one count.
void ClipSearch::findByEntropy(TensorStream& stream, const Profile& profile,
                               std::span<const ClipRequest> requests, std::vector<Clip>& clips) {
    for (const Sides sides : {Sides::Both, Sides::Positive}) {
        LinearHistogram counts;
        for (size_t i = 0; i < requests.size(); ++i) {
            const NumberFormat& format = requests[i].format;
            if (ruleOf(requests[i]).way != ClipWay::Entropy || requests[i].sides() != sides) continue;
            clips[i] = largestClip(profile, format);
            const float largest = clips[i].high;
            // Nothing to choose: no element, one value, or more levels than bins.
            const bool isFixed = largest == 0 || profile.min() == profile.max();
            if (isFixed || entropyLevels(format) >= linearBins) continue;
            if (counts.empty()) counts = m_profiles.linearHistograms().count(stream, sides, largest);
            clips[i].high = entropyClip(counts, format, largest);
            stream.device().pace();
        }
    }
}

ClipRule ClipSearch::ruleOf(const ClipRequest& request) const {
    return quant::ruleOf(request, m_metric != nullptr ? m_metric->kind() : MetricKind::Mse);
}

std::vector<double> ClipSearch::measure(TensorStream& stream, const Profile& profile,
                                        std::span<const TriedGrid> grids) {
    if (m_metric != nullptr) return m_metric->measure(stream, profile.absmax(), grids);
    std::vector<ClippedGrid> candidates;
    for (const TriedGrid& tried : grids) candidates.push_back(tried.grid);
    std::vector<double> errors;
    for (const MeasuredError& error : m_errors.measure(stream, profile.absmax(), candidates))
        errors.push_back(error.squared);
    return errors;
}

// The requests that only measuring answers.
void ClipSearch::findByError(TensorStream& stream, const Profile& profile,
                             std::span<const ClipRequest> requests, std::vector<Clip>& clips) {
    std::vector<ErrorQuestion> questions;
    std::vector<size_t> indices;
    for (size_t i = 0; i < requests.size(); ++i) {
        const auto [way, rounding] = ruleOf(requests[i]);
        if (way != ClipWay::Least && way != ClipWay::LeastModelled) continue;
        const bool isMse = requests[i].method.kind == MethodKind::Mse;
        questions.push_back({.format = rounding == ScaleRounding::None ? requests[i].format
                                                                       : withFreeScale(requests[i].format),
                             .isThorough = isMse || m_metric != nullptr,
                             .isModelled = way == ClipWay::LeastModelled});
        indices.push_back(i);
    }
    if (questions.empty()) return;
    const auto found =
        clipsOfLeastError([&](std::span<const TriedGrid> grids) { return measure(stream, profile, grids); },
                          profile, questions);
    for (size_t i = 0; i < indices.size(); ++i) clips[indices[i]] = found[i];
}

// Scales that must be powers of two, and those that the format fixes.
void ClipSearch::roundScales(TensorStream& stream, const Profile& profile,
                             std::span<const ClipRequest> requests, std::vector<Clip>& clips) {
    std::vector<TriedGrid> candidates;
    std::vector<size_t> indices;
    for (size_t i = 0; i < requests.size(); ++i) {
        const auto [way, rounding] = ruleOf(requests[i]);
        const NumberFormat& format = requests[i].format;
        if (way == ClipWay::Fixed) clips[i] = {ClippedGrid::at(format, 0).clip};
        if (rounding == ScaleRounding::None || clips[i].high == 0) continue;
        const auto [below, above] = powerOfTwoClips(format, clips[i].high);
        clips[i].high = above;
        if (rounding == ScaleRounding::Up) continue;
        candidates.push_back({{format, below}});
        candidates.push_back({{format, above}});
        indices.push_back(i);
    }
    if (candidates.empty()) return;
    const auto errors = measure(stream, profile, candidates);
    for (size_t i = 0; i < indices.size(); ++i) {
        const bool isBelow = errors[2 * i] < errors[2 * i + 1];
        clips[indices[i]].high = candidates[2 * i + (isBelow ? 0 : 1)].grid.clip;
    }
}

std::vector<Clip> ClipSearch::find(TensorStream& stream, const Profile& profile,
                                   std::span<const ClipRequest> requests) {
    std::vector<Clip> clips = findExact(stream, profile, requests);
    findByEntropy(stream, profile, requests, clips);
    findByError(stream, profile, requests, clips);
    roundScales(stream, profile, requests, clips);
    return clips;
}

}  // namespace quant
