#include "quant/analysis.h"

#include "quant/clip_search.h"
#include "quant/octav.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

MethodResult emptyResult(const Method& method, uint32_t bits, bool isSigned) {
    MethodResult result;
    result.method = method;
    result.bits = bits;
    result.isSigned = isSigned;
    return result;
}

void addClip(MethodResult& result, const UniformGrid& grid, float clip) {
    result.clip.push_back(clip);
    result.scale.push_back(ClippedGrid{grid, clip}.step());
    result.zeroPoint.push_back(0);
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

std::vector<ClipRequest> requestsFor(const AnalysisOptions& options, bool isSigned) {
    std::vector<ClipRequest> requests;
    for (const Method& method : options.methods) {
        for (const uint32_t bits : options.bits) requests.push_back({method, {bits, isSigned}});
    }
    return requests;
}

uint32_t octavSteps(const Profile& profile, const ClipRequest& request) {
    if (!request.isOctav()) return 0;
    return static_cast<uint32_t>(
        octavIterates(profile, request.sides(), request.inverseNoiseFactor()).size());
}

}  // namespace

Analyzer::Analyzer(engine::Device& device, uint64_t memoryBudgetBytes, CountingPath path)
    : m_stream(device, memoryBudgetBytes),
      m_profilePass(device, path),
      m_errorPass(device),
      m_segmentPass(device),
      m_quantizePass(device) {}

TensorAnalysis Analyzer::analyze(const TensorFile& file, size_t index, const AnalysisOptions& options) {
    TensorAnalysis analysis;
    analysis.info = file.tensors().at(index);
    const SegmentLayout layout = layoutOf(analysis.info, options.granularity, file.path());
    m_stream.select(file, index);
    const Profile& profile = analysis.profile = m_profilePass.profile(m_stream);
    const bool isSigned = options.sign == Sign::Auto ? profile.hasNegative() : options.sign == Sign::Signed;
    const auto requests = requestsFor(options, isSigned);
    const bool isWhole = options.granularity.kind == Granularity::Kind::Tensor;
    const SegmentClips found = isWhole ? findWhole(profile, requests)
                                       : SegmentSearch(m_segmentPass, m_profilePass, m_errorPass)
                                             .find(m_stream, file, index, layout, profile, requests);
    analysis.std = standardDeviation(profile, found.energy);
    for (size_t r = 0; r < requests.size(); ++r) {
        MethodResult& result =
            analysis.results.emplace_back(emptyResult(requests[r].method, requests[r].grid.bits, isSigned));
        for (const float clip : found.clips[r]) addClip(result, requests[r].grid, clip);
        addError(result, found.errors[r], found.energy, profile.finite());
        if (isWhole) result.iterations = octavSteps(profile, requests[r]);
    }
    return analysis;
}

SegmentClips Analyzer::findWhole(const Profile& profile, std::span<const ClipRequest> requests) {
    SegmentClips found;
    const auto clips = ClipSearch(m_profilePass, m_errorPass).find(m_stream, profile, requests);
    std::vector<ClippedGrid> grids = {ClippedGrid()};  // the first measures the energy
    for (size_t r = 0; r < requests.size(); ++r) {
        grids.push_back({requests[r].grid, clips[r]});
        found.clips.push_back({clips[r]});
    }
    found.errors = m_errorPass.measure(m_stream, profile.absmax(), grids);
    found.energy = found.errors.front().squared;
    found.errors.erase(found.errors.begin());
    return found;
}

}  // namespace quant
