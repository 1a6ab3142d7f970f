#pragma once

#include "app/plot/axis.h"
#include "quant/number_format.h"
#include "quant/segments.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quant {
enum class Sign;  // quant/analysis.h
}

namespace app {

enum class View { Clip, Channels, Compare, Values, Device };
enum class Appearance { Dark, Light };
enum class TableColumn { File, Name, Dtype, Shape, Elements, Absmax, Sigma, Clip, Sqnr, Match };
enum class ShownValues { Original, Quantized, Difference };
enum class BarGrouping { Method, Format, Granularity };

// How one direction of a plot is shown. Without bounds it fits what is drawn; with them it stays, whatever
// is selected. low < high, both of the size of normal floats; Log: low > 0.
struct AxisView {
    AxisScale scale = AxisScale::Linear;
    std::optional<std::pair<double, double>> bounds;

    bool operator==(const AxisView&) const = default;
};

// What is drawn in the clip view beside its axes.
struct ShownCurves {
    bool measured = true, modelled = true, iterates = true;
    bool levels = true, quantizedHistogram = true;
    bool legend = true;

    bool operator==(const ShownCurves&) const = default;
};

struct TableState {
    std::string filter;  // as RowFilter takes it
    TableColumn column = TableColumn::File;
    bool isDescending = false;
    bool isWorstFirst = false;  // the lowest SQNR on top, whatever the column

    bool operator==(const TableState&) const = default;
};

struct ChannelState {
    uint32_t axis = 0;               // of the tensor's dimensions
    std::vector<uint64_t> selected;  // whose curves are drawn
    AxisView clips{AxisScale::Log, {}}, rows;

    bool operator==(const ChannelState&) const = default;
};

struct CompareState {
    BarGrouping grouping = BarGrouping::Method;
    // A tensor is compared at those that say anything of it.
    std::vector<quant::Granularity> granularities{{}, {.kind = quant::Granularity::Kind::Channel}};
    std::vector<quant::NumberFormat> formats;  // empty: the integers of Session::bits
    AxisView sqnr;

    bool operator==(const CompareState&) const = default;
};

// A part of an image, in its pixels: left < right, top < bottom.
struct ZoomRect {
    double left = 0, top = 0, right = 1, bottom = 1;

    bool operator==(const ZoomRect&) const = default;
};

struct ValueState {
    // An index along each dimension but the last two; missing ones are 0. Empty: all slices side by side.
    std::vector<uint64_t> slice;
    ShownValues what = ShownValues::Original;
    std::optional<ZoomRect> zoom;  // none: the whole image

    bool operator==(const ValueState&) const = default;
};

// The state of a view as plain data: a window, an offscreen picture and each viewer of a stream draw one. It
// may name files, tensors, channels and axes that are not there; whoever shows it takes what there is.
struct Session {
    std::vector<std::string> inputs;       // paths, as the user gave them
    std::string raw;                       // layout of bare elements (quant::rawLayoutFrom); empty for none
    std::string tensor;                    // empty: the first. A name that two inputs share is the first's
    std::optional<std::string> reference;  // a tensor whose curves are overlaid

    View view = View::Clip;
    Appearance theme = Appearance::Dark;
    bool isTableShown = true;

    std::vector<uint32_t> bits{2, 3, 4, 6, 8};  // of the curves, each 1 to 16
    uint32_t chosenBits = 4;                    // of the clip line and what is read off it
    std::optional<quant::NumberFormat> format;  // instead of integers of the chosen bits
    quant::Sign sign{};                         // auto
    quant::Granularity granularity;
    std::vector<std::string> methods{"octav", "max", "percentile:99.9", "entropy", "mse"};
    std::optional<double> clip;  // a normal float above 0; none: the optimum of octav

    ShownCurves shown;
    AxisView clips{AxisScale::Log, {}}, errors{AxisScale::Log, {}}, counts{AxisScale::Log, {}};

    TableState table;
    ChannelState channels;
    CompareState compare;
    ValueState values;

    bool operator==(const Session&) const = default;
};

}  // namespace app
