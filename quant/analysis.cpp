#include "quant/analysis.h"

#include "quant/clip_search.h"
#include "quant/octav.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace quant {

namespace {

void addClip(MethodResult& result, const Clip& clip) {
    const ClippedGrid grid = clip.on(result.format);
    result.clip.push_back(clip.high);
    if (result.format.isAffine) result.low.push_back(clip.low);
    result.scale.push_back(grid.step());
    result.zeroPoint.push_back(grid.zeroPoint());
}

void addError(MethodResult& result, const MeasuredError& error, double energy, uint64_t finite) {
    if (finite == 0) return;
    result.mse = error.squared / static_cast<double>(finite);
    result.clippedFraction = static_cast<double>(error.clipped) / static_cast<double>(finite);
    if (energy > 0 && error.squared > 0) result.sqnrDb = 10 * std::log10(energy / error.squared);
}

// Population standard deviation from Σx² and the mean.
double standardDeviation(const Profile& profile, double energy) {
    if (profile.finite() == 0) return 0;
    const double mean = profile.mean();
    return std::sqrt(std::max(energy / static_cast<double>(profile.finite()) - mean * mean, 0.0));
}

uint32_t octavSteps(const Profile& profile, const ClipRequest& request) {
    if (!request.isOctav() || !request.format.hasNoiseFactor()) return 0;
    return static_cast<uint32_t>(
        octavIterates(profile, request.sides(), request.inverseNoiseFactor()).size());
}

}  // namespace

Analyzer::Analyzer(engine::Device& device, uint64_t memoryBudgetBytes, CountingPath path)
    : m_memoryBudgetBytes(memoryBudgetBytes),
      m_stream(device, memoryBudgetBytes),
      m_profilePass(device, path),
      m_errorPass(device),
      m_segmentPass(device),
      m_quantizePass(device),
      m_metricPass(device) {}

std::vector<NumberFormat> formatsOf(const AnalysisOptions& options, bool isSigned) {
    if (!options.formats.empty()) return options.formats;
    std::vector<NumberFormat> formats;
    for (const uint32_t bits : options.bits) formats.push_back(integerFormat(bits, isSigned));
    return formats;
}

Granularity granularityOf(const NumberFormat& format, const Granularity& asked) {
    if (!format.isBlockScaled()) return asked;
    Granularity granularity{Granularity::Kind::Group, 0, format.blockSize};
    if (asked.kind == Granularity::Kind::Group) granularity.groupAxis = asked.groupAxis;
    return granularity;
}

void checkMethod(const Method& method, const NumberFormat& format) {
    const auto fail = [&](const char* why) {
        throw std::invalid_argument("method " + method.name() + " is not for format " + format.name() + ": " +
                                    why);
    };
    if (method.kind == MethodKind::OctavPaper && !format.hasNoiseFactor())
        fail("the paper's noise factors are those of integers around zero");
    if (method.kind == MethodKind::Entropy && (!format.hasNoiseFactor() || format.fixedScale()))
        fail("entropy counts the levels of integers around zero");
    const bool isOfBlocks =
        method.kind == MethodKind::Octav || method.kind == MethodKind::Max || method.kind == MethodKind::Mse;
    if (format.isBlockScaled() && !isOfBlocks) fail("the scale of a block is chosen by max, octav or mse");
}

TensorAnalysis Analyzer::analyze(const TensorFile& file, size_t index, const AnalysisOptions& options) {
    layoutOf(file.tensors().at(index), options.granularity,
             file.path());  // fails where there is no such axis
    m_stream.select(file, index);
    return analyze(file, index, options, m_profilePass.profile(m_stream));
}

TensorAnalysis Analyzer::analyze(const TensorFile& file, size_t index, const AnalysisOptions& options,
                                 const Profile& profile) {
    TensorAnalysis analysis{.info = file.tensors().at(index), .profile = profile};
    const bool isSigned = options.sign == Sign::Auto ? profile.hasNegative() : options.sign == Sign::Signed;
    for (const Method& method : options.methods) {
        for (const NumberFormat& format : formatsOf(options, isSigned)) {
            checkMethod(method, format);
            analysis.results.push_back({.method = method,
                                        .format = format,
                                        .granularity = granularityOf(format, options.granularity)});
        }
    }
    const auto metric = metricOf(options.metric, analysis.info);
    const MetricContext* context = metric ? &*metric : nullptr;
    double energy = 0;
    std::vector<bool> isDone(analysis.results.size());
    for (size_t first = 0; first < isDone.size(); ++first) {
        if (isDone[first]) continue;
        // All that share their segments are answered together.
        std::vector<size_t> together;
        std::vector<ClipRequest> requests;
        for (size_t r = first; r < isDone.size(); ++r) {
            const MethodResult& result = analysis.results[r];
            if (isDone[r] || result.granularity != analysis.results[first].granularity) continue;
            isDone[r] = true;
            together.push_back(r);
            requests.push_back({result.method, result.format});
        }
        const SegmentClips found =
            find(file, index, profile, analysis.results[first].granularity, requests, context);
        energy = found.energy;
        for (size_t i = 0; i < together.size(); ++i) {
            MethodResult& result = analysis.results[together[i]];
            for (const Clip& clip : found.clips[i]) addClip(result, clip);
            addError(result, found.errors[i], found.energy, profile.finite());
            if (result.granularity.kind == Granularity::Kind::Tensor)
                result.iterations = octavSteps(profile, requests[i]);
        }
    }
    analysis.std = standardDeviation(profile, energy);
    return analysis;
}

std::optional<MetricContext> Analyzer::metricOf(const Metric& metric, const TensorInfo& info) {
    if (metric.kind == MetricKind::Mse) return {};
    if (metric.kind == MetricKind::Cosine) return MetricContext(m_metricPass, metric.kind, nullptr, nullptr);
    if (!m_importance || m_importancePath != metric.path) {
        m_importance.emplace(metric.path);
        m_importancePath = metric.path;
    }
    m_weights = m_importance->of(info);
    if (!m_weightStream) m_weightStream.emplace(m_stream.device(), m_memoryBudgetBytes);
    return MetricContext(m_metricPass, metric.kind, &*m_weightStream, m_weights.get());
}

SegmentClips Analyzer::find(const TensorFile& file, size_t index, const Profile& profile,
                            const Granularity& granularity, std::span<const ClipRequest> requests,
                            const MetricContext* metric) {
    if (granularity.kind == Granularity::Kind::Tensor) return findWhole(profile, requests, metric);
    const SegmentLayout layout = layoutOf(file.tensors()[index], granularity, file.path());
    const auto clips = SegmentSearch(m_segmentPass, m_profilePass, m_errorPass, metric)
                           .find(m_stream, file, index, layout, profile, requests);
    m_stream.select(file, index);
    return clips;
}

SegmentClips Analyzer::findWhole(const Profile& profile, std::span<const ClipRequest> requests,
                                 const MetricContext* metric) {
    SegmentClips found;
    const auto clips = ClipSearch(m_profilePass, m_errorPass, metric).find(m_stream, profile, requests);
    std::vector<ClippedGrid> grids = {ClippedGrid()};  // the first measures the energy
    for (size_t r = 0; r < requests.size(); ++r) {
        grids.push_back(clips[r].on(requests[r].format));
        found.clips.push_back({clips[r]});
    }
    found.errors = m_errorPass.measure(m_stream, profile.absmax(), grids);
    found.energy = found.errors.front().squared;
    found.errors.erase(found.errors.begin());
    return found;
}

}  // namespace quant
