#include "quant/pooling.h"

#include "quant/layer_work.h"
#include "shaders/pooling.h"

#include <algorithm>

namespace quant {

namespace {

constexpr double mostFixed = 32;  // elements of a window that is worth a kernel of its own
constexpr uint64_t mostExtent = uint64_t{1} << 30;

uint32_t windowsAlong(uint32_t size, uint32_t kernel, uint32_t stride, uint32_t padding, uint32_t dilation,
                      bool isRoundedUp) {
    requireOfLayer(kernel > 0 && stride > 0 && dilation > 0,
                   "a window's kernel, stride and dilation are at least 1");
    const uint64_t span = uint64_t{kernel - 1} * dilation + 1, padded = uint64_t{size} + 2ull * padding;
    requireOfLayer(std::max({span, padded, uint64_t{stride}}) < mostExtent,
                   "windows of 2^30 elements or more along an axis");
    requireOfLayer(2ull * padding <= span, "the padding is more than half of a window");
    if (size == 0 || (padded < span && !(isRoundedUp && span - padded < stride))) return 0;
    if (padded < span) return 1;
    const uint64_t room = padded - span;
    uint64_t windows = (isRoundedUp ? quotient<uint64_t>(room, stride) : room / stride) + 1;
    if ((windows - 1) * stride >= uint64_t{size} + padding) --windows;
    return static_cast<uint32_t>(windows);
}

engine::Ticket pool(engine::Device& device, const PoolProblem& problem, bool isMax, bool countsPadding) {
    const auto& [type, planes, size, window, x, y] = problem;
    const Extent2 out = pooledExtent(size, window);
    checkRange("x", x, elementsOf("x", {planes, size.height, size.width}), type);
    const uint32_t elements = elementsOf("y", {planes, out.height, out.width});
    checkRange("y", y, elements);
    LayerWork work(device);
    const double elementsOfWindow = double{1} * window.kernel.height * window.kernel.width;
    const Extent2 fixed = elementsOfWindow <= mostFixed ? window.kernel : Extent2{0, 0};
    const auto& kernel =
        work.kernel("pool", {{0, floatElement(type)}, {2, isMax}, {3, fixed.height}, {4, fixed.width}});
    const auto int_ = [](uint32_t extent) { return static_cast<int32_t>(extent); };
    shaders::PoolPush push{.from = 0,
                           .to = 0,
                           .height = int_(size.height),
                           .width = int_(size.width),
                           .outHeight = int_(out.height),
                           .outWidth = int_(out.width),
                           .kernelHeight = int_(window.kernel.height),
                           .kernelWidth = int_(window.kernel.width),
                           .strideHeight = int_(window.stride.height),
                           .strideWidth = int_(window.stride.width),
                           .paddingHeight = int_(window.padding.height),
                           .paddingWidth = int_(window.padding.width),
                           .dilationHeight = int_(window.dilation.height),
                           .dilationWidth = int_(window.dilation.width),
                           .countsPadding = countsPadding,
                           .first = 0,
                           .count = 0};
    work.inParts(elements, 2 * elementsOfWindow + 4, [&](uint32_t first, uint32_t count) {
        push.from = x.address();
        push.to = y.address();
        push.first = first;
        push.count = count;
        work.commands().dispatch(kernel, count, push, {x}, {y});
    });
    return work.submit();
}

}  // namespace

Extent2 pooledExtent(const Extent2& size, const PoolWindow& window) {
    const auto& [kernel, stride, padding, dilation, isRoundedUp] = window;
    return {
        windowsAlong(size.height, kernel.height, stride.height, padding.height, dilation.height, isRoundedUp),
        windowsAlong(size.width, kernel.width, stride.width, padding.width, dilation.width, isRoundedUp)};
}

engine::Ticket maxPool(engine::Device& device, const PoolProblem& problem) {
    return pool(device, problem, true, false);
}

double meanErrorBound(uint64_t count) {
    return (static_cast<double>(count) + 4) * 0x1p-24;
}

engine::Ticket averagePool(engine::Device& device, const PoolProblem& problem, bool countsPadding) {
    requireOfLayer(problem.window.dilation == Extent2{1, 1}, "means are of windows without dilation");
    return pool(device, problem, false, countsPadding);
}

engine::Ticket globalAverage(engine::Device& device, const PoolProblem& problem) {
    const auto& [type, planes, size, window, x, y] = problem;
    const uint32_t pixels = elementsOf("a plane", {size.height, size.width});
    requireOfLayer(pixels > 0 || planes == 0, "planes without elements have no mean");
    checkRange("x", x, elementsOf("x", {planes, pixels}), type);
    checkRange("y", y, planes);
    LayerWork work(device);
    const auto& kernel = work.laneKernel("plane_mean", {{0, floatElement(type)}});
    work.inParts(planes, pixels, [&](uint32_t first, uint32_t count) {
        const shaders::PlaneMeanPush push{.from = x.address(),
                                          .to = y.address(),
                                          .pixels = pixels,
                                          .firstPlane = first,
                                          .planes = first + count};
        work.commands().dispatch(kernel, uint64_t{count} * work.lanes(), push, {x}, {y});
    });
    return work.submit();
}

}  // namespace quant
