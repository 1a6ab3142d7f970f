#include "app/explorer/clip_figures.h"

#include "app/plot/value_text.h"
#include "quant/float_bits.h"
#include "shaders/profile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace app {

namespace {

constexpr double smallest = 0x1p-126, largest = 0x1.fffffep127;

// linearWidth: what a symmetric logarithmic axis shows linearly.
Axis axisFor(const AxisView& view, double low, double high, double linearWidth, std::string label) {
    Axis axis{.scale = view.scale,
              .low = low,
              .high = high,
              .linearWidth = std::max(linearWidth, smallest),
              .label = std::move(label)};
    if (view.bounds) std::tie(axis.low, axis.high) = *view.bounds;
    if (axis.scale == AxisScale::Log) {
        axis.low = std::max(axis.low, smallest);
        axis.high = std::max(axis.high, axis.low * 1.001);
    }
    if (!(axis.low < axis.high)) axis.high = axis.low + 1;
    return axis;
}

// The bin of the profile that a magnitude falls into, the first or the last beyond them.
uint32_t profileBin(double magnitude) {
    const auto inside = static_cast<float>(std::clamp(magnitude, 0.0, largest));
    return quant::magnitudeBits(inside) >> shaders::level1RestBits;
}

// Of the profile's 2040 bins those between two magnitudes: most of them are never in sight.
void keepBetween(Bars& bars, double low, double high) {
    const uint32_t first = profileBin(low);
    bars.bins = profileBin(high) - first + 1;
    bars.edges.range.offset += first * sizeof(float);
    bars.edges.range.sizeBytes = (bars.bins + 1) * sizeof(float);
    bars.edges.count = bars.bins + 1;
    for (engine::BufferRange* counts : {&bars.counts, &bars.other}) {
        counts->offset += first * sizeof(uint64_t);
        counts->sizeBytes = bars.bins * sizeof(uint64_t);
    }
}

// Least and largest of some positive numbers.
struct Range {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    void add(double value) {
        if (!(value > 0) || !std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool isEmpty() const { return high == 0; }
};

bool isChosen(const ClipScene& scene, const quant::NumberFormat& format) {
    return scene.grid && format == scene.grid->format;
}

SeriesStyle styleOf(const ClipScene& scene, const quant::NumberFormat& format) {
    const bool isOther = scene.session.format && format == *scene.session.format;
    return isOther ? SeriesStyle{scene.theme.accent, Dash::Solid}
                   : bitsStyle(scene.theme, static_cast<int>(format.bits));
}

double meanEnergy(const CurvesAnswer& curves) {
    return curves.energy / static_cast<double>(std::max<uint64_t>(curves.profile->finite(), 1));
}

Axis errorAxis(const ClipScene& scene) {
    Range errors;
    for (const FormatCurve& curve : scene.curves.curves) errors.add(curve.octav.mse);
    if (errors.isEmpty()) errors.add(1);
    const double top = std::max(meanEnergy(scene.curves), errors.high * 2);
    if (scene.session.errors.scale != AxisScale::Log)
        return axisFor(scene.session.errors, 0, std::min(top, errors.high * 6), errors.low,
                       "mean squared error");
    return axisFor(scene.session.errors, std::max(errors.low / 3, smallest), std::min(top * 2.5, largest),
                   errors.low, "mean squared error");
}

void addCurves(Figure& figure, const ClipScene& scene) {
    const ShownCurves& shown = scene.session.shown;
    for (const FormatCurve& curve : scene.curves.curves) {
        const SeriesStyle style = styleOf(scene, curve.format);
        const bool isBold = isChosen(scene, curve.format);
        if (shown.modelled) {
            figure.layers.emplace_back(
                Curve{.x = curve.clips,
                      .y = curve.modelled,
                      .colour = withAlpha(style.colour, shown.measured ? 110 : 255),
                      .width = 1.25f,
                      .name = shown.measured ? "" : curve.format.name() + " modelled"});
        }
        if (shown.measured) {
            figure.layers.emplace_back(Curve{.x = curve.clips,
                                             .y = curve.measured,
                                             .colour = style.colour,
                                             .dash = style.dash,
                                             .width = isBold ? 3.0f : 1.75f,
                                             .name = curve.format.name()});
        }
    }
    if (!scene.reference) return;
    for (const FormatCurve& curve : scene.reference->curves) {
        const bool isFirst = &curve == &scene.reference->curves.front();
        figure.layers.emplace_back(Curve{.x = curve.clips,
                                         .y = curve.measured,
                                         .colour = withAlpha(scene.theme.dimText, 170),
                                         .dash = styleOf(scene, curve.format).dash,
                                         .width = 1.25f,
                                         .name = isFirst ? scene.referenceName : ""});
    }
}

// Newton's steps: along the modelled curve of the chosen format, from the mean magnitude to the root.
void addSteps(Figure& figure, const ClipScene& scene) {
    if (!scene.session.shown.iterates) return;
    for (const FormatCurve& curve : scene.curves.curves) {
        if (!isChosen(scene, curve.format) || curve.steps.empty()) continue;
        Path path{.colour = scene.theme.text, .dash = Dash::Solid, .width = 1};
        Markers rings{.shape = MarkerShape::Ring, .size = 9, .colour = scene.theme.text};
        for (const quant::ErrorPoint& step : curve.steps) {
            path.x.push_back(step.clip);
            path.y.push_back(step.mse);
        }
        rings.x = path.x;
        rings.y = path.y;
        rings.name = "Newton's steps";
        figure.layers.push_back(path);
        figure.layers.push_back(rings);
    }
}

void addMinima(Figure& figure, const ClipScene& scene) {
    const std::string octavName = "OCTAV", minimaName = "minima";
    // The first of a name gives the legend its colour.
    const auto addLegend = [&](MarkerShape shape, float size, const std::string& name) {
        figure.layers.emplace_back(
            Markers{.shape = shape, .size = size, .colour = scene.theme.text, .name = name});
    };
    const bool hasMinima = std::ranges::any_of(
        scene.curves.curves, [](const FormatCurve& curve) { return !curve.minima.empty(); });
    if (scene.session.shown.modelled) addLegend(MarkerShape::Diamond, 10, octavName);
    if (scene.session.shown.measured && hasMinima) addLegend(MarkerShape::Circle, 8, minimaName);
    for (const FormatCurve& curve : scene.curves.curves) {
        const SeriesStyle style = styleOf(scene, curve.format);
        Markers octav{.x = {curve.octav.clip},
                      .y = {curve.octav.mse},
                      .shape = MarkerShape::Diamond,
                      .size = 10,
                      .colour = style.colour,
                      .edge = scene.theme.plotBackground,
                      .name = octavName};
        Markers minima{.shape = MarkerShape::Circle,
                       .size = 8,
                       .colour = style.colour,
                       .edge = scene.theme.plotBackground,
                       .name = minimaName};
        for (const quant::ErrorPoint& point : curve.minima) {
            minima.x.push_back(point.clip);
            minima.y.push_back(point.mse);
        }
        if (scene.session.shown.modelled) figure.layers.push_back(octav);
        if (scene.session.shown.measured) figure.layers.push_back(minima);
    }
}

void addMethods(Figure& figure, const ClipScene& scene) {
    for (const quant::MethodResult& result : scene.methods) {
        if (result.clip.empty() || !(result.clip[0] > 0)) continue;
        const std::string name = result.method.name();
        if (!std::ranges::contains(scene.session.methods, name)) continue;
        const SeriesStyle style = methodStyle(scene.theme, name);
        figure.layers.emplace_back(Marks{.at = {result.clip[0]},
                                         .colour = withAlpha(style.colour, 200),
                                         .dash = Dash::Dashed,
                                         .width = 1.25f});
        figure.annotations.push_back({.x = result.clip[0],
                                      .y = figure.y.high,
                                      .alongX = 0.5f,
                                      .alongY = 0,
                                      .offsetY = 6,
                                      .text = name,
                                      .colour = style.colour});
    }
}

void addClip(Figure& figure, const ClipScene& scene) {
    if (!scene.grid || !(scene.grid->clip > 0)) return;
    figure.layers.emplace_back(Marks{.at = {scene.grid->clip}, .colour = scene.theme.accent, .width = 2});
}

void addLevels(Figure& figure, const ClipScene& scene) {
    if (!scene.session.shown.levels || !scene.grid || scene.grid->format.isAffine) return;
    const quant::NumberFormat& format = scene.grid->format;
    constexpr uint64_t mostShown = 4096;
    if (format.positiveLevelCount() > mostShown) return;
    Marks marks{.from = 0, .to = 0.05f, .colour = scene.theme.text, .width = 1, .name = "levels"};
    const double step = scene.grid->step();
    for (const double level : format.positiveLevels()) {
        if (level > 0) marks.at.push_back(level * step);
    }
    figure.layers.push_back(std::move(marks));
}

}  // namespace

Axis clipAxis(const ClipScene& scene) {
    const float absmax = scene.curves.profile->absmax();
    Range clips;
    for (const FormatCurve& curve : scene.curves.curves) clips.add(curve.octav.clip);
    // A clip set by hand moves the axis only where it would leave it, else the line would run from the
    // pointer.
    const auto byHand = scene.session.clip;
    if (scene.grid && !byHand) clips.add(scene.grid->clip);
    double high = absmax > 0 ? std::max(double{absmax}, clips.high) * 1.3 : 1;
    if (byHand) high = std::clamp(*byHand * 1.02, high, std::max(high, largest));
    if (scene.session.clips.scale != AxisScale::Log)
        return axisFor(scene.session.clips, 0, high, high * 1e-3, "clip");
    double low = std::min(clips.isEmpty() ? high / 4096 : clips.low / 4, high / 16);
    if (byHand) low = std::min(low, *byHand / 1.02);
    return axisFor(scene.session.clips, std::max(low, smallest), high, high * 1e-3, "clip");
}

Figure errorFigure(const ClipScene& scene) {
    Figure figure;
    figure.x = clipAxis(scene);
    figure.y = errorAxis(scene);
    figure.hasXLabels = false;
    figure.isLegendShown = scene.session.shown.legend;
    addMethods(figure, scene);
    addCurves(figure, scene);
    addSteps(figure, scene);
    addMinima(figure, scene);
    addClip(figure, scene);
    return figure;
}

Figure histogramFigure(const ClipScene& scene) {
    Figure figure;
    figure.x = clipAxis(scene);
    figure.x.label = "|x| and clip";
    figure.isLegendShown = scene.session.shown.legend;
    const CurvesAnswer& curves = scene.curves;
    const bool isLinear = figure.x.scale == AxisScale::Linear && curves.linearBins > 0;
    const bool isLog = scene.session.counts.scale == AxisScale::Log;
    uint64_t most = isLinear ? curves.mostInLinearBin : curves.mostInBin;
    const bool hasLevels =
        scene.session.shown.quantizedHistogram && scene.readout && scene.readout->levels > 0;
    if (hasLevels) most = std::max(most, scene.readout->mostInLevel);
    figure.y = axisFor(scene.session.counts, isLog ? 0.7 : 0,
                       static_cast<double>(std::max<uint64_t>(most, 1)) * (isLog ? 2.5 : 1.1), 1,
                       "elements per bin");
    Bars bars{.edges = isLinear ? curves.linearEdges : curves.profileEdges,
              .counts = isLinear ? curves.linearCounts : curves.positiveCounts,
              .bins = isLinear ? curves.linearBins : quant::Profile::finiteBins,
              .colour = withAlpha(scene.theme.series[6], 150),
              .name = "|x|"};
    if (!isLinear) {
        bars.other = curves.negativeCounts;
        keepBetween(bars, figure.x.low, figure.x.high);
    }
    if (hasLevels) {
        figure.layers.emplace_back(Bars{.edges = scene.readout->edges,
                                        .counts = scene.readout->counts,
                                        .bins = scene.readout->levels,
                                        .colour = withAlpha(scene.theme.series[5], 90),
                                        .name = "quantized"});
    }
    figure.layers.push_back(bars);
    addLevels(figure, scene);
    addMethods(figure, scene);
    figure.annotations.clear();
    addClip(figure, scene);
    return figure;
}

}  // namespace app
