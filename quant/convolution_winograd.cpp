// Convolution by minimal filtering, F(2x2, 3x3) and F(4x4, 3x3): A. Lavin, S. Gray, Fast Algorithms for
// Convolutional Neural Networks (CVPR 2016), algorithm 1. With t = tile + 2, each of the t * t places of a
// transformed tile is a product of matrices [filters][channels] * [channels][tiles]; everything between the
// transforms is fp32, whatever the input is.
#include "quant/convolution_work.h"

namespace quant {

// How a convolution is cut.
struct Convolution::Winograd {
    uint32_t tile = 2, places = 16;  // t * t
    uint32_t across = 0, down = 0;   // tiles of an image
    uint32_t runsAcross = 0;         // of an image, where runs end with rows
    uint32_t firstFilter = 0, filters = 0;
    bool endsWithRows = false;
    uint32_t lanes = 0;

    uint32_t tiles(const ConvolutionShape& shape) const { return shape.images * down * across; }
    uint32_t runs(const ConvolutionShape& shape) const {
        return endsWithRows ? shape.images * down * runsAcross : quotient(tiles(shape), lanes);
    }
    uint32_t firstTile(const ConvolutionShape& shape, uint32_t run) const {
        if (endsWithRows) return run / runsAcross * across + run % runsAcross * lanes;
        return std::min(run * lanes, tiles(shape));
    }
};

// The transformed inputs of so many tiles by the transformed weights, for each place of a tile.
void Convolution::multiplyPlaces(Work& work, const Winograd& plan, uint32_t tiles, uint32_t pitch) {
    const uint32_t channels = work.shape.channels;
    const auto matricesOf = [&](const engine::Buffer& buffer, uint32_t rows, uint32_t stride) {
        return GemmMatrix{
            .data = buffer, .rowStride = stride, .batchStride = rows * stride, .count = plan.places};
    };
    m_gemm.multiply({.types = GemmType::Fp32,
                     .m = plan.filters,
                     .n = tiles,
                     .k = channels,
                     .batches = plan.places,
                     .a = matricesOf(m_weights, plan.filters, channels),
                     .b = matricesOf(m_columns, channels, pitch),
                     .c = matricesOf(m_products, plan.filters, pitch),
                     .bias = {}});
}

void Convolution::winogradChunk(Work& work, const Winograd& plan, uint32_t firstRun, uint32_t runs) {
    const ConvolutionProblem& problem = work.problem;
    const ConvolutionShape& shape = work.shape;
    const uint32_t firstTile = plan.firstTile(shape, firstRun);
    const uint32_t tiles = plan.firstTile(shape, firstRun + runs) - firstTile;
    // Lanes beyond the last tile read on; an odd number of cache lines keeps rows out of each other's way.
    const uint32_t pitch = (quotient(tiles + plan.lanes, 16u) | 1) * 16;
    const uint64_t row = uint64_t{pitch} * 4;
    const engine::Buffer& inputs = work.scratch(m_columns, plan.places * shape.channels * row);
    const engine::Buffer& products = work.scratch(m_products, plan.places * plan.filters * row);
    const uint32_t planesPerLane = work.isCpu ? 8 : 1;
    shaders::ConvWinogradPush push{.tensor = problem.input.address(),
                                   .scratch = inputs.address(),
                                   .epilogue = work.epilogue(),
                                   .planes = shape.channels,
                                   .height = shape.height,
                                   .width = shape.width,
                                   .padTop = shape.padTop,
                                   .padLeft = shape.padLeft,
                                   .tilesAcross = plan.across,
                                   .tilesDown = plan.down,
                                   .firstTile = firstTile,
                                   .tiles = tiles,
                                   .firstRun = firstRun,
                                   .runs = runs,
                                   .pitch = pitch,
                                   .elements = static_cast<uint32_t>(inputElements(shape)),
                                   .tensorPlanes = shape.channels,
                                   .firstPlane = 0,
                                   .planesPerLane = planesPerLane};
    work.commands.dispatch(
        work.kernel("conv_winograd_input", {{0, elementOf(problem.types.b)}, {2, plan.tile}}, true),
        uint64_t{runs} * quotient(push.planes, planesPerLane) * plan.lanes, push, {problem.input}, {inputs});
    work.commands.flush();

    multiplyPlaces(work, plan, tiles, pitch);

    push.tensor = problem.output.address();
    push.scratch = products.address();
    push.planes = plan.filters;
    push.height = work.outHeight;
    push.width = work.outWidth;
    push.elements = static_cast<uint32_t>(outputElements(shape));
    push.tensorPlanes = shape.filters;
    push.firstPlane = plan.firstFilter;
    work.commands.dispatch(work.kernel("conv_winograd_output", {{2, plan.tile}}, true),
                           uint64_t{runs} * quotient(push.planes, planesPerLane) * plan.lanes, push,
                           {products, work.bias()}, {problem.output});
    work.commands.flush();
}

void Convolution::winograd(Work& work, uint32_t tile) {
    const ConvolutionProblem& problem = work.problem;
    const ConvolutionShape& shape = work.shape;
    Winograd plan{.tile = tile,
                  .places = (tile + 2) * (tile + 2),
                  .across = quotient(work.outWidth, tile),
                  .down = quotient(work.outHeight, tile),
                  .endsWithRows = work.isCpu,
                  .lanes = work.lanes};
    plan.runsAcross = quotient(plan.across, plan.lanes);
    const uint64_t bytesOfFilter = uint64_t{plan.places} * shape.channels * 4;
    const auto filtersAtOnce =
        static_cast<uint32_t>(std::clamp<uint64_t>(m_scratchBytes / bytesOfFilter, 1, shape.filters));
    const uint64_t bytesOfRun =
        uint64_t{plan.places} * std::max(shape.channels, filtersAtOnce) * plan.lanes * 4;
    // On a processor what stays in its caches.
    const uint64_t chunkBytes = work.isCpu ? std::min(m_scratchBytes, uint64_t{16} << 20) : m_scratchBytes;
    const auto runsAtOnce =
        static_cast<uint32_t>(std::clamp<uint64_t>(chunkBytes / bytesOfRun, 1, plan.runs(shape)));
    for (; plan.firstFilter < shape.filters; plan.firstFilter += plan.filters) {
        plan.filters = std::min(filtersAtOnce, shape.filters - plan.firstFilter);
        const shaders::ConvWinogradWeightsPush push{
            .weights = problem.weights.address(),
            .transformed = work.scratch(m_weights, plan.filters * bytesOfFilter).address(),
            .firstPair = plan.firstFilter * shape.channels,
            .pairs = plan.filters * shape.channels};
        work.commands.dispatch(
            work.kernel("conv_winograd_weights", {{0, elementOf(problem.types.b)}, {2, tile}}, true),
            push.pairs, push, {problem.weights}, {m_weights});
        for (uint32_t run = 0; run < plan.runs(shape); run += runsAtOnce)
            winogradChunk(work, plan, run, std::min(runsAtOnce, plan.runs(shape) - run));
    }
}

}  // namespace quant
