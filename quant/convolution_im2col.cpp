// Convolution by a matrix of columns and a product of matrices (K. Chellapilla, S. Puri, P. Simard, High
// Performance Convolutional Neural Networks for Document Processing, 2006): of one image and group,
// output [filters][columns] = weights [filters][depth] * matrix [depth][columns].
#include "quant/convolution_work.h"

namespace quant {

// Some columns of one image and group.
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

}  // namespace

// All columns that the push says.
void Convolution::writeColumns(Work& work, const engine::BufferRange& from, const engine::BufferRange& to,
                               shaders::ConvColumnsPush push) {
    constexpr uint32_t channelRun = 8;
    const auto& kernel =
        work.kernel("conv_columns", {{0, elementOf(work.problem.type)}, {2, channelRun}}, false);
    push.inputs = from.address();
    push.columns = to.address();
    const uint64_t places = uint64_t{push.geometry.kernelHeight} * push.geometry.kernelWidth;
    work.commands.dispatch(kernel,
                           places * quotient(push.depth, channelRun) *
                               quotient(push.pitchWords, kernel.workgroupSize()) * kernel.workgroupSize(),
                           push, {from}, {to});
}

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
    writeColumns(work, all, copy,
                 {.geometry = row,
                  .depth = 1,
                  .firstColumn = static_cast<uint32_t>(group * elements),
                  .columnCount = static_cast<uint32_t>(elements),
                  .pitchWords = static_cast<uint32_t>(size / 4)});
    return copy;
}

// What the products' B is: the input as it lies, or its columns, written by commands that are not yet
// submitted.
GemmMatrix Convolution::columnsOf(Work& work, const Columns& columns) {
    const ConvolutionProblem& problem = work.problem;
    const ConvolutionShape& shape = work.shape;
    const uint32_t bytes = elementBytes(problem.type), depth = depthOf(shape), plane = work.outPlane();
    const uint32_t firstPlane = columns.image * shape.channels + columns.group * groupChannels(shape);
    if (isMatrix(problem)) {
        const uint64_t skipped = uint64_t{columns.first} * bytes;
        const uint64_t size = uint64_t{depth} * plane * bytes - skipped;
        const uint64_t offset = uint64_t{firstPlane} * plane * bytes + skipped;
        return {{*problem.input.buffer, problem.input.offset + offset, size}, plane};
    }
    const uint32_t pitchWords = quotient(columns.count * bytes, 4u);
    const uint64_t size = uint64_t{depth} * pitchWords * 4;
    const engine::BufferRange matrix(work.scratch(m_columns, size), 0, size);
    writeColumns(work, problem.input, matrix,
                 {.geometry = work.geometry(),
                  .zeroPoint = work.zeroPoint(),
                  .firstPlane = firstPlane,
                  .depth = groupChannels(shape),
                  .firstColumn = columns.first,
                  .columnCount = columns.count,
                  .pitchWords = pitchWords});
    return {matrix, pitchWords * 4 / bytes};
}

void Convolution::multiplyColumns(Work& work, const Columns& columns) {
    const ConvolutionProblem& problem = work.problem;
    const ConvolutionShape& shape = work.shape;
    const uint32_t plane = work.outPlane(), filters = groupFilters(shape), depth = depthOf(shape);
    const GemmMatrix matrix = columnsOf(work, columns);
    work.commands.flush();
    const uint64_t firstRow = columns.image * uint64_t{shape.filters} + columns.group * filters;
    const uint64_t first = firstRow * plane + columns.first;
    const engine::BufferRange sums(*problem.output.buffer, problem.output.offset + first * 4,
                                   (uint64_t{filters} * plane - columns.first) * 4);
    m_gemm.multiply({.type = problem.type,
                     .m = filters,
                     .n = columns.count,
                     .k = depth,
                     .a = {columns.weights, depth},
                     .b = matrix,
                     .c = {sums, plane},
                     .bias = {}});
    if (!problem.bias) return;
    const auto& kernel = work.kernel("conv_finish", {{2, isInteger(problem.type)}}, false);
    const shaders::ConvFinishPush push{.sums = sums.address(),
                                       .epilogue = work.epilogue(),
                                       .firstFilter = columns.group * filters,
                                       .filters = filters,
                                       .columns = columns.count,
                                       .pitch = plane};
    work.commands.dispatch(
        kernel, uint64_t{filters} * quotient(columns.count, kernel.workgroupSize()) * kernel.workgroupSize(),
        push, {sums, work.bias()}, {sums});
}

void Convolution::im2col(Work& work) {
    const ConvolutionShape& shape = work.shape;
    const uint32_t plane = work.outPlane();
    // On a processor about what stays in its caches: a tenth faster than 128 MiB at a time.
    const uint64_t chunkBytes = work.isCpu ? std::min(m_scratchBytes, uint64_t{8} << 20) : m_scratchBytes;
    const uint64_t most = chunkBytes / 4 / std::max(depthOf(shape), groupFilters(shape));
    // Whole words of elements of 8 bits.
    const auto columnsAtOnce = static_cast<uint32_t>(std::clamp<uint64_t>(most / 4 * 4, 4, UINT32_MAX));
    for (uint32_t group = 0; group < shape.groups; ++group) {
        Columns columns{.group = group, .weights = groupWeights(work, group)};
        for (columns.image = 0; columns.image < shape.images; ++columns.image) {
            for (columns.first = 0; columns.first < plane; columns.first += columns.count) {
                columns.count = std::min(columnsAtOnce, plane - columns.first);
                multiplyColumns(work, columns);
            }
        }
    }
}

}  // namespace quant
