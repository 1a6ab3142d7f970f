#include "quant/clip_rule.h"

namespace quant {

namespace {

ClipWay octavWay(const ClipRequest& request, MetricKind metric) {
    const auto& [method, format] = request;
    const bool isPlain = metric == MetricKind::Mse || method.kind == MethodKind::OctavPaper;
    if (format.hasNoiseFactor()) return isPlain ? ClipWay::Root : ClipWay::LeastModelled;
    return format.isAffine && isPlain ? ClipWay::TwoSided : ClipWay::Least;
}

ClipWay wayOf(const ClipRequest& request, MetricKind metric) {
    const auto& [method, format] = request;
    if (format.isBlockScaled()) return ClipWay::BlockScale;
    if (format.fixedScale()) return ClipWay::Fixed;
    if (method.kind == MethodKind::Max || method.kind == MethodKind::Percentile) return ClipWay::Rank;
    if (method.kind == MethodKind::Entropy) return ClipWay::Entropy;
    if (format.spacing == Spacing::Binary && metric != MetricKind::Weighted) return ClipWay::Mean;
    return method.kind == MethodKind::Mse ? ClipWay::Least : octavWay(request, metric);
}

}  // namespace

ClipRule ruleOf(const ClipRequest& request, MetricKind metric) {
    const auto& [method, format] = request;
    ClipRule rule{wayOf(request, metric), ScaleRounding::None};
    if (format.scaleRule == ScaleRule::PowerOfTwo && rule.way != ClipWay::Least)
        rule.rounding = method.kind == MethodKind::Max ? ScaleRounding::Up : ScaleRounding::Better;
    return rule;
}

NumberFormat withFreeScale(NumberFormat format) {
    format.scaleRule = ScaleRule::Free;
    return format;
}

}  // namespace quant
