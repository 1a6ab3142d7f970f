#pragma once

#include "quant/clip_search.h"
#include "quant/error_pass.h"
#include "quant/profile.h"
#include "quant/segment_pass.h"
#include "quant/segments.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <span>
#include <vector>

namespace quant {

// Clips of every segment, and what they cost together.
struct SegmentClips {
    std::vector<std::vector<Clip>> clips;  // [request][segment]
    std::vector<MeasuredError> errors;     // [request], summed over all segments
    double energy = 0;                     // Σx² over the finite elements
};

// Finds the clips of every channel or group of a tensor: short segments by the thousand (SegmentPass), long
// ones and those that the kernel leaves open one by one (ClipSearch). A request means what it means for a
// whole tensor (clip_rule.h). The tensor is read in slabs that fit the stream's budget.
class SegmentSearch {
public:
    // metric: as of ClipSearch.
    SegmentSearch(SegmentPass& segments, ProfilePass& profiles, ErrorPass& errors,
                  const MetricContext* metric = nullptr)
        : m_segments(segments), m_profiles(profiles), m_errors(errors), m_metric(metric) {}

    // profile: of the whole tensor.
    SegmentClips find(TensorStream& stream, const TensorFile& file, size_t tensor,
                      const SegmentLayout& layout, const Profile& profile,
                      std::span<const ClipRequest> requests);

private:
    struct Task;
    void findLong(Task& task);
    void findShort(Task& task);
    void findSlab(Task& task, const Slab& slab);
    void findOctav(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips);
    void findOctav(Task& task, const Slab& slab, bool isSigned, std::vector<std::vector<Clip>>& clips);
    void findByRank(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips);
    void findByError(Task& task, const Slab& slab, ClipWay way, std::vector<std::vector<Clip>>& clips);
    void findByEntropy(Task& task, const Slab& slab, bool isSigned, std::vector<std::vector<Clip>>& clips);
    void findBlockScales(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips);
    void roundScales(Task& task, const Slab& slab, std::vector<std::vector<Clip>>& clips);
    ClipRule ruleOf(const ClipRequest& request) const;
    MetricTask metricTask(const Task& task, bool isModelled) const;

    SegmentPass& m_segments;
    ProfilePass& m_profiles;
    ErrorPass& m_errors;
    const MetricContext* m_metric;
};

}  // namespace quant
