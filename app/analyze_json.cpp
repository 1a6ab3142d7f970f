#include "app/analyze_json.h"

#include "app/options.h"

#include <nlohmann/json.hpp>

namespace app {

namespace {

// Keeps keys in the order in which they are added. Numbers are written so that they read back exactly, and as
// null when they are not finite; floats are written as the double of the same value.
using Json = nlohmann::ordered_json;

// File names need not be UTF-8.
std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json deviceJson(const engine::DeviceInfo& info) {
    return {{"name", info.name}, {"driver", info.driver}, {"type", engine::name(info.type)}};
}

Json sourceJson(const Selection& selection) {
    Json source = Json::array();
    for (const auto& file : selection.files) {
        source.push_back(
            {{"path", file->path()}, {"format", file->format()}, {"bytes", file->fileSizeBytes()}});
    }
    return source;
}

Json optionsJson(const quant::AnalysisOptions& options) {
    Json methods = Json::array();
    for (const auto& method : options.methods) methods.push_back(method.name());
    Json json = {{"bits", options.bits},
                 {"methods", methods},
                 {"granularity", options.granularity.name()},
                 {"sign", name(options.sign)}};
    if (options.metric != quant::Metric()) json["metric"] = options.metric.name();
    if (options.formats.empty()) return json;
    json["bits"] = Json::array();
    for (const auto& format : options.formats) {
        json["bits"].push_back(format.bits);
        json["formats"].push_back(format.name());
    }
    return json;
}

Json resultJson(const quant::MethodResult& result) {
    Json json = {{"method", result.method.name()},
                 {"bits", result.format.bits},
                 {"signed", result.format.isSigned},
                 {"granularity", result.granularity.name()},
                 {"clip", result.clip},
                 {"scale", result.scale},
                 {"zero_point", result.zeroPoint},
                 {"mse", result.mse},
                 {"sqnr_db", result.sqnrDb ? Json(*result.sqnrDb) : Json()},
                 {"clipped_fraction", result.clippedFraction},
                 {"iterations", result.iterations},
                 {"format", result.format.name()}};
    if (result.format.isAffine) json["clip_low"] = result.low;
    return json;
}

Json tensorJson(const quant::TensorAnalysis& analysis) {
    const auto& [info, profile, std, results] = analysis;
    Json list = Json::array();
    for (const auto& result : results) list.push_back(resultJson(result));
    return {{"name", info.name},
            {"dtype", quant::name(info.dtype)},
            {"shape", info.shape},
            {"elements", info.elements},
            {"nonzero", profile.nonzero(quant::Sides::Both)},
            {"nan", profile.notNumbers()},
            {"inf", profile.infinities()},
            {"min", profile.min()},
            {"max", profile.max()},
            {"absmax", profile.absmax()},
            {"mean", profile.mean()},
            {"std", std},
            {"results", std::move(list)}};
}

Json skippedJson(const Selection& selection) {
    Json skipped = Json::array();
    for (const auto& [ref, reason] : selection.skipped) {
        skipped.push_back({{"name", selection.info(ref).name}, {"reason", reason}});
    }
    return skipped;
}

}  // namespace

AnalyzeJson::AnalyzeJson(Output& output, const AnalyzeRun& run) : m_output(output), m_run(run) {
    const Json tool = {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}};
    m_output.write("{\"tool\":" + dumped(tool));
    m_output.write(",\n\"device\":" + dumped(deviceJson(run.device)));
    m_output.write(",\n\"source\":" + dumped(sourceJson(run.selection)));
    m_output.write(",\n\"options\":" + dumped(optionsJson(run.options)));
    m_output.write(",\n\"tensors\":[");
}

void AnalyzeJson::add(const quant::TensorAnalysis& analysis) {
    m_output.write(m_isFirst ? "\n" : ",\n");
    m_output.write(dumped(tensorJson(analysis)));
    m_isFirst = false;
}

void AnalyzeJson::finish(const Seconds& seconds) {
    const auto& [total, read, upload, compute] = seconds;
    const Json times = {{"total", total}, {"read", read}, {"upload", upload}, {"compute", compute}};
    m_output.write("],\n\"skipped\":" + dumped(skippedJson(m_run.selection)));
    m_output.write(",\n\"seconds\":" + dumped(times) + "}\n");
}

}  // namespace app
