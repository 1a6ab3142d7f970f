#pragma once

#include "quant/magnitude_query.h"
#include "quant/method.h"
#include "quant/metric.h"
#include "quant/number_format.h"

#include <cstdint>

namespace quant {

// A clip to find: a method on a number format.
struct ClipRequest {
    Method method;
    NumberFormat format;

    bool isOctav() const { return method.kind == MethodKind::Octav || method.kind == MethodKind::OctavPaper; }
    // 1/γ of the modelled error that an octav method minimises; needs format.hasNoiseFactor().
    uint64_t inverseNoiseFactor() const {
        return method.kind == MethodKind::OctavPaper ? format.paperInverseNoiseFactor()
                                                     : format.inverseNoiseFactor();
    }
    Sides sides() const { return format.isSigned ? Sides::Both : Sides::Positive; }
};

// How a clip is found.
enum class ClipWay {
    Fixed,       // the format has only one
    BlockScale,  // the scale that a block's largest magnitude asks for, or the best of its neighbours
    Rank,        // max, percentile
    Entropy,
    Root,           // octav on integers around zero
    TwoSided,       // octav on integers with a zero point
    Mean,           // of the magnitudes: binary's least squared error, in closed form
    LeastModelled,  // octav on integers around zero, by a metric: searched
    Least,          // of the real error or metric: searched
};

// What a scale that must be a power of two becomes, once the clip with a free scale is known.
enum class ScaleRounding {
    None,    // it is free, or only powers of two were searched
    Up,      // nothing is clipped
    Better,  // of its two neighbours the one with less real error, by the metric
};

// What a request means, of whole tensors and of segments alike.
struct ClipRule {
    ClipWay way;
    ScaleRounding rounding;
};

// metric: of the searches; the other ways know none. Binary under the cosine, which no clip changes, is
// answered by squared error.
ClipRule ruleOf(const ClipRequest& request, MetricKind metric);

// The format with any scale: what is searched before a scale is rounded.
NumberFormat withFreeScale(NumberFormat format);

}  // namespace quant
