#include "quant/segment_search.h"

#include "engine/error.h"
#include "quant/clip_estimate.h"
#include "quant/octav.h"
#include "quant/segment_entropy.h"

#include <algorithm>

namespace quant {

namespace {

// Of one slab: bounds the results of a dispatch (32 bytes per segment and grid) and the tables of grids.
constexpr uint64_t segmentsPerSlab = 1 << 16;
// Kernels index a slab's elements with 32 bits.
constexpr uint64_t elementsPerSlab = uint64_t{1} << 30;

void add(std::vector<MeasuredError>& totals, std::span<const MeasuredError> errors) {
    for (size_t i = 0; i < totals.size(); ++i) {
        totals[i].squared += errors[i].squared;
        totals[i].clipped += errors[i].clipped;
    }
}

}  // namespace

ClipRule SegmentSearch::ruleOf(const ClipRequest& request) const {
    return quant::ruleOf(request, m_metric != nullptr ? m_metric->kind() : MetricKind::Mse);
}

// What one call of find() works on.
struct SegmentSearch::Task {
    TensorStream& stream;
    const TensorFile& file;
    size_t tensor;
    const SegmentLayout& layout;
    const Profile& profile;
    std::span<const ClipRequest> requests;
    SegmentClips result;
};

MetricTask SegmentSearch::metricTask(const Task& task, bool isModelled) const {
    return m_metric != nullptr ? m_metric->task(task.stream, isModelled) : MetricTask();
}

// One segment after another, each as a tensor of its own.
void SegmentSearch::findLong(Task& task) {
    for (uint64_t segment = 0; segment < task.layout.segments; ++segment) {
        task.stream.select(task.file, task.tensor, segmentSelection(task.layout, segment));
        const Profile profile = m_profiles.profile(task.stream);
        const auto clips =
            ClipSearch(m_profiles, m_errors, m_metric).find(task.stream, profile, task.requests);
        std::vector<ClippedGrid> grids;
        for (size_t r = 0; r < task.requests.size(); ++r) {
            task.result.clips[r][segment] = clips[r];
            grids.push_back(clips[r].on(task.requests[r].format));
        }
        add(task.result.errors, m_errors.measure(task.stream, profile.absmax(), grids));
        task.result.energy += m_errors.energy(task.stream, profile.absmax());
    }
}

// The requests of one sign whose octav roots the kernel finds.
void SegmentSearch::findOctav(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips) {
    findOctav(task, slab, true, clips);
    findOctav(task, slab, false, clips);
}

void SegmentSearch::findOctav(Task& task, const Slab& slab, bool isSigned,
                              std::vector<std::vector<Clip>>& clips) {
    std::vector<SegmentPass::OctavGrid> grids;
    std::vector<size_t> indices;
    const Sides sides = isSigned ? Sides::Both : Sides::Positive;
    const double mean = task.profile.meanMagnitude(sides);
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const ClipRequest& request = task.requests[r];
        if (ruleOf(request).way != ClipWay::Root || request.format.isSigned != isSigned) continue;
        const uint64_t factor = request.inverseNoiseFactor();
        const auto iterates = octavIterates(task.profile, sides, factor);
        grids.push_back({factor, iterates.empty() ? 1.0 : iterates.back() / mean});
        indices.push_back(r);
    }
    if (grids.empty()) return;
    const auto roots = m_segments.octav(task.stream, slab.layout, isSigned, mean, grids);
    bool hasMoved = false;
    for (uint64_t segment = 0; segment < slab.layout.segments; ++segment) {
        std::vector<ClipRequest> open;
        std::vector<size_t> openIndices;
        for (size_t g = 0; g < grids.size(); ++g) {
            if (roots[g][segment]) {
                clips[indices[g]][segment] = {*roots[g][segment]};
            } else {
                open.push_back(task.requests[indices[g]]);
                openIndices.push_back(indices[g]);
            }
        }
        if (open.empty()) continue;
        hasMoved = true;
        task.stream.select(task.file, task.tensor,
                           segmentSelection(task.layout, slab.firstSegment + segment));
        const auto found = ClipSearch(m_profiles, m_errors, m_metric)
                               .find(task.stream, m_profiles.profile(task.stream), open);
        for (size_t i = 0; i < found.size(); ++i) clips[openIndices[i]][segment] = found[i];
    }
    if (hasMoved) task.stream.select(task.file, task.tensor, slab.selection);
}

void SegmentSearch::findByEntropy(Task& task, const Slab& slab, bool isSigned,
                                  std::vector<std::vector<Clip>>& clips) {
    std::vector<NumberFormat> formats;
    std::vector<size_t> indices;
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const NumberFormat& format = task.requests[r].format;
        if (ruleOf(task.requests[r]).way != ClipWay::Entropy || format.isSigned != isSigned) continue;
        formats.push_back(format);
        indices.push_back(r);
    }
    if (formats.empty()) return;
    const auto found = segmentEntropyClips(task.stream, slab.layout, formats);
    for (size_t g = 0; g < formats.size(); ++g)
        std::ranges::transform(found[g], clips[indices[g]].begin(), [](float clip) { return Clip{clip}; });
}

// The requests of one way, by a metric that the way knows.
void SegmentSearch::findByError(Task& task, const Slab& slab, ClipWay way,
                                std::vector<std::vector<Clip>>& clips) {
    std::vector<NumberFormat> formats;
    std::vector<size_t> indices;
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const ClipRule rule = ruleOf(task.requests[r]);
        if (rule.way != way) continue;
        const NumberFormat& format = task.requests[r].format;
        formats.push_back(rule.rounding == ScaleRounding::None ? format : withFreeScale(format));
        indices.push_back(r);
    }
    if (formats.empty()) return;
    MetricTask metric = {.isModelled = way == ClipWay::TwoSided};
    if (way == ClipWay::Least || way == ClipWay::LeastModelled)
        metric = metricTask(task, way == ClipWay::LeastModelled);
    const auto found = m_segments.leastError(task.stream, slab.layout, formats, metric);
    for (size_t g = 0; g < formats.size(); ++g) clips[indices[g]] = found[g];
}

void SegmentSearch::findByRank(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips) {
    const auto percentiles = [&](Sides sides, const Percentile& percentile) {
        return m_segments.percentiles(task.stream, slab.layout, sides, percentile);
    };
    const Percentile all("100");
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const auto& [method, format] = task.requests[r];
        if (ruleOf(task.requests[r]).way != ClipWay::Rank) continue;
        const bool isMax = method.kind == MethodKind::Max;
        const Percentile& percentile = isMax ? all : *method.percentile;
        const Sides sides = format.isSigned ? Sides::Both : Sides::Positive;
        const bool isOneSided = format.isAffine || (isMax && !format.isSigned);
        const auto highs = percentiles(isOneSided ? Sides::Positive : Sides::Both, percentile);
        for (size_t i = 0; i < highs.size(); ++i) clips[r][i] = {highs[i]};
        if (format.isAffine) {
            const auto lows = percentiles(Sides::Negative, percentile);
            for (size_t i = 0; i < lows.size(); ++i) clips[r][i].low = -lows[i];
        } else if (!isMax && sides == Sides::Positive) {
            // Nothing to clip: as for whole tensors.
            const auto largest = percentiles(sides, all);
            for (size_t i = 0; i < largest.size(); ++i) {
                if (largest[i] == 0) clips[r][i] = {};
            }
        }
    }
}

void SegmentSearch::findBlockScales(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips) {
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const auto& [method, format] = task.requests[r];
        if (ruleOf(task.requests[r]).way != ClipWay::BlockScale) continue;
        clips[r] = m_segments.blockScales(task.stream, slab.layout, task.profile.absmax(), format,
                                          method.kind != MethodKind::Max, metricTask(task, false));
    }
}

// Scales that must be powers of two, once all clips with free scales are known.
void SegmentSearch::roundScales(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips) {
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const ScaleRounding rounding = ruleOf(task.requests[r]).rounding;
        if (rounding == ScaleRounding::None) continue;
        const NumberFormat& format = task.requests[r].format;
        std::vector<PowerOfTwoClips> neighbours;
        for (const Clip& clip : clips[r]) neighbours.push_back(powerOfTwoClips(format, clip.high));
        if (rounding == ScaleRounding::Better) {
            clips[r] =
                m_segments.betterClips(task.stream, slab.layout, format, neighbours, metricTask(task, false));
        } else {
            std::ranges::transform(neighbours, clips[r].begin(),
                                   [](const PowerOfTwoClips& both) { return Clip{both.above}; });
        }
    }
}

void SegmentSearch::findSlab(Task& task, const Slab& slab) {
    task.stream.select(task.file, task.tensor, slab.selection);
    std::vector<std::vector<Clip>> clips(task.requests.size(), std::vector<Clip>(slab.layout.segments));
    findOctav(task, slab, clips);
    findByEntropy(task, slab, true, clips);
    findByEntropy(task, slab, false, clips);
    for (const ClipWay way : {ClipWay::Least, ClipWay::LeastModelled, ClipWay::TwoSided, ClipWay::Mean})
        findByError(task, slab, way, clips);
    findByRank(task, slab, clips);
    findBlockScales(task, slab, clips);
    roundScales(task, slab, clips);
    std::vector<std::vector<ClippedGrid>> grids(task.requests.size());
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const NumberFormat& format = task.requests[r].format;
        if (format.fixedScale()) clips[r].assign(slab.layout.segments, {ClippedGrid::at(format, 0).clip});
        for (const Clip& clip : clips[r]) grids[r].push_back(clip.on(format));
        std::ranges::copy(clips[r], task.result.clips[r].begin() + static_cast<ptrdiff_t>(slab.firstSegment));
    }
    const float absmax = task.profile.absmax();
    add(task.result.errors, m_errors.measure(task.stream, absmax, slab.layout, grids));
    task.result.energy += m_errors.energy(task.stream, absmax);
}

// Slab after slab; with half as large ones when the device's memory does not do.
void SegmentSearch::findShort(Task& task) {
    uint64_t fitting = std::min(task.stream.residentElements(task.file, task.tensor), elementsPerSlab);
    const SegmentClips before = task.result;
    for (;; fitting /= 2) {
        try {
            for (const Slab& slab : slabsOf(task.layout, fitting, segmentsPerSlab)) findSlab(task, slab);
            return;
        } catch (const engine::OutOfMemory&) {
            if (fitting / 2 < task.layout.longestSegment()) throw;
            task.result = before;
        }
    }
}

SegmentClips SegmentSearch::find(TensorStream& stream, const TensorFile& file, size_t tensor,
                                 const SegmentLayout& layout, const Profile& profile,
                                 std::span<const ClipRequest> requests) {
    Task task{stream, file, tensor, layout, profile, requests, {}};
    task.result.clips.assign(requests.size(), std::vector<Clip>(layout.segments));
    task.result.errors.resize(requests.size());
    if (requests.empty() || layout.longestSegment() == 0) return std::move(task.result);
    if (layout.longestSegment() > longestShortSegment) {
        findLong(task);
    } else {
        findShort(task);
    }
    return std::move(task.result);
}

}  // namespace quant
