#include "quant/gemm.h"

#include "quant/gemm_work.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

constexpr uint32_t mostSkinny = 8;    // rows of the narrow matrix
constexpr uint64_t smallest = 32768;  // multiplications that are not worth packing for
// Of m, n, k and rows of C: rounding up to tiles stays below 2^32, and so does a row of C in bytes.
constexpr uint32_t mostExtent = UINT32_MAX - 65536, mostRowStride = (1u << 30) - 1;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

void checkMatrix(const char* which, const GemmMatrix& matrix, uint64_t rows, uint64_t columns,
                 uint32_t bytes) {
    if (rows == 0 || columns == 0) return;
    const uint64_t last = (rows - 1) * matrix.rowStride + (columns - 1) * matrix.columnStride;
    require(last < std::numeric_limits<uint32_t>::max(),
            std::string("matrix ") + which + " spans 2^32 elements or more");
    require(quotient<uint64_t>((last + 1) * bytes, 4) * 4 <= matrix.data.sizeBytes,
            std::string("matrix ") + which + " is larger than its buffer");
}

// A wait for nothing.
engine::Ticket nothing(engine::Device& device) {
    return Commands(device).submit();
}

}  // namespace

bool isSkinny(const GemmProblem& problem) {
    const GemmMatrix& wide = problem.m <= problem.n ? problem.b : problem.a;
    return std::min(problem.m, problem.n) <= mostSkinny && (wide.rowStride == 1 || wide.columnStride == 1);
}

double gemmErrorBound(uint64_t k) {
    return (static_cast<double>(k) + 4) * 0x1p-24;
}

std::string Gemm::problemOf(GemmType type, GemmPath path) const {
    const auto able = paths(type);
    if (std::ranges::contains(able, path)) return "";
    std::string names;
    for (const GemmPath one : able) names += (names.empty() ? "" : ", ") + std::string(name(one));
    return "the device has no path '" + std::string(name(path)) + "' for " + std::string(name(type)) +
           "; it has " + names;
}

GemmPlan Gemm::planFor(const GemmProblem& problem) const {
    const engine::DeviceInfo& info = m_device.info();
    const auto has = [&](GemmPath path) { return std::ranges::contains(paths(problem.type), path); };
    const auto first = [&](GemmPath path) { return GemmPlan{path, gemmTiles(info, path).front()}; };
    const uint64_t multiplications = uint64_t{problem.m} * problem.n * problem.k;
    if (multiplications <= smallest) return {};
    const uint32_t narrow = std::min(problem.m, problem.n);
    if (narrow <= 4 && isSkinny(problem)) {
        // Where the wide matrix is contiguous along k, lanes lie along k and share few columns.
        const bool isAlongDepth =
            problem.m <= problem.n ? problem.b.columnStride != 1 : problem.a.rowStride != 1;
        const auto tiles = gemmTiles(info, GemmPath::Skinny);
        return {GemmPath::Skinny, isAlongDepth ? tiles.front() : tiles.back()};
    }
    // llvmpipe has cooperative matrices and dot products, but multiplies floats faster than either.
    if (info.type == engine::DeviceType::Cpu) return first(GemmPath::Tiled);
    if (has(GemmPath::Coopmat)) return first(GemmPath::Coopmat);
    if (has(GemmPath::Dot)) return first(GemmPath::Dot);
    return first(has(GemmPath::Shared) ? GemmPath::Shared : GemmPath::Tiled);
}

engine::Ticket Gemm::multiply(const GemmProblem& problem, const GemmPlan& plan) {
    const std::string lacking = problemOf(problem.type, plan.path);
    require(lacking.empty(), lacking);
    const auto& [type, m, n, k, a, b, c, bias, alpha, beta] = problem;
    require(std::max({m, n, k}) <= mostExtent, "a product of 2^32 rows, columns or more");
    require(c.columnStride == 1, "the columns of matrix C are not contiguous");
    require(m <= 1 || (c.rowStride >= n && c.rowStride <= mostRowStride),
            "rows of matrix C overlap or are 4 GiB apart");
    for (const GemmMatrix* matrix : {&a, &b, &c})
        require(matrix->data.offset % 4 == 0, "a matrix begins within a word");
    checkMatrix("A", a, m, k, elementBytes(type));
    checkMatrix("B", b, k, n, elementBytes(type));
    checkMatrix("C", c, m, n, 4);
    require(uint64_t{m} * n < std::numeric_limits<uint32_t>::max(), "matrix C has 2^32 elements or more");
    require(!bias || bias->sizeBytes >= uint64_t{n} * 4, "the bias is shorter than a row of C");
    require(!isInteger(type) || (alpha == 1 && (beta == 0 || beta == 1)),
            "products of integers take alpha 1 and beta 0 or 1");
    if (m == 0 || n == 0) return nothing(m_device);
    Work work{.device = m_device, .problem = problem, .plan = plan};
    if (k == 0) {
        reference(work);
        return work.commands.submit();
    }
    switch (plan.path) {
        case GemmPath::Reference:
            reference(work);
            break;
        case GemmPath::Shared:
            shared(work);
            break;
        case GemmPath::Skinny:
            skinny(work);
            break;
        default:
            packed(work);
    }
    return work.commands.submit();
}

void Gemm::reference(Work& work) {
    const GemmProblem& problem = work.problem;
    const auto& kernel =
        m_device.kernel("gemm_reference", work.variant({{0, elementOf(problem.type)}, {1, 64}}, false));
    shaders::GemmPush push = work.push();
    const uint32_t most = work.atOnce(1, problem.k);
    for (uint32_t row = 0; row < problem.m; row += push.rows) {
        push.firstRow = row;
        push.rows = std::min(most, problem.m - row);
        work.commands.dispatch(kernel, uint64_t{push.rows} * problem.n, push,
                               {problem.a.data, problem.b.data, problem.c.data, work.bias()},
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
    const auto& kernel = m_device.kernel("gemm_shared", work.variant({{0, elementOf(problem.type)},
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
                               {problem.a.data, problem.b.data, problem.c.data, work.bias()},
                               {problem.c.data});
        work.submitAfter(work.operations(push.rows, problem.k));
    }
}

void Gemm::skinny(Work& work) {
    const GemmProblem& problem = work.problem;
    const GemmTile& tile = work.plan.tile;
    const bool isSwapped = problem.m > problem.n;
    const uint32_t narrow = std::min(problem.m, problem.n), wide = std::max(problem.m, problem.n);
    require(narrow <= mostSkinny,
            "path 'skinny' takes products of at most " + std::to_string(mostSkinny) + " rows or columns");
    require(isSkinny(problem), "path 'skinny' takes no matrix with gaps between all elements");
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
                                 .sliceStride = problem.m * problem.n};
    if (isSwapped) {  // the transposed product
        std::swap(push.a, push.b);
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
    const uint64_t bytes = uint64_t{push.sliceCount} * problem.m * problem.n * 4;
    if (m_slices.sizeBytes() < bytes)
        m_slices = Buffer(m_device, bytes, MemoryKind::Device, "slices of products");
    push.slices = m_slices.address();
    uint32_t rows = 1;
    while (rows < narrow) rows *= 2;
    const auto& kernel = m_device.kernel("gemm_skinny", work.variant({{0, elementOf(problem.type)},
                                                                      {1, work.lanes},
                                                                      {2, rows},
                                                                      {3, tile.columns},
                                                                      {4, tile.unroll},
                                                                      {5, isAlongDepth},
                                                                      {6, work.isCpu}},
                                                                     true));
    work.commands.dispatch(kernel, uint64_t{push.groups} * push.sliceCount * work.lanes, push,
                           {a.data, b.data}, {m_slices});
    const auto& adding =
        m_device.kernel("gemm_sum", work.variant({{1, 64}, {2, isInteger(problem.type)}}, false));
    const shaders::GemmSumPush sum{.slices = m_slices.address(),
                                   .c = problem.c.data.address(),
                                   .epilogue = work.epilogue(true),
                                   .elements = problem.m * problem.n,
                                   .n = problem.n,
                                   .sliceCount = push.sliceCount,
                                   .cRow = problem.c.rowStride};
    work.commands.dispatch(adding, sum.elements, sum, {m_slices, problem.c.data, work.bias()},
                           {problem.c.data});
}

}  // namespace quant
