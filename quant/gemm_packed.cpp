// Products from packed panels: gemm_tiled, gemm_dot and gemm_coopmat.
#include "quant/gemm_work.h"

namespace quant {

namespace {

using engine::Buffer;
using engine::Device;
using engine::MemoryKind;

constexpr uint32_t depthRun = 32;   // words along k that an invocation of gemm_pack writes
constexpr uint32_t bandPanels = 8;  // measured on llvmpipe: 1 to 32 differ by 2 %
constexpr uint32_t mostBitsDepth = 8192;

uint32_t roundedUp(uint32_t value, uint32_t unit) {
    return quotient(value, unit) * unit;
}

// Of k in one dispatch of gemm_tiled: sums of products of 8-bit integers are exact in floats up to 2^24, and
// panels of more floats leave the caches.
uint32_t mostFloatDepth(GemmType type) {
    return type == GemmType::Int8 ? 1024 : type == GemmType::Uint8 ? 256 : 2048;
}

// Grown as needed; what is in use until now stays alive until the device is done with it.
void grow(Device& device, Buffer& buffer, uint64_t bytes) {
    if (buffer.sizeBytes() >= bytes) return;
    buffer = Buffer();
    buffer = Buffer(device, bytes, MemoryKind::Device, "panels");
}

}  // namespace

// What a path packs, and how.
struct Gemm::Panels {
    uint32_t rows = 0, columns = 0;  // of C: outer elements of a panel of A and of B
    uint32_t unit = 1;               // k is padded to multiples of it
    uint32_t mostDepth = 0;          // of k at a time, a multiple of the unit
    uint32_t format = 0;             // of gemm_pack
    uint32_t depthOfWord = 1;        // elements of a word along k
    uint32_t outerOfWord = 1;        // and along the outer dimension
    const engine::Kernel* packing = nullptr;
    const engine::Kernel* multiplying = nullptr;
};

Gemm::Panels Gemm::panelsFor(const Work& work) {
    const GemmType type = work.problem.type;
    const auto& [rows, columns, unroll] = work.plan.tile;
    Panels panels{.rows = rows, .columns = columns * work.lanes, .unit = unroll};
    switch (work.plan.path) {
        case GemmPath::Dot:
            panels.unit = 4 * unroll;
            panels.format = shaders::panelDepth4;
            panels.depthOfWord = 4;
            panels.mostDepth = mostBitsDepth;
            panels.multiplying = &m_device.kernel("gemm_dot", work.variant({{0, elementOf(type)},
                                                                            {1, work.lanes},
                                                                            {2, rows},
                                                                            {3, columns},
                                                                            {4, unroll},
                                                                            {6, work.isCpu}},
                                                                           true));
            break;
        case GemmPath::Coopmat: {
            const engine::CooperativeMatrixShape shape = *gemmShape(m_device.info(), type);
            panels.rows = rows * shape.m;
            panels.columns = columns * shape.n;
            panels.unit = unroll * shape.k;
            panels.format = shaders::panelBits;
            panels.outerOfWord = 4 / elementBytes(type);
            panels.mostDepth = mostBitsDepth;
            panels.multiplying =
                &m_device.kernel(type == GemmType::Int8 ? "gemm_coopmat_s8" : "gemm_coopmat_f16",
                                 work.variant({{1, work.lanes},
                                               {2, rows},
                                               {3, columns},
                                               {4, unroll},
                                               {5, shape.m},
                                               {6, shape.n},
                                               {7, shape.k}},
                                              true));
            break;
        }
        default:
            panels.format = shaders::panelFloats;
            panels.mostDepth = mostFloatDepth(type);
            panels.multiplying = &m_device.kernel("gemm_tiled", work.variant({{1, work.lanes},
                                                                              {2, rows},
                                                                              {3, columns},
                                                                              {4, unroll},
                                                                              {5, isInteger(type)},
                                                                              {6, work.isCpu}},
                                                                             true));
    }
    panels.mostDepth = std::max(panels.mostDepth / panels.unit, 1u) * panels.unit;
    panels.packing = &m_device.kernel(
        "gemm_pack",
        work.variant({{0, elementOf(type)}, {1, work.lanes}, {2, panels.format}, {3, depthRun}}, false));
    return panels;
}

// One of the matrices, as far as `depth` of k from firstDepth on.
void Gemm::pack(Work& work, const Panels& panels, bool isA, uint32_t firstDepth, uint32_t depth) {
    const GemmProblem& problem = work.problem;
    const GemmMatrix& matrix = isA ? problem.a : problem.b;
    const uint32_t width = isA ? panels.rows : panels.columns, outer = isA ? problem.m : problem.n;
    const Buffer& to = isA ? m_panelsA : m_panelsB;
    const shaders::GemmPackPush push{.matrix = matrix.data.address(),
                                     .panels = to.address(),
                                     .outer = outer,
                                     .depth = problem.k,
                                     .outerStride = isA ? matrix.rowStride : matrix.columnStride,
                                     .depthStride = isA ? matrix.columnStride : matrix.rowStride,
                                     .firstDepth = firstDepth,
                                     .width = width,
                                     .panelDepth = depth,
                                     .columns = roundedUp(outer, width) / panels.outerOfWord};
    const uint64_t runs = quotient(depth / panels.depthOfWord, depthRun);
    work.commands.dispatch(*panels.packing, runs * roundedUp(push.columns, work.lanes), push, {matrix.data},
                           {to});
}

void Gemm::packed(Work& work) {
    const GemmProblem& problem = work.problem;
    const Panels panels = panelsFor(work);
    const uint32_t panelsA = quotient(problem.m, panels.rows), panelsB = quotient(problem.n, panels.columns);
    const uint32_t deepest = std::min(panels.mostDepth, roundedUp(problem.k, panels.unit));
    const uint64_t wordsOfElement = panels.depthOfWord * panels.outerOfWord;
    grow(m_device, m_panelsA, uint64_t{panelsA} * panels.rows * deepest / wordsOfElement * 4);
    grow(m_device, m_panelsB, uint64_t{panelsB} * panels.columns * deepest / wordsOfElement * 4);
    for (uint32_t first = 0; first < problem.k; first += deepest) {
        const uint32_t depth = roundedUp(std::min(deepest, problem.k - first), panels.unit);
        pack(work, panels, true, first, depth);
        pack(work, panels, false, first, depth);
        shaders::GemmPanelsPush push{.a = m_panelsA.address(),
                                     .b = m_panelsB.address(),
                                     .c = problem.c.data.address(),
                                     .epilogue = work.epilogue(first == 0),
                                     .m = problem.m,
                                     .n = problem.n,
                                     .depth = depth / panels.depthOfWord,
                                     .cRow = problem.c.rowStride,
                                     .firstPanelA = 0,
                                     .bandPanels = bandPanels,
                                     .panelsA = 0,
                                     .panelsB = panelsB};
        const uint32_t most = work.atOnce(panels.rows, depth);
        for (; push.firstPanelA < panelsA; push.firstPanelA += push.panelsA) {
            push.panelsA = std::min(most, panelsA - push.firstPanelA);
            work.commands.dispatch(*panels.multiplying, uint64_t{push.panelsA} * panelsB * work.lanes, push,
                                   {m_panelsA, m_panelsB, problem.c.data, work.bias()}, {problem.c.data});
            work.submitAfter(work.operations(uint64_t{push.panelsA} * panels.rows, depth));
        }
    }
}

}  // namespace quant
