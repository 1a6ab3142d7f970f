#include "app/gemm_series.h"

#include "app/messages.h"
#include "app/progress.h"
#include "quant/product_check.h"

#include <array>
#include <stdexcept>
#include <string>

namespace app {

namespace {

constexpr std::array types = {"fp32", "tf32",  "fp16", "fp16:fp16", "bf16",  "int16",
                              "int8", "uint8", "int4", "ternary",   "binary"};
constexpr double patience = 1;  // seconds

void addPaths(GemmRun& run, engine::Device& device, const quant::HostProduct& product, uint32_t repeat) {
    const quant::ProductReference reference(product);
    DeviceProduct onDevice(device, product);
    quant::Gemm gemm(device);
    for (const quant::GemmPath path : gemm.paths(product.types)) {
        const quant::GemmPlan plan{path, quant::gemmTiles(device.info(), path).front()};
        try {
            GemmResult result = onDevice.measure(gemm, plan, repeat, patience);
            result.measured.check = reference.check(onDevice.result());
            run.results.push_back(std::move(result));
        } catch (const std::invalid_argument& error) {  // the shape is not for this path
            run.skipped.push_back({product.types, path, error.what()});
        }
    }
}

}  // namespace

quant::GemmPlan GemmChoice::planFor(quant::GemmTuner& tuner, const quant::GemmProblem& problem,
                                    bool isQuiet) const {
    if (path && tile) return {*path, *tile};  // multiplying says where it cannot be
    if (!tuner.knows(problem, path) && !isQuiet)
        printMessage("note", "timing tiles for " + name(problem.types) + ", once for this device");
    return tuner.planFor(problem, path);
}

void addEveryPath(GemmRun& run, engine::Device& device, const GemmSource& source, uint32_t repeat,
                  bool isQuiet) {
    Progress progress(types.size(), isQuiet);
    for (const char* type : types) {
        progress.show(type);
        GemmSource ofType = source;
        ofType.types = quant::gemmTypesFrom(type);
        addPaths(run, device, GemmInputs(ofType, tableExtent).read(), repeat);
        progress.advance(1);
    }
}

void addRoofline(GemmRun& run, engine::Device& device, const GemmSource& source, const GemmChoice& choice,
                 bool isQuiet) {
    Progress progress(mostRoofline, isQuiet);
    quant::Gemm gemm(device);
    quant::GemmTuner tuner(device);
    for (uint32_t extent = leastRoofline; extent <= mostRoofline; extent *= 2) {
        progress.show(std::to_string(extent));
        DeviceProduct product(device, GemmInputs(source, extent).read());
        const quant::GemmPlan plan = choice.planFor(tuner, product.problem(), isQuiet);
        run.results.push_back(product.measure(gemm, plan, choice.repeat, patience));
        if (run.results.back().measured.seconds > patience) break;
        progress.set(extent, mostRoofline);
    }
}

}  // namespace app
