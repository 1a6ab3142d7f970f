#include "app/analyze_csv.h"

#include "app/clip_range.h"
#include "app/number_text.h"

#include <string>

namespace app {

namespace {

constexpr std::string_view header =
    "file,tensor,dtype,shape,elements,method,bits,signed,granularity,segments,clip_min,clip_max,clip_mean,"
    "mse,sqnr_db,"
    "clipped_fraction,iterations,format\n";

void addField(std::string& line, std::string_view text) {
    line += csvField(text) + ",";
}

std::string lineStart(std::string_view path, const quant::TensorInfo& info) {
    std::string line;
    addField(line, path);
    addField(line, info.name);
    addField(line, quant::name(info.dtype));
    addField(line, info.shape.empty() ? "" : shapeText(info.shape));
    addField(line, std::to_string(info.elements));
    return line;
}

std::string lineEnd(const quant::MethodResult& result) {
    const ClipRange clips = clipRange(result.clip);
    std::string line;
    addField(line, result.method.name());
    addField(line, std::to_string(result.format.bits));
    addField(line, result.format.isSigned ? "true" : "false");
    addField(line, result.granularity.name());
    addField(line, std::to_string(result.clip.size()));
    for (const double value : {clips.min, clips.max, clips.mean, result.mse}) addField(line, exact(value));
    addField(line, result.sqnrDb ? exact(*result.sqnrDb) : "");
    addField(line, exact(result.clippedFraction));
    addField(line, std::to_string(result.iterations));
    return line + result.format.name() + "\n";
}

}  // namespace

std::string csvField(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

AnalyzeCsv::AnalyzeCsv(Output& output) : m_output(output) {
    m_output.write(header);
}

void AnalyzeCsv::add(std::string_view path, const quant::TensorAnalysis& analysis) {
    const std::string start = lineStart(path, analysis.info);
    for (const auto& result : analysis.results) m_output.write(start + lineEnd(result));
}

}  // namespace app
