#include "app/conv_series.h"

#include "app/options.h"
#include "app/progress.h"
#include "quant/convolution_check.h"

#include <array>

namespace app {

namespace {

constexpr std::array types = {"fp32", "fp16", "bf16", "int8", "uint8", "int4", "ternary", "binary"};
constexpr double patience = 1;  // seconds

void addPaths(ConvRun& run, engine::Device& device, const quant::HostConvolution& host, uint32_t repeat) {
    const quant::ConvolutionReference reference(host);
    const DeviceConvolution onDevice(device, host);
    quant::Convolution convolution(device);
    for (const quant::ConvolutionPath path : quant::convolutionPaths) {
        const std::string problem = quant::Convolution::problemOf(host.types, host.shape, path);
        if (!problem.empty()) {
            run.skipped.push_back({host.types, path, problem});
            continue;
        }
        ConvResult result = onDevice.measure(convolution, path, repeat, patience);
        result.measured.check = reference.check(onDevice.result(), path);
        run.results.push_back(std::move(result));
    }
}

}  // namespace

void addEveryPath(ConvRun& run, engine::Device& device, const ConvSource& source, uint32_t repeat,
                  bool isQuiet) {
    Progress progress(types.size(), isQuiet);
    for (const char* type : types) {
        progress.show(type);
        ConvSource ofType = source;
        ofType.types = convTypesFrom(type);
        addPaths(run, device, ConvInputs(ofType).read(), repeat);
        progress.advance(1);
    }
}

}  // namespace app
