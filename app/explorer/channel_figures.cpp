#include "app/explorer/channel_figures.h"

#include "app/plot/value_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace app {

namespace {

constexpr size_t mostShown = 7;

Axis clipAxis(const ChannelScene& scene) {
    const std::vector<float>& clips = scene.channels.clips;
    Axis axis{.scale = AxisScale::Log, .low = clips.front(), .high = clips.back(), .label = "clip"};
    if (const auto& bounds = scene.session.channels.clips.bounds; bounds && bounds->first > 0)
        std::tie(axis.low, axis.high) = *bounds;
    return axis;
}

Axis rowAxis(const ChannelScene& scene) {
    const double rows = scene.channels.channels;
    Axis axis{.low = 0,
              .high = rows,
              .label = "channel, along axis " + std::to_string(scene.axis),
              .isReversed = true};
    if (const auto& bounds = scene.session.channels.rows.bounds) {
        // Of another tensor, maybe.
        const double low = std::clamp(bounds->first, 0.0, rows - 1);
        axis.low = low;
        axis.high = std::clamp(bounds->second, low + 1, rows);
    }
    return axis;
}

SeriesStyle styleOf(const ChannelScene& scene, size_t index) {
    // The blue that is left out is the accent's, which the tensor's clip has.
    static constexpr size_t order[] = {1, 3, 4, 5, 0, 2, 6};
    return seriesStyle(scene.theme, order[index % std::size(order)]);
}

// A dash across each row at the best clip of its channel, where it has one.
Path optima(const ChannelScene& scene) {
    constexpr double gap = std::numeric_limits<double>::quiet_NaN();
    const std::vector<float>& clip = scene.channels.perChannel->clip;
    Path path;
    for (size_t row = 0; row < clip.size(); ++row) {
        if (!(clip[row] > 0)) continue;
        const auto top = static_cast<double>(row);
        path.x.insert(path.x.end(), {double{clip[row]}, double{clip[row]}, gap});
        path.y.insert(path.y.end(), {top, top + 1, gap});
    }
    return path;
}

// White is seen on all of the map but its brightest parts, and there its dark edge is. The legend has the one
// that differs from the background.
void addOptima(Figure& figure, const ChannelScene& scene) {
    Path line = optima(scene), edge = line;
    line.colour = colour(0xffffff);
    line.width = 2;
    edge.colour = colour(0x14161a, 190);
    edge.width = 4;
    const bool isLight = scene.session.theme == Appearance::Light;
    (isLight ? edge : line).name = "best clip of each channel";
    figure.layers.emplace_back(std::move(edge));
    figure.layers.emplace_back(std::move(line));
}

// A frame around each row whose curve is drawn, and its number.
void addSelected(Figure& figure, const ChannelScene& scene) {
    const std::vector<uint64_t> shown = shownChannels(scene);
    for (size_t i = 0; i < shown.size(); ++i) {
        const auto top = static_cast<double>(shown[i]);
        const Colour colour = styleOf(scene, i).colour;
        figure.layers.emplace_back(Path{.x = {figure.x.low, figure.x.high, figure.x.high, figure.x.low},
                                        .y = {top, top, top + 1, top + 1},
                                        .colour = colour,
                                        .width = 1,
                                        .isClosed = true});
        if (top + 0.5 < figure.y.low || top + 0.5 > figure.y.high) continue;
        figure.annotations.push_back({.x = figure.x.high,
                                      .y = top + 0.5,
                                      .alongX = 1,
                                      .alongY = 0.5f,
                                      .offsetX = -6,
                                      .text = std::to_string(shown[i]),
                                      .colour = colour});
    }
}

void addTensorClip(Figure& figure, const ChannelScene& scene, const std::string& name) {
    if (!scene.clip) return;
    // An edge keeps it apart from a map of about its own colour.
    figure.layers.emplace_back(
        Marks{.at = {double{*scene.clip}}, .colour = withAlpha(scene.theme.plotBackground, 150), .width = 5});
    figure.layers.emplace_back(
        Marks{.at = {double{*scene.clip}}, .colour = scene.theme.accent, .width = 2, .name = name});
}

}  // namespace

std::vector<uint64_t> shownChannels(const ChannelScene& scene) {
    std::vector<uint64_t> shown;
    for (const uint64_t channel : scene.session.channels.selected) {
        if (channel < scene.channels.channels && shown.size() < mostShown) shown.push_back(channel);
    }
    if (!shown.empty() || !scene.channels.perChannel || scene.channels.channels == 0) return shown;
    const std::vector<float>& clip = scene.channels.perChannel->clip;
    const auto rank = [&](float value) { return value > 0 ? value : std::numeric_limits<float>::infinity(); };
    const auto least = std::ranges::min_element(clip, {}, rank) - clip.begin();
    const auto largest = std::ranges::max_element(clip) - clip.begin();
    shown.push_back(static_cast<uint64_t>(least));
    if (least != largest) shown.push_back(static_cast<uint64_t>(largest));
    return shown;
}

Figure channelMap(const ChannelScene& scene) {
    const ChannelsAnswer& answer = scene.channels;
    Figure figure{.x = clipAxis(scene), .y = rowAxis(scene), .hasXLabels = false};
    for (uint32_t row = 0; row < answer.channels; ++row) figure.rowNames.push_back(std::to_string(row));
    const auto columns = static_cast<uint32_t>(answer.clips.size());
    figure.layers.emplace_back(HeatMap{.cells = {answer.errors, answer.channels * columns},
                                       .edges = answer.edges,
                                       .rows = answer.channels,
                                       .columns = columns,
                                       .low = static_cast<float>(answer.lowError),
                                       .high = static_cast<float>(answer.highError),
                                       .name = "mean squared error"});
    addOptima(figure, scene);
    addTensorClip(figure, scene, "one clip for all");
    addSelected(figure, scene);
    return figure;
}

Figure channelCurves(const ChannelScene& scene) {
    Figure figure{.x = clipAxis(scene)};
    figure.y = {.scale = AxisScale::Log,
                .low = scene.channels.lowError,
                .high = scene.channels.highError,
                .label = "mean squared error"};
    const std::vector<uint64_t> shown = shownChannels(scene);
    if (scene.tensor)
        figure.layers.emplace_back(Curve{.x = scene.tensor->clips,
                                         .y = scene.tensor->measured,
                                         .colour = scene.theme.dimText,
                                         .dash = Dash::Dashed,
                                         .width = 1.75f,
                                         .name = "the tensor"});
    for (size_t i = 0; i < shown.size(); ++i) {
        const SeriesStyle style = styleOf(scene, i);
        figure.layers.emplace_back(Curve{.x = scene.channels.clipsOnDevice,
                                         .y = scene.channels.errorsOf(shown[i]),
                                         .colour = style.colour,
                                         .width = 2,
                                         .name = "channel " + std::to_string(shown[i])});
        const float clip = scene.channels.perChannel->clip[shown[i]];
        if (clip > 0)
            figure.layers.emplace_back(
                Marks{.at = {double{clip}}, .colour = withAlpha(style.colour, 170), .dash = Dash::Dashed});
    }
    addTensorClip(figure, scene, "");
    return figure;
}

}  // namespace app
