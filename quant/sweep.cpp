#include "quant/sweep.h"

#include "quant/clip_search.h"
#include "quant/error_model.h"
#include "quant/octav.h"
#include "quant/profile_error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace quant {

namespace {

constexpr double prominence = 1.02;
constexpr uint32_t maxPoints = 65536;

void check(const SweepOptions& options) {
    if (options.points < 2 || options.points > maxPoints)
        throw std::invalid_argument("a sweep has 2 to 65536 points");
    if (options.bits < minGridBits || options.bits > maxGridBits)
        throw std::invalid_argument("bits are 1 to 16");
    if (options.format &&
        (options.format->isAffine || options.format->isBlockScaled() || options.format->fixedScale()))
        throw std::invalid_argument("format " + options.format->name() + " has no single clip to sweep");
    if (!options.range) return;
    const auto [low, high] = *options.range;
    // Outside the normal floats a clip has no step.
    if (!(low >= 0x1p-126 && low < high && high <= 0x1.fffffep127)) {
        throw std::invalid_argument("a range is LOW:HIGH with 0 < LOW < HIGH, both in the range of float");
    }
}

std::vector<double> spacedClips(double low, double high, uint32_t points) {
    std::vector<double> clips;
    for (uint32_t i = 0; i < points; ++i) {
        // Rounded to float: these are the clips that are measured.
        clips.push_back(
            static_cast<float>(low * std::pow(high / low, static_cast<double>(i) / (points - 1))));
    }
    clips.back() = static_cast<float>(high);
    return clips;
}

std::vector<double> modelledErrors(const Profile& profile, const NumberFormat& format,
                                   const std::vector<double>& clips) {
    std::vector<double> errors;
    if (format.hasNoiseFactor()) {
        const ErrorModel model(profile, format.isSigned ? Sides::Both : Sides::Positive,
                               format.inverseNoiseFactor());
        for (const double clip : clips) errors.push_back(model.at(clip));
        return errors;
    }
    const ProfileError estimate(profile);
    for (const double clip : clips) {
        const double error = estimate.at({format, static_cast<float>(clip)});
        errors.push_back(error / static_cast<double>(profile.finite()));
    }
    return errors;
}

}  // namespace

std::vector<ErrorPoint> prominentMinima(const std::vector<double>& clips, const std::vector<double>& errors) {
    std::vector<ErrorPoint> minima;
    // Walks down to a lowest point, and confirms it when the curve has risen far enough above it.
    size_t lowest = 0, highest = 0;
    bool isFalling = true;
    for (size_t i = 1; i < errors.size(); ++i) {
        if (isFalling) {
            if (errors[i] < errors[lowest]) lowest = i;
            if (errors[i] <= errors[lowest] * prominence) continue;
            minima.push_back({clips[lowest], errors[lowest]});
            isFalling = false;
            highest = i;
        } else {
            if (errors[i] > errors[highest]) highest = i;
            if (errors[i] * prominence >= errors[highest]) continue;
            isFalling = true;
            lowest = i;
        }
    }
    if (isFalling && !errors.empty()) minima.push_back({clips[lowest], errors[lowest]});
    return minima;
}

Sweep sweep(Analyzer& analyzer, const TensorFile& file, size_t index, const SweepOptions& options) {
    check(options);
    Sweep result;
    TensorStream& stream = analyzer.stream();
    stream.select(file, index);
    const Profile profile = analyzer.profilePass().profile(stream);
    const bool isSigned = options.sign == Sign::Auto ? profile.hasNegative() : options.sign == Sign::Signed;
    const NumberFormat& format = result.format =
        options.format ? *options.format : integerFormat(options.bits, isSigned);
    const float absmax = profile.absmax();
    if (absmax == 0) return result;
    const double low = options.range ? options.range->first : std::ldexp(static_cast<double>(absmax), -12);
    const double high = options.range ? options.range->second : static_cast<double>(absmax);
    result.clips = spacedClips(low, high, options.points);

    const std::array requests = {ClipRequest{{MethodKind::Octav, {}}, format},
                                 ClipRequest{{MethodKind::Mse, {}}, format}};
    const auto found =
        ClipSearch(analyzer.profilePass(), analyzer.errorPass()).find(stream, profile, requests);
    result.octavClip = found[0].high;
    if (format.hasNoiseFactor())
        result.iterates = octavIterates(profile, requests[0].sides(), format.inverseNoiseFactor());

    std::vector<ClippedGrid> candidates = {found[1].on(format)};
    for (const double clip : result.clips) candidates.push_back({format, static_cast<float>(clip)});
    const auto errors = analyzer.errorPass().measure(stream, absmax, candidates);
    const auto finite = static_cast<double>(profile.finite());
    result.best = {found[1].high, errors[0].squared / finite};
    result.modelled = modelledErrors(profile, format, result.clips);
    for (size_t i = 0; i < result.clips.size(); ++i) {
        result.measured.push_back(errors[i + 1].squared / finite);
        if (result.measured.back() < result.best.mse) result.best = {result.clips[i], result.measured.back()};
    }
    result.minima = prominentMinima(result.clips, result.measured);
    return result;
}

}  // namespace quant
