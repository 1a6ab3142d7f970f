#include "app/explorer/session_json.h"

#include "app/explorer/view_name.h"
#include "app/options.h"
#include "quant/analysis.h"
#include "quant/output_file.h"
#include "quant/raw.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr std::array<EnumName<AxisScale>, 3> scaleNames{
    {{AxisScale::Linear, "linear"}, {AxisScale::Log, "log"}, {AxisScale::Symlog, "symlog"}}};
constexpr std::array<EnumName<TableColumn>, 10> columnNames{{{TableColumn::File, "file"},
                                                             {TableColumn::Name, "name"},
                                                             {TableColumn::Dtype, "dtype"},
                                                             {TableColumn::Shape, "shape"},
                                                             {TableColumn::Elements, "elements"},
                                                             {TableColumn::Absmax, "absmax"},
                                                             {TableColumn::Sigma, "sigma"},
                                                             {TableColumn::Clip, "clip"},
                                                             {TableColumn::Sqnr, "sqnr"},
                                                             {TableColumn::Match, "match"}}};
constexpr std::array<EnumName<ShownValues>, 3> valueNames{{{ShownValues::Original, "original"},
                                                           {ShownValues::Quantized, "quantized"},
                                                           {ShownValues::Difference, "difference"}}};
constexpr std::array<EnumName<BarGrouping>, 3> groupingNames{{{BarGrouping::Method, "method"},
                                                              {BarGrouping::Format, "format"},
                                                              {BarGrouping::Granularity, "granularity"}}};

// What a session of use stays far below; so that a hostile file costs little.
constexpr size_t mostInputs = 10'000, mostMethods = 64, mostFormats = 64, mostGranularities = 64,
                 mostChannels = 4096;

template <class Enum, size_t count>
auto wordIn(const std::array<EnumName<Enum>, count>& names) {
    return [&names](const JsonField& field) {
        return field.parsed([&](const std::string& text) { return valueIn(names, text); });
    };
}

bool flag(const JsonField& field) {
    return field.flag();
}

std::string text(const JsonField& field) {
    return field.text();
}

uint64_t index(const JsonField& field) {
    return field.whole(0, UINT64_MAX);
}

uint32_t dimension(const JsonField& field) {
    return static_cast<uint32_t>(field.whole(0, quant::maxDimensions - 1));
}

uint32_t bitWidth(const JsonField& field) {
    return static_cast<uint32_t>(field.whole(quant::minGridBits, quant::maxGridBits));
}

quant::Granularity granularity(const JsonField& field) {
    return field.parsed(quant::granularityFrom);
}

quant::NumberFormat format(const JsonField& field) {
    return field.parsed(quant::numberFormatFrom);
}

std::string method(const JsonField& field) {
    return field.parsed(quant::methodFrom).name();
}

Json boundsJson(const std::pair<double, double>& bounds) {
    return Json::array({bounds.first, bounds.second});
}

Json axisJson(const AxisView& axis) {
    Json json = {{"scale", nameIn(scaleNames, axis.scale)}};
    // JSON has no word for what is not finite.
    const bool isFinite = axis.bounds && std::isfinite(axis.bounds->first + axis.bounds->second);
    if (isFinite) json["bounds"] = boundsJson(*axis.bounds);
    return json;
}

// Apart as floats, which is what the device draws with.
std::pair<double, double> boundsFrom(const JsonField& field, AxisScale scale) {
    const auto ends = field.elements(2);
    if (ends.size() != 2) field.fail("two numbers are needed");
    const double lowest = scale == AxisScale::Log ? FLT_MIN : -FLT_MAX;
    const std::pair bounds{ends[0].number(lowest, FLT_MAX), ends[1].number(lowest, FLT_MAX)};
    const auto [low, high] = bounds;
    if (!(static_cast<float>(low) < static_cast<float>(high) && high - low >= FLT_MIN))
        field.fail("the first bound does not lie below the second");
    return bounds;
}

void takeAxis(const JsonField& object, std::string_view key, AxisView& axis) {
    const auto field = object.field(key);
    if (!field) return;
    take(*field, "scale", axis.scale, wordIn(scaleNames));
    take(*field, "bounds", axis.bounds,
         [&](const JsonField& bounds) { return boundsFrom(bounds, axis.scale); });
}

template <class Range>
Json namesJson(const Range& range) {
    Json names = Json::array();
    for (const auto& element : range) names.push_back(element.name());
    return names;
}

Json shownJson(const ShownCurves& shown) {
    return {{"measured", shown.measured}, {"modelled", shown.modelled},
            {"iterates", shown.iterates}, {"levels", shown.levels},
            {"legend", shown.legend},     {"quantized_histogram", shown.quantizedHistogram}};
}

void takeShown(const JsonField& object, ShownCurves& shown) {
    take(object, "measured", shown.measured, flag);
    take(object, "modelled", shown.modelled, flag);
    take(object, "iterates", shown.iterates, flag);
    take(object, "levels", shown.levels, flag);
    take(object, "legend", shown.legend, flag);
    take(object, "quantized_histogram", shown.quantizedHistogram, flag);
}

Json clipJson(const Session& session) {
    Json json = {{"bits", session.chosenBits},
                 {"curves", session.bits},
                 {"sign", name(session.sign)},
                 {"granularity", session.granularity.name()},
                 {"methods", session.methods},
                 {"shown", shownJson(session.shown)},
                 {"x", axisJson(session.clips)},
                 {"y", axisJson(session.errors)},
                 {"histogram_y", axisJson(session.counts)}};
    if (session.format) json["format"] = session.format->name();
    if (session.clip && std::isfinite(*session.clip)) json["value"] = *session.clip;
    return json;
}

void takeClip(const JsonField& object, Session& session) {
    take(object, "bits", session.chosenBits, bitWidth);
    takeList(object, "curves", session.bits, quant::maxGridBits, bitWidth);
    take(object, "sign", session.sign, [](const JsonField& field) { return field.parsed(signFrom); });
    take(object, "granularity", session.granularity, granularity);
    takeList(object, "methods", session.methods, mostMethods, method);
    take(object, "format", session.format, format);
    take(object, "value", session.clip,
         [](const JsonField& field) { return field.number(FLT_MIN, FLT_MAX); });
    if (const auto shown = object.field("shown")) takeShown(*shown, session.shown);
    takeAxis(object, "x", session.clips);
    takeAxis(object, "y", session.errors);
    takeAxis(object, "histogram_y", session.counts);
}

Json tableJson(const TableState& table, bool isShown) {
    return {{"shown", isShown},
            {"filter", textJson(table.filter)},
            {"column", nameIn(columnNames, table.column)},
            {"descending", table.isDescending},
            {"worst_first", table.isWorstFirst}};
}

void takeTable(const JsonField& object, TableState& table, bool& isShown) {
    take(object, "shown", isShown, flag);
    take(object, "filter", table.filter, text);
    take(object, "column", table.column, wordIn(columnNames));
    take(object, "descending", table.isDescending, flag);
    take(object, "worst_first", table.isWorstFirst, flag);
}

Json channelsJson(const ChannelState& channels) {
    return {{"axis", channels.axis},
            {"selected", channels.selected},
            {"x", axisJson(channels.clips)},
            {"y", axisJson(channels.rows)}};
}

void takeChannels(const JsonField& object, ChannelState& channels) {
    take(object, "axis", channels.axis, dimension);
    takeList(object, "selected", channels.selected, mostChannels, index);
    takeAxis(object, "x", channels.clips);
    takeAxis(object, "y", channels.rows);
}

Json compareJson(const CompareState& compare) {
    return {{"group_by", nameIn(groupingNames, compare.grouping)},
            {"granularities", namesJson(compare.granularities)},
            {"formats", namesJson(compare.formats)},
            {"y", axisJson(compare.sqnr)}};
}

void takeCompare(const JsonField& object, CompareState& compare) {
    take(object, "group_by", compare.grouping, wordIn(groupingNames));
    takeList(object, "granularities", compare.granularities, mostGranularities, granularity);
    takeList(object, "formats", compare.formats, mostFormats, format);
    takeAxis(object, "y", compare.sqnr);
}

Json valuesJson(const ValueState& values) {
    Json json = {{"slice", values.slice}, {"what", nameIn(valueNames, values.what)}};
    if (const auto& zoom = values.zoom;
        zoom && std::isfinite(zoom->left + zoom->top + zoom->right + zoom->bottom))
        json["zoom"] = Json::array({zoom->left, zoom->top, zoom->right, zoom->bottom});
    return json;
}

ZoomRect zoomFrom(const JsonField& field) {
    const auto ends = field.elements(4);
    if (ends.size() != 4) field.fail("four numbers are needed");
    constexpr double most = 0x1p53;  // beyond, pixels are no longer told apart
    const auto at = [&](size_t i) { return ends[i].number(-most, most); };
    const ZoomRect zoom{at(0), at(1), at(2), at(3)};
    if (!(zoom.left < zoom.right && zoom.top < zoom.bottom)) field.fail("the rectangle is empty");
    return zoom;
}

void takeValues(const JsonField& object, ValueState& values) {
    takeList(object, "slice", values.slice, quant::maxDimensions, index);
    take(object, "what", values.what, wordIn(valueNames));
    take(object, "zoom", values.zoom, zoomFrom);
}

void takeInputs(const JsonField& object, Session& session, const fs::path& folder) {
    takeList(object, "inputs", session.inputs, mostInputs,
             [&](const JsonField& field) { return field.path(folder); });
    take(object, "raw", session.raw,
         [](const JsonField& field) { return field.parsed(quant::rawLayoutFrom).name(); });
    take(object, "tensor", session.tensor, text);
    take(object, "reference", session.reference, text);
}

void checkVersion(const JsonField& object) {
    const auto version = object.field("clipscope_session");
    if (!version) object.fail("is no session: it lacks 'clipscope_session'");
    version->whole(1, sessionVersion);
}

}  // namespace

Json sessionJson(const Session& session, const fs::path& folder) {
    Json inputs = Json::array();
    for (const std::string& path : session.inputs) inputs.push_back(pathJson(path, folder));
    Json json = {{"clipscope_session", sessionVersion},
                 {"inputs", inputs},
                 {"tensor", textJson(session.tensor)},
                 {"view", name(session.view)},
                 {"theme", name(session.theme)},
                 {"clip", clipJson(session)},
                 {"table", tableJson(session.table, session.isTableShown)},
                 {"channels", channelsJson(session.channels)},
                 {"compare", compareJson(session.compare)},
                 {"values", valuesJson(session.values)}};
    if (!session.raw.empty()) json["raw"] = session.raw;
    if (session.reference) json["reference"] = textJson(*session.reference);
    return json;
}

Session sessionFrom(const JsonField& object, const fs::path& folder) {
    checkVersion(object);
    Session session;
    takeInputs(object, session, folder);
    take(object, "view", session.view, wordIn(viewNames));
    take(object, "theme", session.theme, wordIn(appearanceNames));
    if (const auto clip = object.field("clip")) takeClip(*clip, session);
    if (const auto table = object.field("table")) takeTable(*table, session.table, session.isTableShown);
    if (const auto channels = object.field("channels")) takeChannels(*channels, session.channels);
    if (const auto compare = object.field("compare")) takeCompare(*compare, session.compare);
    if (const auto values = object.field("values")) takeValues(*values, session.values);
    return session;
}

Session sessionFrom(std::string_view text, const fs::path& file) {
    const std::string name = file.string();
    const nlohmann::json document = parseJson(name, text);
    return sessionFrom(JsonField(name, document), file.parent_path());
}

Session readSession(const fs::path& file) {
    return sessionFrom(readJsonText(file), file);
}

void writeSession(const Session& session, const fs::path& file) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const std::string text = sessionJson(session, folder).dump(2) + "\n";
    quant::OutputFile output(file);
    output.write(text);
    output.commit();
}

}  // namespace app
