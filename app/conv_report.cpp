#include "app/conv_report.h"

#include "app/kernel_report.h"
#include "app/number_text.h"
#include "app/options.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace app {

namespace {

Json resultJson(const ConvRun& run, const ConvResult& result) {
    const quant::ConvolutionShape& shape = run.shape;
    Json json = {{"images", shape.images},
                 {"channels", shape.channels},
                 {"height", shape.height},
                 {"width", shape.width},
                 {"filters", shape.filters},
                 {"kernel", {shape.kernelHeight, shape.kernelWidth}},
                 {"stride", {shape.strideY, shape.strideX}},
                 {"padding", {shape.padTop, shape.padLeft, shape.padBottom, shape.padRight}},
                 {"dilation", {shape.dilationY, shape.dilationX}},
                 {"groups", shape.groups},
                 {"output", {shape.images, shape.filters, outputHeight(shape), outputWidth(shape)}},
                 {"type", convTypeName(result.measured.types)},
                 {"path", name(result.path)}};
    json.update(speedJson(run.ceilings, result.measured));
    return json;
}

// "2" or "2x1"
std::string pairText(uint32_t y, uint32_t x) {
    return y == x ? std::to_string(y) : shapeText({y, x});
}

// As --padding takes it.
std::string paddingText(const quant::ConvolutionShape& shape) {
    const auto& [top, left, bottom, right] =
        std::array{shape.padTop, shape.padLeft, shape.padBottom, shape.padRight};
    if (top == bottom && left == right) return pairText(top, left);
    return std::to_string(top) + "," + std::to_string(left) + "," + std::to_string(bottom) + "," +
           std::to_string(right);
}

// What is convolved, but for what is as usual.
std::string shapeLine(const quant::ConvolutionShape& shape) {
    std::string text =
        "input " + shapeText({shape.images, shape.channels, shape.height, shape.width}) + ", weights " +
        shapeText({shape.filters, groupChannels(shape), shape.kernelHeight, shape.kernelWidth});
    if (shape.strideY > 1 || shape.strideX > 1) text += ", stride " + pairText(shape.strideY, shape.strideX);
    text += ", padding " + paddingText(shape);
    if (shape.dilationY > 1 || shape.dilationX > 1)
        text += ", dilation " + pairText(shape.dilationY, shape.dilationX);
    if (shape.groups > 1) text += ", " + counted(shape.groups, "group");
    return text + "\noutput " +
           shapeText({shape.images, shape.filters, outputHeight(shape), outputWidth(shape)});
}

}  // namespace

bool ConvRun::hasIntegers() const {
    return std::ranges::any_of(results, [](const auto& result) { return isInteger(result.measured.types); });
}

std::string convJson(const ConvRun& run) {
    Json report = headJson(run.device);
    report.update(resultJson(run, run.results.front()));
    return dumped(report);
}

std::string convListJson(const ConvRun& run) {
    Json report = headJson(run.device), products = Json::array(), skipped = Json::array();
    for (const ConvResult& result : run.results) products.push_back(resultJson(run, result));
    for (const auto& [types, path, reason] : run.skipped)
        skipped.push_back({{"type", convTypeName(types)}, {"path", name(path)}, {"reason", reason}});
    report["products"] = std::move(products);
    report["skipped"] = std::move(skipped);
    return dumped(report);
}

std::string convTable(const ConvRun& run, bool hasColour) {
    const bool hasChecks = std::ranges::any_of(
        run.results, [](const auto& result) { return result.measured.check.has_value(); });
    KernelTable table({{"type"}, {"path"}}, run.ceilings, hasChecks);
    for (const ConvResult& result : run.results)
        table.addRow({convTypeName(result.measured.types), std::string(name(result.path))}, result.measured);
    std::set<std::string> reasons;  // types share them
    for (const SkippedConvPath& skipped : run.skipped) reasons.insert(skipped.reason);
    return table.render(hasColour) + "\n" + shapeLine(run.shape) + "\n" + table.checkText() +
           skippedText(reasons) + ceilingsText(run.ceilings, run.device);
}

}  // namespace app
