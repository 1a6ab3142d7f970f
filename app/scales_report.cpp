#include "app/scales_report.h"

#include "quant/segment_pass.h"

#include <nlohmann/json.hpp>

namespace app {

namespace {

// Numbers read back exactly, and are null when they are not finite.
using Json = nlohmann::ordered_json;

// File names need not be UTF-8.
std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json tensorJson(const quant::QuantizedTensor& tensor) {
    const quant::TensorInfo& info = tensor.info;
    const quant::MethodResult& result = tensor.result;
    Json json = {{"name", info.name},
                 {"dtype", quant::name(info.dtype)},
                 {"shape", info.shape},
                 {"format", result.format.name()},
                 {"bits", result.format.bits},
                 {"signed", result.format.isSigned},
                 {"granularity", result.granularity.name()},
                 {"method", result.method.name()},
                 {"clip", result.clip}};
    if (result.format.isAffine) json["clip_low"] = result.low;
    json["scale"] = result.scale;
    json["zero_point"] = result.zeroPoint;
    json["sqnr_db"] = result.sqnrDb ? Json(*result.sqnrDb) : Json();
    if (result.format.scaleRule == quant::ScaleRule::E4M3)
        json["tensor_scale"] = quant::nvfp4TensorScale(tensor.absmax);
    return json;
}

}  // namespace

void writeScales(Output& output, const quant::TensorFile& file,
                 const std::vector<quant::QuantizedTensor>& tensors) {
    const Json tool = {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}};
    const Json source =
        Json::array({{{"path", file.path()}, {"format", file.format()}, {"bytes", file.fileSizeBytes()}}});
    output.write("{\"tool\":" + dumped(tool) + ",\n\"source\":" + dumped(source) + ",\n\"tensors\":[");
    bool isFirst = true;
    for (const auto& tensor : tensors) {
        if (!tensor.isQuantized) continue;
        output.write(isFirst ? "\n" : ",\n");
        output.write(dumped(tensorJson(tensor)));
        isFirst = false;
    }
    output.write("]}\n");
}

}  // namespace app
