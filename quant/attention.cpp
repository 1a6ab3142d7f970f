// Attention: shaders/compute/attention.comp has the method.
#include "quant/attention.h"

#include "quant/layer_work.h"
#include "shaders/attention.h"

#include <algorithm>
#include <cmath>

namespace quant {

namespace {

using engine::BufferRange;

constexpr uint32_t mostDepth = 256;
constexpr uint32_t shortestSlice = 256;  // keys that are worth a slice of their own
// Multiplications on llvmpipe per operation of LayerWork, which it does at the speed of memory.
constexpr double multiplicationsPerOperation = 20;

}  // namespace

double attentionErrorBound(uint64_t depth, uint64_t keys, double largestScore) {
    const double ofScore = (2 * static_cast<double>(depth) + 24) * largestScore;
    return (ofScore + 4 * static_cast<double>(keys) + 64) * 0x1p-24;
}

// One problem under way.
struct Attention::Work {
    const AttentionProblem& problem;
    LayerWork layer;
    BufferRange keys, values;  // as floats
    uint32_t rowsPerLane = 1, keysPerStep = 8;
    uint32_t keyHeads = 0;
    uint32_t rows = 0;  // of a head of keys
    uint32_t tileRows = 0, tiles = 0;
    uint32_t slices = 0, sliceKeys = 0;

    Work(engine::Device& device, const AttentionProblem& problem_);
    uint32_t groups() const { return keyHeads * tiles * slices; }
    uint64_t partialFloats() const { return uint64_t{groups()} * (problem.valueDepth + 2) * tileRows; }
};

Attention::Work::Work(engine::Device& device, const AttentionProblem& problem_)
    : problem(problem_), layer(device), keys(problem_.k), values(problem_.v) {
    if (problem.keys < keysPerStep) keysPerStep = 1;
    keyHeads = problem.heads / problem.group;
    rows = problem.group * problem.queries;
    tileRows = layer.lanes() * rowsPerLane;
    tiles = static_cast<uint32_t>(unitsOf(rows, tileRows));
    if (problem.keys == 0) return;
    // Work for every core or compute unit, but no slices too short to be worth putting together.
    const uint64_t wanted = layer.isCpu() ? 16 : 2048;
    const uint64_t most =
        std::clamp<uint64_t>(wanted / (uint64_t{keyHeads} * tiles), 1, unitsOf(problem.keys, shortestSlice));
    sliceKeys = static_cast<uint32_t>(unitsOf(unitsOf(problem.keys, most), keysPerStep) * keysPerStep);
    slices = static_cast<uint32_t>(unitsOf(problem.keys, sliceKeys));
}

engine::Ticket Attention::run(const AttentionProblem& problem) {
    const auto& [type, heads, group, queries, keys, depth, valueDepth, q, k, v, result, scale, isCausal, mask,
                 logSums] = problem;
    floatElement(type);
    requireOfLayer(depth >= 1 && depth <= mostDepth && valueDepth >= 1 && valueDepth <= mostDepth,
                   "attention takes depths of 1 to 256");
    requireOfLayer(group >= 1 && heads % group == 0, "the heads are no multiple of the group");
    requireOfLayer(uint64_t{queries} + keys < uint64_t{1} << 30, "2^30 queries and keys or more");
    checkRange("Q", q, elementsOf("Q", {heads, queries, depth}), type);
    checkRange("K", k, elementsOf("K", {heads / group, keys, depth}), type);
    checkRange("V", v, elementsOf("V", {heads / group, keys, valueDepth}), type);
    const uint32_t elements = elementsOf("result", {heads, queries, valueDepth});
    checkRange("result", result, elements);
    if (mask) checkRange("mask", *mask, elementsOf("mask", {queries, keys}));
    if (logSums) checkRange("log sums", *logSums, uint64_t{heads} * queries);
    if (elements == 0) return LayerWork(m_device).submit();
    Work work(m_device, problem);
    requireOfLayer(work.partialFloats() < uint64_t{1} << 31, "partial sums: 2^31 elements or more");
    if (keys > 0) {
        pack(work);
        attend(work);
    }
    combine(work);
    return work.layer.submit();
}

void Attention::pack(Work& work) {
    const AttentionProblem& problem = work.problem;
    const auto& kernel = work.layer.kernel("attention_pack", {{0, floatElement(problem.type)}});
    const auto convert = [&](const BufferRange& from, engine::Buffer& to, uint32_t rows, uint32_t depth,
                             uint32_t tileRows, uint32_t tiles, uint32_t heads, float scale) {
        const uint64_t floats = uint64_t{heads} * tiles * depth * tileRows;
        growTo(m_device, to, floats * 4, "operand of attention");
        work.layer.inParts(floats, 1, [&](uint32_t first, uint32_t count) {
            const shaders::AttentionPackPush push{.from = from.address(),
                                                  .to = to.address(),
                                                  .rows = rows,
                                                  .depth = depth,
                                                  .tileRows = tileRows,
                                                  .tiles = tiles,
                                                  .scale = scale,
                                                  .first = first,
                                                  .count = count};
            work.layer.commands().dispatch(kernel, count, push, {from}, {to});
        });
    };
    const float scale = problem.scale.value_or(1 / std::sqrt(static_cast<float>(problem.depth)));
    requireOfLayer(uint64_t{work.keyHeads} * work.tiles * work.tileRows * problem.depth < uint64_t{1} << 31,
                   "Q: 2^31 elements or more");
    convert(problem.q, m_queries, work.rows, problem.depth, work.tileRows, work.tiles, work.keyHeads, scale);
    if (problem.type == GemmType::Fp32) return;
    const uint32_t keyRows = work.keyHeads * problem.keys;
    convert(problem.k, m_keys, keyRows, problem.depth, 1, keyRows, 1, 1);
    convert(problem.v, m_values, keyRows, problem.valueDepth, 1, keyRows, 1, 1);
    work.keys = m_keys;
    work.values = m_values;
}

void Attention::attend(Work& work) {
    const AttentionProblem& problem = work.problem;
    growTo(m_device, m_partials, work.partialFloats() * 4, "partial sums of attention");
    const bool isMasked = problem.isCausal || problem.mask;
    const auto& kernel = work.layer.laneKernel("attention", {{2, problem.depth},
                                                             {3, problem.valueDepth},
                                                             {4, work.keysPerStep},
                                                             {5, isMasked},
                                                             {7, work.rowsPerLane}});
    const BufferRange mask = problem.mask.value_or(work.keys);
    shaders::AttentionPush push{.queries = m_queries.address(),
                                .keys = work.keys.address(),
                                .values = work.values.address(),
                                .mask = mask.address(),
                                .partials = m_partials.address(),
                                .hasMask = problem.mask.has_value(),
                                .isCausal = problem.isCausal,
                                .queryCount = problem.queries,
                                .keyCount = problem.keys,
                                .rows = work.rows,
                                .tiles = work.tiles,
                                .slices = work.slices,
                                .sliceKeys = work.sliceKeys,
                                .firstGroup = 0,
                                .groups = 0};
    const double multiplications =
        double{1} * work.tileRows * work.sliceKeys * (problem.depth + problem.valueDepth);
    work.layer.inParts(
        work.groups(), multiplications / multiplicationsPerOperation, [&](uint32_t first, uint32_t count) {
            push.firstGroup = first;
            push.groups = first + count;
            work.layer.commands().dispatch(kernel, uint64_t{count} * work.layer.lanes(), push,
                                           {m_queries, work.keys, work.values, mask}, {m_partials});
        });
}

void Attention::combine(Work& work) {
    const AttentionProblem& problem = work.problem;
    growTo(m_device, m_partials, 16, "partial sums of attention");
    const auto& kernel = work.layer.kernel("attention_combine", {});
    const BufferRange logSums = problem.logSums.value_or(problem.result);
    const uint64_t elements = uint64_t{problem.heads} * problem.queries * problem.valueDepth;
    work.layer.inParts(elements, 2.0 * (work.slices + 1), [&](uint32_t first, uint32_t count) {
        const shaders::AttentionCombinePush push{.partials = m_partials.address(),
                                                 .result = problem.result.address(),
                                                 .logSums = logSums.address(),
                                                 .hasLogSums = problem.logSums.has_value(),
                                                 .rows = work.rows,
                                                 .columns = problem.valueDepth,
                                                 .tileRows = work.tileRows,
                                                 .tiles = work.tiles,
                                                 .slices = work.slices,
                                                 .first = first,
                                                 .count = count};
        work.layer.commands().dispatch(kernel, count, push, {m_partials}, {problem.result, logSums});
    });
}

uint64_t Attention::scratchBytes() const {
    return m_queries.sizeBytes() + m_keys.sizeBytes() + m_values.sizeBytes() + m_partials.sizeBytes();
}

}  // namespace quant
