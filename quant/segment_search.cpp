#include "quant/segment_search.h"

#include "engine/error.h"
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

// What one call of find() works on.
struct SegmentSearch::Task {
    TensorStream& stream;
    const TensorFile& file;
    size_t tensor;
    const SegmentLayout& layout;
    const Profile& profile;
    std::span<const ClipRequest> requests;
    SegmentClips result;

    bool isSigned() const { return requests.front().grid.isSigned; }
    Sides sides() const { return isSigned() ? Sides::Both : Sides::Positive; }
};

// One segment after another, each as a tensor of its own.
void SegmentSearch::findLong(Task& task) {
    for (uint64_t segment = 0; segment < task.layout.segments; ++segment) {
        task.stream.select(task.file, task.tensor, segmentSelection(task.layout, segment));
        const Profile profile = m_profiles.profile(task.stream);
        const auto clips = ClipSearch(m_profiles, m_errors).find(task.stream, profile, task.requests);
        std::vector<ClippedGrid> grids;
        for (size_t r = 0; r < task.requests.size(); ++r) {
            task.result.clips[r][segment] = clips[r];
            grids.push_back({task.requests[r].grid, clips[r]});
        }
        add(task.result.errors, m_errors.measure(task.stream, profile.absmax(), grids));
        task.result.energy += m_errors.energy(task.stream, profile.absmax());
    }
}

void SegmentSearch::findOctav(Task& task, const Slab& slab, std::vector<std::vector<float>>& clips) {
    std::vector<SegmentPass::OctavGrid> grids;
    std::vector<size_t> indices;
    const double mean = task.profile.meanMagnitude(task.sides());
    for (size_t r = 0; r < task.requests.size(); ++r) {
        if (!task.requests[r].isOctav()) continue;
        const uint64_t factor = task.requests[r].inverseNoiseFactor();
        const auto iterates = octavIterates(task.profile, task.sides(), factor);
        grids.push_back({factor, iterates.empty() ? 1.0 : iterates.back() / mean});
        indices.push_back(r);
    }
    if (grids.empty()) return;
    const auto roots = m_segments.octav(task.stream, slab.layout, task.isSigned(), mean, grids);
    bool hasMoved = false;
    for (uint64_t segment = 0; segment < slab.layout.segments; ++segment) {
        std::vector<ClipRequest> open;
        std::vector<size_t> openIndices;
        for (size_t g = 0; g < grids.size(); ++g) {
            if (roots[g][segment]) {
                clips[indices[g]][segment] = *roots[g][segment];
            } else {
                open.push_back(task.requests[indices[g]]);
                openIndices.push_back(indices[g]);
            }
        }
        if (open.empty()) continue;
        hasMoved = true;
        task.stream.select(task.file, task.tensor,
                           segmentSelection(task.layout, slab.firstSegment + segment));
        const auto found =
            ClipSearch(m_profiles, m_errors).find(task.stream, m_profiles.profile(task.stream), open);
        for (size_t i = 0; i < found.size(); ++i) clips[openIndices[i]][segment] = found[i];
    }
    if (hasMoved) task.stream.select(task.file, task.tensor, slab.selection);
}

void SegmentSearch::findByEntropy(Task& task, const Slab& slab, std::vector<std::vector<float>>& clips) {
    std::vector<UniformGrid> grids;
    std::vector<size_t> indices;
    for (size_t r = 0; r < task.requests.size(); ++r) {
        if (task.requests[r].method.kind != MethodKind::Entropy) continue;
        grids.push_back(task.requests[r].grid);
        indices.push_back(r);
    }
    if (grids.empty()) return;
    const auto found = segmentEntropyClips(task.stream, slab.layout, grids);
    for (size_t g = 0; g < grids.size(); ++g) clips[indices[g]] = found[g];
}

void SegmentSearch::findByError(Task& task, const Slab& slab, std::vector<std::vector<float>>& clips) {
    std::vector<UniformGrid> grids;
    std::vector<size_t> indices;
    for (size_t r = 0; r < task.requests.size(); ++r) {
        if (task.requests[r].method.kind != MethodKind::Mse) continue;
        grids.push_back(task.requests[r].grid);
        indices.push_back(r);
    }
    if (grids.empty()) return;
    const auto found = m_segments.leastError(task.stream, slab.layout, task.profile.absmax(), grids);
    for (size_t g = 0; g < grids.size(); ++g) clips[indices[g]] = found[g];
}

void SegmentSearch::findByRank(Task& task, const Slab& slab, std::vector<std::vector<float>>& clips) {
    std::vector<float> largest;  // on an unsigned grid the largest element above zero
    for (size_t r = 0; r < task.requests.size(); ++r) {
        const Method& method = task.requests[r].method;
        if (method.kind != MethodKind::Max && method.kind != MethodKind::Percentile) continue;
        if (largest.empty())
            largest = m_segments.percentiles(task.stream, slab.layout, task.isSigned(), Percentile("100"));
        if (method.kind == MethodKind::Max) {
            clips[r] = largest;
            continue;
        }
        clips[r] = m_segments.percentiles(task.stream, slab.layout, true, *method.percentile);
        // Nothing to clip: as for whole tensors.
        for (size_t i = 0; i < largest.size(); ++i) clips[r][i] = largest[i] == 0 ? 0.0f : clips[r][i];
    }
}

void SegmentSearch::findSlab(Task& task, const Slab& slab) {
    task.stream.select(task.file, task.tensor, slab.selection);
    std::vector<std::vector<float>> clips(task.requests.size(), std::vector<float>(slab.layout.segments));
    findOctav(task, slab, clips);
    findByEntropy(task, slab, clips);
    findByError(task, slab, clips);
    findByRank(task, slab, clips);
    std::vector<std::vector<ClippedGrid>> grids(task.requests.size());
    for (size_t r = 0; r < task.requests.size(); ++r) {
        for (const float clip : clips[r]) grids[r].push_back({task.requests[r].grid, clip});
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
    task.result.clips.assign(requests.size(), std::vector<float>(layout.segments));
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
