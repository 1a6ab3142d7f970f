#include "quant/gemm.h"

#include "quant/gemm_work.h"
#include "quant/scratch.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

constexpr uint64_t smallest = 32768;  // multiplications that are not worth packing for
constexpr float mostAlphaOfBytes = 1 << 15;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

// What a matrix of 16-bit integers is the sum of: high bytes, signed, times 256, and low bytes, unsigned. Of
// other elements the matrix itself.
struct ByteMatrix {
    GemmMatrix matrix;
    GemmType type;
    float weight;
};

std::vector<ByteMatrix> bytesOf(const GemmMatrix& matrix, GemmType type) {
    if (type != GemmType::Int16) return {{matrix, type, 1}};
    GemmMatrix low = matrix;
    for (uint32_t* stride : {&low.rowStride, &low.columnStride, &low.firstElement, &low.batchStride})
        *stride *= 2;
    GemmMatrix high = low;
    ++high.firstElement;
    return {{high, GemmType::Int8, 256}, {low, GemmType::Uint8, 1}};
}

}  // namespace

std::string Gemm::problemOf(GemmTypes types, GemmPath path) const {
    const auto able = paths(types);
    if (std::ranges::contains(able, path)) return "";
    std::string names;
    for (const GemmPath one : able) names += (names.empty() ? "" : ", ") + std::string(name(one));
    return "the device has no path '" + std::string(name(path)) + "' for " + name(types) + "; it has " +
           names;
}

GemmPlan Gemm::planFor(const GemmProblem& problem) const {
    const engine::DeviceInfo& info = m_device.info();
    const auto has = [&](GemmPath path) { return std::ranges::contains(paths(problem.types), path); };
    const auto first = [&](GemmPath path) { return GemmPlan{path, gemmTiles(info, path).front()}; };
    const uint64_t multiplications = uint64_t{problem.m} * problem.n * problem.k;
    if (multiplications <= smallest && problem.batches <= 1 && !needsPacking(problem)) return {};
    const uint32_t narrow = std::min(problem.m, problem.n);
    if (narrow <= 4 && isSkinny(problem) && has(GemmPath::Skinny) && !needsPacking(problem)) {
        // Where the wide matrix is contiguous along k, lanes lie along k and share few columns.
        const bool isAlongDepth =
            problem.m <= problem.n ? problem.b.columnStride != 1 : problem.a.rowStride != 1;
        const auto tiles = gemmTiles(info, GemmPath::Skinny);
        return {GemmPath::Skinny, isAlongDepth ? tiles.front() : tiles.back()};
    }
    // llvmpipe has cooperative matrices and dot products, but multiplies floats faster than either.
    if (info.type == engine::DeviceType::Cpu && has(GemmPath::Tiled)) return first(GemmPath::Tiled);
    if (has(GemmPath::Coopmat)) return first(GemmPath::Coopmat);
    if (has(GemmPath::Dot)) return first(GemmPath::Dot);
    if (!has(GemmPath::Tiled)) return {};
    return first(has(GemmPath::Shared) && !needsPacking(problem) ? GemmPath::Shared : GemmPath::Tiled);
}

engine::Ticket Gemm::multiply(const GemmProblem& problem, const GemmPlan& plan) {
    const std::string lacking = problemOf(problem.types, plan.path);
    require(lacking.empty(), lacking);
    checkProblem(problem);
    require(plan.tile.rows > 0 && plan.tile.columns > 0 && plan.tile.unroll > 0, "a tile of nothing");
    require(isPacking(plan.path) || !needsPacking(problem),
            "path '" + std::string(name(plan.path)) +
                "' reads matrices as they lie, and no windows or floats to quantize");
    Commands commands(m_device);
    Work work{.device = m_device, .problem = problem, .plan = plan, .commands = commands};
    if (problem.m == 0 || problem.n == 0 || problem.batches == 0) return commands.submit();
    if (problem.types.a == GemmType::Int16 || problem.types.b == GemmType::Int16)
        multiplyBytes(work);
    else
        compute(work);
    return commands.submit();
}

// By up to four products of bytes, each of which adds to what the last one left.
void Gemm::multiplyBytes(Work& work) {
    const GemmProblem& whole = work.problem;
    require(!whole.finishing, "products of 16-bit integers are not requantized");
    require(std::abs(whole.alpha) < mostAlphaOfBytes, "alpha of 16-bit integers is at least 2^15");
    const auto partsOfA = bytesOf(whole.a, whole.types.a), partsOfB = bytesOf(whole.b, whole.types.b);
    for (const ByteMatrix& a : partsOfA) {
        for (const ByteMatrix& b : partsOfB) {
            const bool isFirst = &a == &partsOfA.front() && &b == &partsOfB.front();
            const bool isLast = &a == &partsOfA.back() && &b == &partsOfB.back();
            GemmProblem part = whole;
            part.types = {a.type, b.type};
            part.a = a.matrix;
            part.b = b.matrix;
            part.alpha *= a.weight * b.weight;
            if (!isFirst) {
                part.beta = 1;
                part.bias.reset();
            }
            if (!isLast) part.activation = GemmActivation::None;
            Work ofPart{.device = m_device, .problem = part, .plan = work.plan, .commands = work.commands};
            compute(ofPart);
        }
    }
}

void Gemm::compute(Work& work) {
    const GemmProblem& problem = work.problem;
    if (problem.finishing) work.finish = uploadFinish(m_device, problem);
    if (isPacking(work.plan.path) && problem.k > 0) return packed(work);
    for (work.batch = 0; work.batch < problem.batches; ++work.batch) {
        if (work.plan.path == GemmPath::Shared && problem.k > 0)
            shared(work);
        else if (work.plan.path == GemmPath::Skinny && problem.k > 0)
            skinny(work);
        else
            reference(work);
    }
}

// What submitted work uses stays alive until the device is done with it.
void Gemm::grow(Work& work, Buffer& buffer, uint64_t bytes, const char* name) {
    if (buffer.sizeBytes() >= bytes) return;
    work.commands.flush();
    growTo(m_device, buffer, bytes, name);
}

void Gemm::reference(Work& work) {
    const GemmProblem& problem = work.problem;
    const auto& kernel = m_device.kernel("gemm_reference", work.variant({{0, elementOf(problem.types.a)},
                                                                         {1, 64},
                                                                         {7, elementOf(problem.types.b)},
                                                                         {8, problem.types.hasHalfSums},
                                                                         work.finishing()},
                                                                        false));
    shaders::GemmPush push = work.push();
    const uint32_t most = work.atOnce(1, problem.k);
    for (uint32_t row = 0; row < problem.m; row += push.rows) {
        push.firstRow = row;
        push.rows = std::min(most, problem.m - row);
        work.commands.dispatch(kernel, uint64_t{push.rows} * problem.n, push,
                               {work.a(), work.b(), problem.c.data, work.bias(), work.finishRange(),
                                work.parameters(), work.sums()},
                               {problem.c.data});
        work.submitAfter(work.operations(push.rows, problem.k));
    }
}

void Gemm::shared(Work& work) {
    const GemmProblem& problem = work.problem;
    const GemmTile& tile = work.plan.tile;
    const uint32_t tileRows = gemmSharedInvocations / gemmColumnLanes * tile.rows,
                   tileColumns = gemmColumnLanes * tile.columns;
    require(gemmSharedBytes(tile) <= m_device.info().sharedMemoryBytes,
            "tile " + text(tile) + " does not fit the device's shared memory");
    const auto& kernel = m_device.kernel("gemm_shared", work.variant({{0, elementOf(problem.types.a)},
                                                                      {1, gemmSharedInvocations},
                                                                      {2, tile.rows},
                                                                      {3, tile.columns},
                                                                      {4, tile.unroll},
                                                                      {5, gemmColumnLanes},
                                                                      {6, problem.a.columnStride == 1},
                                                                      {7, problem.b.columnStride != 1}},
                                                                     false));
    shaders::GemmPush push = work.push();
    const uint32_t most = work.atOnce(tileRows, problem.k);
    const uint32_t across = quotient(problem.n, tileColumns), down = quotient(problem.m, tileRows);
    for (uint32_t first = 0; first < down; first += most) {
        const uint32_t tiles = std::min(most, down - first);
        push.firstRow = first * tileRows;
        push.rows = tiles * tileRows;
        work.commands.dispatch(kernel, uint64_t{tiles} * across * gemmSharedInvocations, push,
                               {work.a(), work.b(), problem.c.data, work.bias(), work.finishRange(),
                                work.parameters(), work.sums()},
                               {problem.c.data});
        work.submitAfter(work.operations(push.rows, problem.k));
    }
}

void Gemm::skinny(Work& work) {
    const GemmProblem& problem = work.problem;
    const GemmTile& tile = work.plan.tile;
    const bool isSwapped = problem.m > problem.n;
    const uint32_t narrow = std::min(problem.m, problem.n), wide = std::max(problem.m, problem.n);
    require(isSkinny(problem),
            narrow > mostSkinny
                ? "path 'skinny' takes products of at most " + std::to_string(mostSkinny) + " rows or columns"
                : "path 'skinny' takes no matrix with gaps between all elements");
    const GemmMatrix &a = problem.a, &b = problem.b;
    shaders::GemmSkinnyPush push{.a = a.data.address(),
                                 .b = b.data.address(),
                                 .slices = 0,
                                 .m = narrow,
                                 .n = wide,
                                 .k = problem.k,
                                 .aRow = a.rowStride,
                                 .aColumn = a.columnStride,
                                 .bRow = b.rowStride,
                                 .bColumn = b.columnStride,
                                 .cRow = problem.n,
                                 .cColumn = 1,
                                 .groups = 0,
                                 .sliceDepth = problem.k,
                                 .sliceCount = 1,
                                 .sliceStride = problem.m * problem.n,
                                 .aFirst = Work::firstOf(a, work.batch),
                                 .bFirst = Work::firstOf(b, work.batch)};
    if (isSwapped) {  // the transposed product
        std::swap(push.a, push.b);
        std::swap(push.aFirst, push.bFirst);
        push.aRow = b.columnStride;
        push.aColumn = b.rowStride;
        push.bRow = a.columnStride;
        push.bColumn = a.rowStride;
        std::swap(push.cRow, push.cColumn);
    }
    const bool isAlongDepth = push.bColumn != 1;
    push.groups = quotient(wide, isAlongDepth ? tile.columns : tile.columns * work.lanes);
    // Work for every core or compute unit, but no slices too short to be worth adding up.
    const uint32_t wanted = quotient(work.isCpu ? 32u : 2048u, push.groups);
    push.sliceDepth = std::max(quotient(problem.k, wanted), std::min(problem.k, 256u));
    push.sliceCount = quotient(problem.k, push.sliceDepth);
    grow(work, m_slices, uint64_t{push.sliceCount} * problem.m * problem.n * 4, "slices of products");
    push.slices = m_slices.address();
    uint32_t rows = 1;
    while (rows < narrow) rows *= 2;
    const GemmTypes types = problem.types;
    const auto& kernel =
        m_device.kernel("gemm_skinny", work.variant({{0, elementOf(isSwapped ? types.b : types.a)},
                                                     {1, work.lanes},
                                                     {2, rows},
                                                     {3, tile.columns},
                                                     {4, tile.unroll},
                                                     {5, isAlongDepth},
                                                     {6, work.isCpu},
                                                     {7, elementOf(isSwapped ? types.a : types.b)}},
                                                    true));
    work.commands.dispatch(kernel, uint64_t{push.groups} * push.sliceCount * work.lanes, push,
                           {a.data, b.data}, {m_slices});
    addSlices(work, push.sliceCount);
    work.submitAfter(work.operations(problem.m, problem.k));
}

// Adds up the slices [slice][m][n] of the batch.
void Gemm::addSlices(Work& work, uint32_t slices) {
    const GemmProblem& problem = work.problem;
    const auto& kernel = m_device.kernel(
        "gemm_sum", work.variant({{1, 64}, {2, isInteger(problem.types)}, work.finishing()}, false));
    const shaders::GemmSumPush push{.slices = m_slices.address(),
                                    .c = work.addressOfC(work.batch),
                                    .epilogue = work.epilogue(),
                                    .elements = problem.m * problem.n,
                                    .n = problem.n,
                                    .sliceCount = slices,
                                    .cRow = problem.c.rowStride};
    work.commands.dispatch(
        kernel, push.elements, push,
        {m_slices, problem.c.data, work.bias(), work.finishRange(), work.parameters(), work.sums()},
        {problem.c.data});
}

}  // namespace quant
