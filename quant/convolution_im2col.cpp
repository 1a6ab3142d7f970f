// Convolution by a matrix of columns and a product of matrices (K. Chellapilla, S. Puri, P. Simard, High
// Performance Convolutional Neural Networks for Document Processing, 2006): of one image and group,
// output [filters][columns] = weights [filters][depth] * matrix [depth][columns].
#include "quant/convolution_work.h"

namespace quant {

// A part of the columns of one image and group.
struct Convolution::Columns {
    uint32_t image = 0, group = 0;
    uint32_t first = 0, count = 0;  // of the output's plane
    engine::BufferRange weights;    // of the group
};

namespace {

// Where a group's rows of the matrix lie in the input as they are, on a whole word: a 1 x 1 kernel that
// visits every place.
bool isMatrix(const ConvolutionProblem& problem) {
    const ConvolutionShape& shape = problem.shape;
    return shape.kernelHeight == 1 && shape.kernelWidth == 1 && shape.strideY == 1 && shape.strideX == 1 &&
           outputHeight(shape) == shape.height && outputWidth(shape) == shape.width &&
           uint64_t{groupChannels(shape)} * shape.height * shape.width * elementBytes(problem.type) % 4 == 0;
}

constexpr uint32_t channelRun = 8;

void writeColumns(engine::Commands& commands, const engine::Kernel& kernel, shaders::ConvColumnsPush push,
                  const engine::BufferRange& from, const engine::BufferRange& to) {
    push.inputs = from.address();
    push.columns = to.address();
    const uint64_t places = uint64_t{push.geometry.kernelHeight} * push.geometry.kernelWidth;
    commands.dispatch(kernel,
                      places * quotient(push.depth, channelRun) *
                          quotient(push.pitchWords, kernel.workgroupSize()) * kernel.workgroupSize(),
                      push, {from}, {to});
}

}  // namespace

// As they lie, or where they begin within a word a copy: one row of columns of a 1 x 1 kernel.
engine::BufferRange Convolution::groupWeights(Work& work, uint32_t group) {
    const ConvolutionShape& shape = work.shape;
    const uint64_t elements = uint64_t{groupFilters(shape)} * depthOf(shape);
    const uint32_t bytes = elementBytes(work.problem.type);
    const uint64_t offset = group * elements * bytes, size = quotient<uint64_t>(elements * bytes, 4) * 4;
    const engine::BufferRange& all = work.problem.weights;
    if (offset % 4 == 0) return {*all.buffer, all.offset + offset, size};
    const engine::BufferRange copy(work.scratch(m_weights, size), 0, size);
    const auto total = static_cast<uint32_t>(weightElements(shape));
    const shaders::ConvGeometry row{.channels = 1,
                                    .height = 1,
                                    .width = total,
                                    .filters = 1,
                                    .outHeight = 1,
                                    .outWidth = total,
                                    .kernelHeight = 1,
                                    .kernelWidth = 1,
                                    .strideY = 1,
                                    .strideX = 1,
                                    .padTop = 0,
                                    .padLeft = 0,
                                    .dilationY = 1,
                                    .dilationX = 1,
                                    .groups = 1};
    const auto& kernel =
        work.kernel("conv_columns", {{0, elementOf(work.problem.type)}, {2, channelRun}}, false);
    writeColumns(work.commands, kernel,
                 {.inputs = 0,
                  .columns = 0,
                  .geometry = row,
                  .zeroPoint = 0,
                  .firstPlane = 0,
                  .depth = 1,
                  .firstColumn = static_cast<uint32_t>(group * elements),
                  .columnCount = static_cast<uint32_t>(elements),
                  .pitchWords = static_cast<uint32_t>(size / 4)},
                 all, copy);
    return copy;
}

void Convolution::multiplyColumns(Work& work, const Columns& columns) {
    const ConvolutionProblem& problem = work.problem;
    const ConvolutionShape& shape = work.shape;
    const uint32_t bytes = elementBytes(problem.type), depth = depthOf(shape), plane = work.outPlane();
    const uint32_t firstPlane = columns.image * shape.channels + columns.group * groupChannels(shape);
    GemmMatrix matrix;
    if (isMatrix(problem)) {
        const uint64_t offset = uint64_t{firstPlane} * plane * bytes;
        matrix = {{*problem.input.buffer, problem.input.offset + offset, uint64_t{depth} * plane * bytes},
                  plane};
    } else {
        const uint32_t pitchWords = quotient(columns.count * bytes, 4u);
        const uint64_t size = uint64_t{depth} * pitchWords * 4;
        matrix = {{work.scratch(m_columns, size), 0, size}, pitchWords * 4 / bytes};
        const auto& kernel =
            work.kernel("conv_columns", {{0, elementOf(problem.type)}, {2, channelRun}}, false);
        writeColumns(work.commands, kernel,
                     {.inputs = 0,
                      .columns = 0,
                      .geometry = work.geometry(),
                      .zeroPoint = work.zeroPoint(),
                      .firstPlane = firstPlane,
                      .depth = groupChannels(shape),
                      .firstColumn = columns.first,
                      .columnCount = columns.count,
                      .pitchWords = pitchWords},
                     problem.input, matrix.data);
    }
    work.commands.flush();
    const uint64_t firstRow = columns.image * uint64_t{shape.filters} + columns.group * groupFilters(shape);
    const uint64_t rowBytes = uint64_t{plane} * 4, skipped = uint64_t{columns.first} * 4;
    m_gemm.multiply({.type = problem.type,
                     .m = groupFilters(shape),
                     .n = columns.count,
                     .k = depth,
                     .a = {columns.weights, depth},
                     .b = matrix,
                     .c = {{*problem.output.buffer, problem.output.offset + firstRow * rowBytes + skipped,
                            groupFilters(shape) * rowBytes - skipped},
                           plane},
                     .bias = {}});
}

void Convolution::im2col(Work& work) {
    const ConvolutionProblem& problem = work.problem;
    const ConvolutionShape& shape = work.shape;
    const uint64_t depth = depthOf(shape), plane = work.outPlane();
    const uint64_t most =
        std::min(m_scratchBytes / elementBytes(problem.type), work.elementsAtOnce()) / depth;
    // Whole words: the pieces of a row of the output begin anywhere.
    const auto columnsAtOnce = static_cast<uint32_t>(
        isMatrix(problem) ? plane : std::min(plane, std::max<uint64_t>(most / 4 * 4, 4)));
    for (uint32_t group = 0; group < shape.groups; ++group) {
        Columns columns{.group = group, .weights = groupWeights(work, group)};
        for (columns.image = 0; columns.image < shape.images; ++columns.image) {
            for (columns.first = 0; columns.first < plane; columns.first += columns.count) {
                columns.count = std::min(columnsAtOnce, static_cast<uint32_t>(plane) - columns.first);
                multiplyColumns(work, columns);
            }
        }
    }
    if (!problem.bias) return;
    const auto& kernel = work.kernel("conv_finish", {{2, isInteger(problem.type)}}, false);
    shaders::ConvFinishPush push{.outputs = problem.output.address(),
                                 .epilogue = work.epilogue(),
                                 .filters = shape.filters,
                                 .plane = static_cast<uint32_t>(plane),
                                 .first = 0,
                                 .planes = 0};
    const uint32_t planes = shape.images * shape.filters;
    const auto atOnce = static_cast<uint32_t>(std::max<uint64_t>(work.elementsAtOnce() / plane, 1));
    for (; push.first < planes; push.first += push.planes) {
        push.planes = std::min(atOnce, planes - push.first);
        work.commands.dispatch(
            kernel,
            uint64_t{push.planes} * quotient(push.plane, kernel.workgroupSize()) * kernel.workgroupSize(),
            push, {problem.output, work.bias()}, {problem.output});
        work.commands.flush();
    }
}

}  // namespace quant
