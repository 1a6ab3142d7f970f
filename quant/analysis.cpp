#include "quant/analysis.h"

#include <cmath>

#include "quant/clip_search.h"
#include "quant/octav.h"

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

}  // namespace

Analyzer::Analyzer(engine::Device& device, uint64_t memoryBudgetBytes, CountingPath path)
    : m_device(device), m_stream(device, memoryBudgetBytes), m_profilePass(device, path), m_errorPass(device) {}

void Analyzer::analyzeWhole(TensorAnalysis& analysis, const AnalysisOptions& options, bool isSigned) {
    const Profile& profile = analysis.profile;
    std::vector<ClipRequest> requests;
    for (const Method& method : options.methods) {
        for (const uint32_t bits : options.bits) requests.push_back({method, {bits, isSigned}});
    }
    const auto clips = ClipSearch(m_profilePass, m_errorPass).find(m_stream, profile, requests);
    std::vector<ClippedGrid> grids = {ClippedGrid()};  // the first measures the energy
    for (size_t i = 0; i < requests.size(); ++i) grids.push_back({requests[i].grid, clips[i]});
    const auto errors = m_errorPass.measure(m_stream, profile.absmax(), grids);
    analysis.std = standardDeviation(profile, errors[0].squared);
    for (size_t i = 0; i < requests.size(); ++i) {
        const auto& [method, grid] = requests[i];
        MethodResult& result = analysis.results.emplace_back(emptyResult(method, grid.bits, isSigned));
        addClip(result, grid, clips[i]);
        addError(result, errors[i + 1], errors[0].squared, profile.finite());
        const bool isPaper = method.kind == MethodKind::OctavPaper;
        if (method.kind != MethodKind::Octav && !isPaper) continue;
        const auto iterates = octavIterates(profile, isSigned ? Sides::Both : Sides::Positive,
                                            isPaper ? grid.paperInverseNoiseFactor() : grid.inverseNoiseFactor());
        result.iterations = static_cast<uint32_t>(iterates.size());
    }
}

TensorAnalysis Analyzer::analyze(const TensorFile& file, size_t index, const AnalysisOptions& options) {
    TensorAnalysis analysis;
    analysis.info = file.tensors().at(index);
    const SegmentLayout layout = layoutOf(analysis.info, options.granularity, file.path());
    m_stream.select(file, index);
    analysis.profile = m_profilePass.profile(m_stream);
    const bool isSigned = options.sign == Sign::Auto ? analysis.profile.hasNegative() : options.sign == Sign::Signed;
    if (options.granularity.kind == Granularity::Kind::Tensor) analyzeWhole(analysis, options, isSigned);
    else analyzeSegments(analysis, layout, options, isSigned);
    return analysis;
}

}  // namespace quant
