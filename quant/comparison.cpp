#include "quant/comparison.h"

#include "quant/profile_clips.h"

#include <algorithm>
#include <utility>

namespace quant {

namespace {

ComparisonCell cellOf(const ClipRequest& request, const ProfileClip& found, const Profile& profile) {
    return {.method = request.method,
            .format = request.format,
            .squared = found.mse * static_cast<double>(profile.finite()),
            .sqnrDb = found.sqnrDb,
            .leastClip = found.clip.high,
            .largestClip = found.clip.high};
}

ComparisonCell cellOf(const MethodResult& result, const Profile& profile) {
    const bool isEmpty = result.clip.empty();
    return {.method = result.method,
            .format = result.format,
            .granularity = result.granularity,
            .squared = result.mse * static_cast<double>(profile.finite()),
            .sqnrDb = result.sqnrDb,
            .isMeasured = true,
            .leastClip = isEmpty ? 0 : std::ranges::min(result.clip),
            .largestClip = isEmpty ? 0 : std::ranges::max(result.clip)};
}

AnalysisOptions analysisOf(const ComparisonOptions& options, const Granularity& granularity,
                           std::vector<NumberFormat> formats) {
    return {.formats = std::move(formats),
            .methods = options.methods,
            .granularity = granularity,
            .sign = options.sign};
}

}  // namespace

double energyOf(const TensorAnalysis& analysis) {
    const double mean = analysis.profile.mean();
    return (analysis.std * analysis.std + mean * mean) * static_cast<double>(analysis.profile.finite());
}

TensorComparison compareTensor(Analyzer& analyzer, const TensorFile& file, size_t index,
                               const ComparisonOptions& options) {
    analyzer.stream().select(file, index);
    return compareTensor(analyzer, file, index, options, analyzer.profilePass().profile(analyzer.stream()));
}

TensorComparison compareTensor(Analyzer& analyzer, const TensorFile& file, size_t index,
                               const ComparisonOptions& options, const Profile& profile) {
    TensorComparison comparison;
    comparison.info = file.tensors().at(index);
    comparison.profile = profile;
    comparison.energy = ProfileError(profile).energy();
    const bool isSigned = options.sign == Sign::Auto ? profile.hasNegative() : options.sign == Sign::Signed;
    const auto formats = formatsOf({.bits = options.bits, .formats = options.formats}, isSigned);
    const bool isLarge = comparison.info.elements > options.mostMeasured;
    ProfileClips clips(profile);
    for (size_t g = 0; g < options.granularities.size(); ++g) {
        const Granularity& granularity = options.granularities[g];
        const bool isEstimated = granularity.kind == Granularity::Kind::Tensor && isLarge;
        std::vector<NumberFormat> searched;
        for (const NumberFormat& format : formats) {
            if (format.isBlockScaled() ? g == 0 : !isEstimated) searched.push_back(format);
        }
        TensorAnalysis analysis;
        if (!searched.empty()) {
            analysis = analyzer.analyze(file, index, analysisOf(options, granularity, searched), profile);
            comparison.energy = energyOf(analysis);
        }
        size_t next = 0;
        for (const Method& method : options.methods) {
            for (const NumberFormat& format : formats) {
                if (format.isBlockScaled() && g > 0) continue;
                checkMethod(method, format);
                const ClipRequest request{method, format};
                comparison.cells.push_back(format.isBlockScaled() || !isEstimated
                                               ? cellOf(analysis.results[next++], profile)
                                               : cellOf(request, clips.find(request), profile));
            }
        }
    }
    return comparison;
}

}  // namespace quant
