// Products from packed panels: gemm_tiled, gemm_dot and gemm_coopmat.
#include "quant/gemm_work.h"

#include <algorithm>

namespace quant {

namespace {

using engine::Buffer;
using engine::MemoryKind;

constexpr uint32_t depthRun = 32;   // words along k that an invocation of gemm_pack writes
constexpr uint32_t bandPanels = 8;  // measured on llvmpipe: 1 to 32 differ by 2 %
constexpr uint32_t mostBitsDepth = 8192;
constexpr uint32_t mostFloatDepth = 2048;  // panels of more leave the caches
constexpr uint32_t exactFloats = 1 << 24;  // integers up to here are floats
constexpr uint32_t leastSlice = 256;       // of k: shorter ones are not worth adding up
constexpr uint64_t mostSliceBytes = 64 << 20;

uint32_t roundedUp(uint32_t value, uint32_t unit) {
    return quotient(value, unit) * unit;
}

uint32_t magnitudeOf(GemmType type) {
    constexpr uint32_t magnitudes[] = {0, 0, 0, 0, 32768, 128, 255, 8, 2, 1};
    return magnitudes[static_cast<size_t>(type)];
}

// Of k in one dispatch of gemm_tiled.
uint32_t floatDepth(GemmTypes types) {
    if (!isInteger(types)) return mostFloatDepth;
    return std::min(mostFloatDepth, exactFloats / (magnitudeOf(types.a) * magnitudeOf(types.b)));
}

// What integers of fewer bits are in panels of whole bytes.
GemmType byteType(GemmType type) {
    return type == GemmType::Uint8 ? type : GemmType::Int8;
}

std::string coopmatKernel(GemmTypes types) {
    if (!isInteger(types)) return types.hasHalfSums ? "gemm_coopmat_f16_half" : "gemm_coopmat_f16";
    return types.a == GemmType::Uint8 ? "gemm_coopmat_u8" : "gemm_coopmat_s8";
}

// How much of an operand is packed: a matrix for each batch, or those that batches share.
uint32_t matricesOf(const GemmMatrix& matrix, uint32_t batches) {
    return std::min(matrix.count, batches);
}

}  // namespace

// What a path packs, and how.
struct Gemm::Panels {
    uint32_t rows = 0, columns = 0;                        // of C: outer elements of a panel of A and of B
    uint32_t unit = 1;                                     // k is padded to multiples of it
    uint32_t mostDepth = 0;                                // of k at a time, a multiple of the unit
    uint32_t format = 0;                                   // of gemm_pack
    uint32_t depthOfWord = 1;                              // elements of a word along k
    uint32_t outerOfWord = 1;                              // and along the outer dimension
    std::string kernel;                                    // that multiplies
    std::vector<std::pair<uint32_t, uint32_t>> constants;  // of it
    uint32_t panelsA = 0, panelsB = 0;                     // of one matrix

    // Of one panel.
    uint64_t bytesOf(bool isA, uint32_t depth) const {
        return uint64_t{isA ? rows : columns} * depth / (depthOfWord * outerOfWord) * 4;
    }
    // Of one matrix.
    uint64_t allBytesOf(bool isA, uint32_t depth) const {
        return bytesOf(isA, depth) * (isA ? panelsA : panelsB);
    }
};

// The part of a product that is packed and multiplied at a time.
struct Gemm::Chunk {
    uint32_t firstBatch = 0, batches = 1;
    uint32_t matricesA = 1, matricesB = 1;  // packed
    uint32_t firstA = 0, panelsA = 0;       // panels of each
    uint32_t firstB = 0, panelsB = 0;
    uint32_t firstDepth = 0, depth = 0;   // of k, padded to whole units
    uint32_t sliceDepth = 0, slices = 1;  // 0: not sliced
    DepthPart part;
};

Gemm::Panels Gemm::panelsFor(const Work& work) {
    const GemmTypes types = work.problem.types;
    const auto& [rows, columns, unroll] = work.plan.tile;
    Panels panels{.rows = rows, .columns = columns * work.lanes, .unit = unroll};
    panels.constants = {{1, work.lanes}, {2, rows}, {3, columns}, {4, unroll}};
    const auto add = [&](uint32_t constant, uint32_t value) {
        panels.constants.push_back({constant, value});
    };
    switch (work.plan.path) {
        case GemmPath::Dot:
            panels.unit = 4 * unroll;
            panels.format = shaders::panelDepth4;
            panels.depthOfWord = 4;
            panels.mostDepth = mostBitsDepth;
            panels.kernel = "gemm_dot";
            add(0, elementOf(byteType(types.a)));
            add(6, work.isCpu);
            add(7, elementOf(byteType(types.b)));
            break;
        case GemmPath::Coopmat: {
            const engine::CooperativeMatrixShape shape = *gemmShape(m_device.info(), types);
            panels.rows = rows * shape.m;
            panels.columns = columns * shape.n;
            panels.unit = unroll * shape.k;
            panels.format = shaders::panelBits;
            panels.outerOfWord = isInteger(types) ? 4 : 2;
            panels.mostDepth = mostBitsDepth;
            panels.kernel = coopmatKernel(types);
            add(5, shape.m);
            add(6, shape.n);
            add(7, shape.k);
            // Validation layers 1.4.309 take the entry at place i for that of constant i. The shader has
            // neither 0 nor 8; 9 comes last.
            panels.constants.insert(panels.constants.begin(), {0, 0});
            add(8, 0);
            break;
        }
        default:
            panels.format = shaders::panelFloats;
            panels.mostDepth = floatDepth(types);
            panels.kernel = "gemm_tiled";
            add(5, isInteger(types));
            add(6, work.isCpu);
    }
    panels.mostDepth = std::max(panels.mostDepth / panels.unit, 1u) * panels.unit;
    panels.panelsA = quotient(work.problem.m, panels.rows);
    panels.panelsB = quotient(work.problem.n, panels.columns);
    return panels;
}

// Where C has too few panels to keep a device busy and k is long, each slice of k has a C of its own. 0: no
// slices.
uint32_t Gemm::sliceDepthFor(const Work& work, const Panels& panels) const {
    const GemmProblem& problem = work.problem;
    const uint64_t wanted = work.isCpu ? 8 : 1024;  // workgroups
    const uint64_t workgroups = uint64_t{panels.panelsA} * panels.panelsB * problem.batches;
    const uint32_t depth = roundedUp(problem.k, panels.unit);
    if (problem.batches > 1 || workgroups * 2 > wanted || depth < 2 * leastSlice) return 0;
    if (std::max(panels.allBytesOf(true, depth), panels.allBytesOf(false, depth)) > m_panelBytes) return 0;
    const auto slices = static_cast<uint32_t>(quotient(wanted, workgroups));
    const uint32_t longest = std::max(quotient(depth, slices), leastSlice);
    const uint32_t sliceDepth = std::min(roundedUp(longest, panels.unit), panels.mostDepth);
    const uint64_t bytes = uint64_t{problem.m} * problem.n * 4 * quotient(depth, sliceDepth);
    return sliceDepth < depth && bytes <= mostSliceBytes ? sliceDepth : 0;
}

// One of the operands, as far as the chunk goes.
void Gemm::pack(Work& work, const Panels& panels, bool isA, const Chunk& chunk) {
    const GemmProblem& problem = work.problem;
    const GemmMatrix& matrix = isA ? problem.a : problem.b;
    const GemmType type = isA ? problem.types.a : problem.types.b;
    const uint32_t width = isA ? panels.rows : panels.columns, outer = isA ? problem.m : problem.n;
    const Buffer& to = isA ? m_panelsA : m_panelsB;
    // Those that batches share are packed all, the others as far as the chunk's batches go.
    const uint32_t left = problem.batches - chunk.firstBatch;
    const uint32_t packed = isA ? chunk.matricesA : chunk.matricesB;
    const uint32_t count = isA ? chunk.panelsA : chunk.panelsB;
    const bool isShared = matrix.count < problem.batches;
    const auto quantizer = matrix.quantizer.value_or(GemmQuantizer{});
    const shaders::GemmPackPush push{.matrix = matrix.data.address(),
                                     .panels = to.address(),
                                     .outer = outer,
                                     .depth = problem.k,
                                     .outerStride = isA ? matrix.rowStride : matrix.columnStride,
                                     .depthStride = isA ? matrix.columnStride : matrix.rowStride,
                                     .firstDepth = chunk.firstDepth,
                                     .width = width,
                                     .panelDepth = chunk.depth,
                                     .columns = count * width / panels.outerOfWord,
                                     .first = Work::firstOf(matrix, isShared ? 0 : chunk.firstBatch),
                                     .matrices = isShared ? matrix.count : std::min(packed, left),
                                     .matrixStride = matrix.batchStride,
                                     .inverseScale = 1 / quantizer.scale,
                                     .zeroPoint = quantizer.zeroPoint,
                                     .firstOuter = (isA ? chunk.firstA : chunk.firstB) * width,
                                     .window = windowOf(matrix)};
    const auto& kernel = m_device.kernel(
        "gemm_pack", work.variant({{0, elementOf(matrix.quantizer ? quantizer.elements : type)},
                                   {1, work.lanes},
                                   {2, panels.format},
                                   {3, depthRun},
                                   {4, matrix.quantizer ? elementOf(type) : shaders::elementF32},
                                   {5, matrix.window.has_value()}},
                                  false));
    const uint64_t runs = quotient(chunk.depth / panels.depthOfWord, depthRun);
    work.commands.dispatch(kernel, push.matrices * runs * roundedUp(push.columns, work.lanes), push,
                           {matrix.data}, {to});
}

void Gemm::multiplyPanels(Work& work, const Panels& panels, const Chunk& chunk) {
    const GemmProblem& problem = work.problem;
    const bool isSliced = chunk.sliceDepth > 0;
    // Sums that are not yet all: of a slice, or of a part of k before C can be finished.
    const Buffer* partial = isSliced                                  ? &m_slices
                            : problem.finishing && !chunk.part.isLast ? &m_partial
                                                                      : nullptr;
    auto constants = panels.constants;
    constants.push_back(partial ? std::pair{9u, shaders::finishPlain} : work.finishing(chunk.part));
    const engine::Kernel& kernel = m_device.kernel(panels.kernel, work.variant(constants, true));
    const uint32_t elementsOfC = problem.m * problem.n;
    shaders::GemmPanelsPush push{.a = m_panelsA.address(),
                                 .b = m_panelsB.address(),
                                 .c = 0,
                                 .epilogue = work.epilogue(chunk.part),
                                 .m = problem.m,
                                 .n = problem.n,
                                 .depth = chunk.depth / panels.depthOfWord,
                                 .cRow = partial ? problem.n : problem.c.rowStride,
                                 .firstPanelA = 0,
                                 .bandPanels = bandPanels,
                                 .panelsA = 0,
                                 .panelsB = chunk.panelsB,
                                 .allPanelsA = chunk.panelsA,
                                 .batches = 1,
                                 .matricesA = chunk.matricesA,
                                 .matricesB = chunk.matricesB,
                                 .cBatch = partial ? elementsOfC : problem.c.batchStride,
                                 .sliceDepth = chunk.sliceDepth / panels.depthOfWord,
                                 .firstPackedA = chunk.firstA,
                                 .firstPackedB = chunk.firstB};
    if (isSliced) push.epilogue = {.alpha = 1, .channels = problem.n, .channelBatches = 1};
    const engine::BufferRange to = partial ? engine::BufferRange(*partial) : problem.c.data;
    const bool addsPartial = problem.finishing && !isSliced && !chunk.part.isFirst;
    const engine::BufferRange addend = addsPartial ? engine::BufferRange(m_partial) : to;
    const uint64_t columns = uint64_t{chunk.panelsB} * panels.columns;
    const uint32_t most = work.atOnce(panels.rows, chunk.depth, columns);  // panels of A
    const uint32_t count = isSliced ? chunk.slices : chunk.batches;
    // Whole batches where several fit one dispatch, else some panels of one.
    const uint32_t batchesAtOnce = isSliced ? count : std::max(most / chunk.panelsA, 1u);
    for (uint32_t batch = 0; batch < count; batch += push.batches) {
        push.batches = std::min(batchesAtOnce, count - batch);
        push.epilogue.firstBatch = chunk.firstBatch + batch;
        push.c = isSliced  ? partial->address()
                 : partial ? partial->address() + uint64_t{push.epilogue.firstBatch} * elementsOfC * 4
                           : work.addressOfC(push.epilogue.firstBatch);
        const uint32_t rowsAtOnce = push.batches > 1 ? chunk.panelsA : most;
        for (push.firstPanelA = 0; push.firstPanelA < chunk.panelsA; push.firstPanelA += push.panelsA) {
            push.panelsA = std::min(rowsAtOnce, chunk.panelsA - push.firstPanelA);
            work.commands.dispatch(kernel, uint64_t{push.panelsA} * chunk.panelsB * push.batches * work.lanes,
                                   push,
                                   {m_panelsA, m_panelsB, to, addend, work.bias(), work.finishRange(),
                                    work.parameters(), work.sums()},
                                   {to});
            const uint64_t rows = uint64_t{push.panelsA} * panels.rows * push.batches;
            work.submitAfter(Work::operations(rows, chunk.depth, columns));
        }
    }
}

void Gemm::packed(Work& work) {
    const GemmProblem& problem = work.problem;
    const Panels panels = panelsFor(work);
    const uint32_t depth = roundedUp(problem.k, panels.unit);
    Chunk chunk{.sliceDepth = sliceDepthFor(work, panels)};
    const uint32_t deepest = chunk.sliceDepth ? depth : std::min(panels.mostDepth, depth);
    if (chunk.sliceDepth) {
        chunk.slices = quotient(depth, chunk.sliceDepth);
        grow(work, m_slices, uint64_t{problem.m} * problem.n * chunk.slices * 4, "slices of products");
    }
    // As many batches at a time as have panels of bounded size; of a matrix that batches share all.
    // Where one batch has too many, as many panels of it.
    const uint32_t matricesA = matricesOf(problem.a, problem.batches),
                   matricesB = matricesOf(problem.b, problem.batches);
    const auto fitting = [&](uint64_t bytes, uint32_t most) {
        const uint64_t count = m_panelBytes / std::max<uint64_t>(bytes, 1);
        return static_cast<uint32_t>(std::clamp<uint64_t>(count, 1, most));
    };
    const uint64_t each = std::max(matricesA == problem.batches ? panels.allBytesOf(true, deepest) : 0,
                                   matricesB == problem.batches ? panels.allBytesOf(false, deepest) : 0);
    const uint32_t batchesAtOnce = fitting(each, problem.batches);
    const auto packedOf = [&](uint32_t matrices) {
        return matrices == problem.batches ? batchesAtOnce : matrices;
    };
    chunk.matricesA = packedOf(matricesA);
    chunk.matricesB = packedOf(matricesB);
    chunk.panelsA = fitting(panels.bytesOf(true, deepest) * chunk.matricesA, panels.panelsA);
    chunk.panelsB = fitting(panels.bytesOf(false, deepest) * chunk.matricesB, panels.panelsB);
    grow(work, m_panelsA, panels.bytesOf(true, deepest) * chunk.panelsA * chunk.matricesA, "panels of A");
    grow(work, m_panelsB, panels.bytesOf(false, deepest) * chunk.panelsB * chunk.matricesB, "panels of B");
    if (problem.finishing && deepest < depth) {
        grow(work, m_partial, uint64_t{problem.m} * problem.n * problem.batches * 4, "sums of products");
        work.finish.mappedAs<shaders::GemmFinish>()[0].addend = m_partial.address();
        work.finish.flush();
    }
    for (; chunk.firstBatch < problem.batches; chunk.firstBatch += batchesAtOnce) {
        chunk.batches = std::min(batchesAtOnce, problem.batches - chunk.firstBatch);
        for (chunk.firstDepth = 0; chunk.firstDepth < problem.k; chunk.firstDepth += deepest) {
            chunk.depth = roundedUp(std::min(deepest, problem.k - chunk.firstDepth), panels.unit);
            chunk.part = {chunk.firstDepth == 0, chunk.firstDepth + chunk.depth >= problem.k};
            multiplyChunk(work, panels, chunk);
        }
    }
    if (chunk.sliceDepth) addSlices(work, chunk.slices);
}

// Batches and a part of k, in chunks of as many panels as the chunk that is given has.
void Gemm::multiplyChunk(Work& work, const Panels& panels, Chunk chunk) {
    const uint32_t mostA = chunk.panelsA, mostB = chunk.panelsB;
    for (; chunk.firstA < panels.panelsA; chunk.firstA += mostA) {
        chunk.panelsA = std::min(mostA, panels.panelsA - chunk.firstA);
        pack(work, panels, true, chunk);
        for (chunk.firstB = 0; chunk.firstB < panels.panelsB; chunk.firstB += mostB) {
            chunk.panelsB = std::min(mostB, panels.panelsB - chunk.firstB);
            // A B that is whole serves all of A.
            if (chunk.firstA == 0 || mostB < panels.panelsB) pack(work, panels, false, chunk);
            multiplyPanels(work, panels, chunk);
        }
    }
}

}  // namespace quant
