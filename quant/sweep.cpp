#include "quant/sweep.h"

#include "quant/clip_search.h"
#include "quant/octav_iterates.h"
#include "quant/profile_error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <stdexcept>

namespace quant {

namespace {

constexpr double prominence = 1.02;
constexpr uint32_t maxPoints = 65536;

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

// Mean error that OCTAV models at each clip. Source: Sakr et al., ICML 2022, equation 3.
std::vector<double> modelledErrors(Analyzer& analyzer, const Profile& profile, const NumberFormat& format,
                                   std::span<const float> clips) {
    const auto finite = static_cast<double>(profile.finite());
    std::vector<double> errors;
    if (!format.hasNoiseFactor()) {
        const ProfileError estimate(profile);
        for (const float clip : clips) errors.push_back(estimate.at({format, clip}) / finite);
        return errors;
    }
    const Sides sides = format.isSigned ? Sides::Both : Sides::Positive;
    const double gamma = 1.0 / static_cast<double>(format.inverseNoiseFactor());
    const auto beyond = analyzer.errorPass().measureExcess(analyzer.stream(), profile.absmax(), sides, clips);
    for (size_t i = 0; i < clips.size(); ++i) {
        const auto inside = static_cast<double>(profile.nonzero(sides) - beyond[i].clipped);
        const double clip = clips[i];
        errors.push_back((gamma * clip * clip * inside + beyond[i].squared) / finite);
    }
    return errors;
}

// Clips to measure beside the curve: of the methods octav and mse, and the root that the recursion runs to.
struct Answers {
    float octav, mse, root;
};

Answers answersOf(Analyzer& analyzer, const Profile& profile, const NumberFormat& format) {
    NumberFormat freelyScaled = format;
    freelyScaled.scaleRule = ScaleRule::Free;
    const std::array requests = {ClipRequest{{MethodKind::Octav, {}}, format},
                                 ClipRequest{{MethodKind::Mse, {}}, format},
                                 ClipRequest{{MethodKind::Octav, {}}, freelyScaled}};
    // The root is another than the clip where that is rounded to a power of two.
    const auto asked = std::span(requests).first(format.scaleRule == ScaleRule::Free ? 2 : 3);
    const auto found =
        ClipSearch(analyzer.profilePass(), analyzer.errorPass()).find(analyzer.stream(), profile, asked);
    return {found[0].high, found[1].high, asked.size() > 2 ? found[2].high : found[0].high};
}

}  // namespace

void checkSweep(const SweepOptions& options) {
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
    checkSweep(options);
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

    const Answers answers = answersOf(analyzer, profile, format);
    if (format.hasNoiseFactor()) {
        result.iterates = exactOctavIterates(analyzer.profilePass(), stream, profile,
                                             format.isSigned ? Sides::Both : Sides::Positive,
                                             format.inverseNoiseFactor(), answers.root);
    }
    std::vector<float> clips = {answers.octav, answers.mse};
    for (const double clip : result.clips) clips.push_back(static_cast<float>(clip));
    std::vector<ClippedGrid> grids;
    for (const float clip : clips) grids.push_back({format, clip});
    const auto errors = analyzer.errorPass().measure(stream, absmax, grids);
    const auto modelled = modelledErrors(analyzer, profile, format, clips);
    std::vector<SweepPoint> points;
    for (size_t i = 0; i < clips.size(); ++i)
        points.push_back({clips[i], errors[i].squared / static_cast<double>(profile.finite()), modelled[i]});
    result.octav = points[0];
    result.best = *std::ranges::min_element(points, {}, &SweepPoint::measured);
    for (const SweepPoint& point : std::span(points).subspan(2)) {
        result.measured.push_back(point.measured);
        result.modelled.push_back(point.modelled);
    }
    result.minima = prominentMinima(result.clips, result.measured);
    return result;
}

}  // namespace quant
