#include "quant/convolution.h"

#include "quant/convolution_work.h"

#include <algorithm>
#include <stdexcept>

namespace quant {

namespace {

using engine::BufferRange;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument("convolution: " + what);
}

void checkTypes(GemmTypes types) {
    const bool areBytes = isInteger(types.a) && elementBits(types.a) <= 8 &&
                          (types.b == GemmType::Int8 || types.b == GemmType::Uint8);
    const bool areFloats = types == GemmType::Fp32 || types == GemmType::Fp16 || types == GemmType::Bf16;
    require(isInteger(types.b) ? areBytes : areFloats, "weights of " + std::string(name(types.a)) +
                                                           " and inputs of " + std::string(name(types.b)) +
                                                           " are not convolved");
}

void checkRange(const char* which, const BufferRange& range, uint64_t bytes) {
    if (bytes == 0) return;
    require(range.buffer != nullptr, std::string("no ") + which);
    require(range.offset % 4 == 0, std::string(which) + " begin within a word");
    require(range.sizeBytes >= bytes, std::string(which) + " are larger than their buffer");
}

bool isWinogradShape(const ConvolutionShape& shape) {
    return shape.kernelHeight == 3 && shape.kernelWidth == 3 && shape.strideY == 1 && shape.strideX == 1 &&
           shape.dilationY == 1 && shape.dilationX == 1 && shape.groups == 1;
}

void checkProblem(const ConvolutionProblem& problem) {
    const auto& [types, shape, input, weights, output, bias, zeroPoint, activation, finishing] = problem;
    check(shape);
    checkTypes(types);
    require(!finishing || isInteger(types), "a sum of floats is not requantized");
    const bool isByte = finishing && isEightBit(*finishing);
    checkRange("inputs", input, wordBytes(types.b, inputElements(shape)));
    checkRange("weights", weights, wordBytes(types.a, weightElements(shape)));
    checkRange("outputs", output, wordBytes(isByte ? GemmType::Int8 : GemmType::Fp32, outputElements(shape)));
    if (bias) checkRange("biases", *bias, uint64_t{shape.filters} * 4);
    require(isZeroPoint(zeroPoint, types.b),
            "a zero point of " + std::to_string(zeroPoint) + " is no level of " + std::string(name(types.b)));
}

}  // namespace

bool isZeroPoint(int32_t level, GemmType input) {
    const int32_t least = input == GemmType::Int8 ? -128 : 0;
    const int32_t most = input == GemmType::Int8 ? 127 : input == GemmType::Uint8 ? 255 : 0;
    return level >= least && level <= most;
}

double convolutionErrorBound(uint64_t depth) {
    return gemmErrorBound(depth + 1);
}

double winogradErrorBound(ConvolutionPath path, uint64_t channels) {
    const bool isSmall = path == ConvolutionPath::Winograd2;
    const double amplification = isSmall ? 4 : 88.0 / 3;
    const double roundings = static_cast<double>(channels) + (isSmall ? 16 : 30);
    return amplification * amplification * roundings * 0x1p-24;
}

GemmProblem productOf(const ConvolutionProblem& problem) {
    const ConvolutionShape& shape = problem.shape;
    const uint32_t depth = depthOf(shape), filters = groupFilters(shape), channels = groupChannels(shape);
    const uint32_t outHeight = outputHeight(shape), outWidth = outputWidth(shape);
    const uint32_t plane = outHeight * outWidth, batches = shape.images * shape.groups;
    const GemmWindow window{.channels = channels,
                            .height = shape.height,
                            .width = shape.width,
                            .kernelHeight = shape.kernelHeight,
                            .kernelWidth = shape.kernelWidth,
                            .outHeight = outHeight,
                            .outWidth = outWidth,
                            .strideY = shape.strideY,
                            .strideX = shape.strideX,
                            .dilationY = shape.dilationY,
                            .dilationX = shape.dilationX,
                            .padTop = shape.padTop,
                            .padLeft = shape.padLeft,
                            .padding = problem.inputZeroPoint};
    return {.types = problem.types,
            .m = filters,
            .n = plane,
            .k = depth,
            .batches = batches,
            .a = {.data = problem.weights,
                  .rowStride = depth,
                  .batchStride = filters * depth,
                  .count = shape.groups},
            .b = {.data = problem.input,
                  .batchStride = channels * shape.height * shape.width,
                  .count = std::max(batches, 1u),
                  .window = window},
            .c = {.data = problem.output, .rowStride = plane, .batchStride = filters * plane},
            .bias = problem.bias,
            .activation = problem.activation,
            .channels = GemmChannels::Rows,
            .channelBatches = shape.groups,
            .finishing = problem.finishing};
}

std::string Convolution::problemOf(GemmTypes types, const ConvolutionShape& shape, ConvolutionPath path) {
    if (path == ConvolutionPath::Direct || path == ConvolutionPath::Im2col ||
        path == ConvolutionPath::Implicit)
        return "";
    const std::string which = "path '" + std::string(name(path)) + "' ";
    if (isInteger(types)) return which + "takes floats alone";
    if (!isWinogradShape(shape))
        return which + "takes 3 x 3 kernels with strides, dilations and groups of 1 alone";
    return "";
}

std::vector<ConvolutionPath> Convolution::paths(GemmTypes types, const ConvolutionShape& shape) {
    std::vector<ConvolutionPath> able;
    for (const ConvolutionPath path : convolutionPaths) {
        if (problemOf(types, shape, path).empty()) able.push_back(path);
    }
    return able;
}

// By what was measured on llvmpipe (tests/bench/README.md); elsewhere nothing was.
ConvolutionPath Convolution::pathFor(const ConvolutionProblem& problem) const {
    const ConvolutionShape& shape = problem.shape;
    check(shape);
    const uint64_t work = multiplications(shape);
    const uint64_t outputs = uint64_t{shape.images} * outputHeight(shape) * outputWidth(shape);
    // Few tiles do not repay transformed weights, of which large ones have more.
    constexpr uint64_t leastWork = 1 << 25, leastOutputs = 128, leastOutputsOfLargeTiles = 512;
    constexpr uint32_t leastChannels = 32;
    if (problemOf(problem.types, shape, ConvolutionPath::Winograd2).empty() && work >= leastWork &&
        outputs >= leastOutputs && std::min(shape.channels, shape.filters) >= leastChannels)
        return outputs >= leastOutputsOfLargeTiles ? ConvolutionPath::Winograd4 : ConvolutionPath::Winograd2;
    // Packed panels repay themselves by the filters that they are multiplied with.
    constexpr uint64_t small = 1 << 20;
    const bool isPoint = shape.kernelHeight == 1 && shape.kernelWidth == 1;
    const uint32_t few = isPoint ? 4 : problem.types == GemmType::Fp32 ? 33 : 9;
    if (groupFilters(shape) < few || work < small) return ConvolutionPath::Direct;
    // Without columns to write the former is a product of what lies there.
    return isPoint && shape.strideY == 1 && shape.strideX == 1 ? ConvolutionPath::Im2col
                                                               : ConvolutionPath::Implicit;
}

engine::Ticket Convolution::convolve(const ConvolutionProblem& problem, ConvolutionPath path) {
    checkProblem(problem);
    const std::string lacking = problemOf(problem.types, problem.shape, path);
    require(lacking.empty(), lacking);
    require(!problem.finishing || path == ConvolutionPath::Direct || path == ConvolutionPath::Implicit,
            "path '" + std::string(name(path)) + "' does not requantize");
    Work work{.device = m_device, .problem = problem};
    if (problem.shape.images == 0) return work.commands.submit();
    switch (path) {
        case ConvolutionPath::Direct:
            direct(work);
            break;
        case ConvolutionPath::Im2col:
            im2col(work);
            break;
        case ConvolutionPath::Implicit:
            m_gemm.multiply(productOf(problem));
            break;
        case ConvolutionPath::Winograd2:
            winograd(work, 2);
            break;
        case ConvolutionPath::Winograd4:
            winograd(work, 4);
            break;
    }
    return work.commands.submit();
}

void Convolution::direct(Work& work) {
    const ConvolutionShape& shape = work.shape;
    const GemmFinishing* finishing = work.problem.finishing;
    if (finishing) work.finish = uploadFinish(m_device, productOf(work.problem));
    constexpr uint32_t rows = 4;
    const uint32_t filters = groupFilters(shape) < 4 ? 1 : 4;
    const auto& kernel = work.kernel("conv_direct",
                                     {{0, elementOf(work.problem.types.b)},
                                      {7, elementOf(work.problem.types.a)},
                                      {9, finishing ? finishing->kind : shaders::finishPlain},
                                      {2, rows},
                                      {3, filters},
                                      {4, shape.kernelHeight == 3 && shape.kernelWidth == 3 ? 3 : 0},
                                      {5, shape.strideX == 1 ? 1 : 0}},
                                     true);
    shaders::ConvDirectPush push{.inputs = work.problem.input.address(),
                                 .weights = work.problem.weights.address(),
                                 .outputs = work.problem.output.address(),
                                 .epilogue = work.epilogue(),
                                 .geometry = work.geometry(),
                                 .images = shape.images,
                                 .zeroPoint = work.zeroPoint(),
                                 .firstBlock = 0,
                                 .blocks = 0};
    const uint64_t blocks = uint64_t{shape.images} * shape.groups * quotient(groupFilters(shape), filters) *
                            quotient(work.outHeight, rows) * quotient(work.outWidth, work.lanes);
    const double each = 2.0 * depthOf(shape) * filters * rows * work.lanes;
    // Some 50 ms: with one filter, what is read serves no other.
    const double atOnce = !work.isCpu ? 5e10 : filters == 1 ? 1e8 : 3e8;
    const double most = std::clamp(atOnce / each, 1.0, 4e9);
    for (uint64_t first = 0; first < blocks; first += push.blocks) {
        push.firstBlock = static_cast<uint32_t>(first);
        push.blocks = static_cast<uint32_t>(std::min<uint64_t>(blocks - first, static_cast<uint64_t>(most)));
        work.commands.dispatch(
            kernel, uint64_t{push.blocks} * work.lanes, push,
            {work.problem.input, work.problem.weights, work.bias(),
             finishing ? finishing->parameters : work.bias(), finishing ? finishing->sums : work.bias()},
            {work.problem.output});
        if (push.blocks == static_cast<uint64_t>(most)) work.commands.flush();
    }
}

}  // namespace quant
