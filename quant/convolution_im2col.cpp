// Convolution by a matrix of columns and a product of matrices (K. Chellapilla, S. Puri, P. Simard, High
// Performance Convolutional Neural Networks for Document Processing, 2006): of one image and group,
// output [filters][columns] = weights [filters][depth] * matrix [depth][columns].
#include "quant/convolution_work.h"

namespace quant {

namespace {

// Where the rows of the matrix lie in the input as they are: a 1 x 1 kernel that visits every place.
bool isMatrix(const ConvolutionShape& shape) {
    return shape.kernelHeight == 1 && shape.kernelWidth == 1 && shape.strideY == 1 && shape.strideX == 1 &&
           outputHeight(shape) == shape.height && outputWidth(shape) == shape.width;
}

}  // namespace

// Of all groups of an image, some columns: [channels][kernelHeight][kernelWidth][count], in rows of whole
// words.
GemmMatrix Convolution::writeColumns(Work& work, uint32_t image, uint32_t firstColumn, uint32_t count) {
    constexpr uint32_t channelRun = 8;
    const ConvolutionShape& shape = work.shape;
    const GemmType type = work.problem.types.b;
    const auto& kernel = work.kernel("conv_columns", {{0, elementOf(type)}, {2, channelRun}}, false);
    const auto pitchWords = static_cast<uint32_t>(wordBytes(type, count) / 4);
    const uint64_t rows = uint64_t{depthOf(shape)} * shape.groups;
    const engine::Buffer& columns = work.scratch(m_columns, rows * pitchWords * 4);
    const shaders::ConvColumnsPush push{.inputs = work.problem.input.address(),
                                        .columns = columns.address(),
                                        .geometry = work.geometry(),
                                        .zeroPoint = work.zeroPoint(),
                                        .firstPlane = image * shape.channels,
                                        .depth = shape.channels,
                                        .firstColumn = firstColumn,
                                        .columnCount = count,
                                        .pitchWords = pitchWords};
    const uint64_t places = uint64_t{shape.kernelHeight} * shape.kernelWidth;
    work.commands.dispatch(kernel,
                           places * quotient(push.depth, channelRun) *
                               quotient(pitchWords, kernel.workgroupSize()) * kernel.workgroupSize(),
                           push, {work.problem.input}, {columns});
    const uint32_t pitch = pitchWords * (32 / elementBits(type));
    return {
        .data = columns, .rowStride = pitch, .batchStride = depthOf(shape) * pitch, .count = shape.groups};
}

void Convolution::im2col(Work& work) {
    const ConvolutionShape& shape = work.shape;
    const uint32_t plane = work.outPlane();
    GemmProblem product = productOf(work.problem);
    product.b.window.reset();
    if (isMatrix(shape)) {
        product.b.rowStride = plane;
        m_gemm.multiply(product);
        return;
    }
    product.batches = shape.groups;
    // On a processor about what stays in its caches: a tenth faster than 128 MiB at a time.
    const uint64_t chunkBytes = work.isCpu ? std::min(m_scratchBytes, uint64_t{8} << 20) : m_scratchBytes;
    const uint64_t most =
        chunkBytes / 4 / (shape.groups * uint64_t{std::max(depthOf(shape), groupFilters(shape))});
    // Whole words of elements of 8 bits.
    const auto columnsAtOnce = static_cast<uint32_t>(std::clamp<uint64_t>(most / 4 * 4, 4, UINT32_MAX));
    for (uint32_t image = 0; image < shape.images; ++image) {
        for (uint32_t first = 0; first < plane; first += product.n) {
            product.n = std::min(columnsAtOnce, plane - first);
            product.b = writeColumns(work, image, first, product.n);
            work.commands.flush();
            product.c.firstElement = image * shape.filters * plane + first;
            m_gemm.multiply(product);
        }
    }
}

}  // namespace quant
