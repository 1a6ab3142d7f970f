// Attention: shaders/compute/attention.comp has the method.
#include "quant/attention.h"

#include "quant/layer_work.h"
#include "shaders/attention.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace quant {

namespace {

using engine::BufferRange;

constexpr uint32_t mostDepth = 256;
constexpr uint32_t shortestSlice = 256;  // keys that are worth a slice of their own
// Multiplications on llvmpipe per operation of LayerWork, which it does at the speed of memory.
constexpr double multiplicationsPerOperation = 20;
constexpr double multiplicationsOfWeight = 32;  // what the exponential of a score costs

BufferRange firstFloats(const BufferRange& range, uint64_t count) {
    return {*range.buffer, range.offset, count * 4};
}

// Returns the elements of the result.
uint32_t check(const AttentionProblem& problem) {
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
    return elements;
}

}  // namespace

double attentionErrorBound(uint64_t depth, uint64_t keys, double largestScore) {
    const double ofScore = (2 * static_cast<double>(depth) + 24) * largestScore;
    return (ofScore + 4 * static_cast<double>(keys) + 64) * 0x1p-24;
}

// One problem under way, with queries and keys.
struct Attention::Work {
    const AttentionProblem& problem;
    LayerWork layer;
    BufferRange q, k, v;  // as floats
    uint32_t keysPerStep = 8;
    uint32_t keyHeads = 0;
    uint32_t rows = 0;                 // of a head of keys
    uint32_t tileRows = 0, tiles = 0;  // a lane for each row of a tile
    uint32_t slices = 0, sliceKeys = 0;

    Work(engine::Device& device, const AttentionProblem& problem_);
    uint64_t groups() const { return uint64_t{keyHeads} * tiles * slices; }
};

Attention::Work::Work(engine::Device& device, const AttentionProblem& problem_)
    : problem(problem_), layer(device), q(problem.q), k(problem.k), v(problem.v) {
    if (problem.keys < keysPerStep) keysPerStep = 1;
    keyHeads = problem.heads / problem.group;
    rows = problem.group * problem.queries;
    tileRows = layer.lanes();
    tiles = static_cast<uint32_t>(quotient<uint64_t>(rows, tileRows));
    // Work for every core or compute unit, but no slices too short to be worth putting together.
    const uint64_t wanted = layer.isCpu() ? 16 : 2048;
    const uint64_t most = std::clamp<uint64_t>(wanted / (uint64_t{keyHeads} * tiles), 1,
                                               quotient<uint64_t>(problem.keys, shortestSlice));
    sliceKeys = static_cast<uint32_t>(
        quotient<uint64_t>(quotient<uint64_t>(problem.keys, most), keysPerStep) * keysPerStep);
    slices = static_cast<uint32_t>(quotient<uint64_t>(problem.keys, sliceKeys));
}

engine::Ticket Attention::run(const AttentionProblem& problem) {
    const uint32_t elements = check(problem);
    const uint64_t rows = uint64_t{problem.heads} * problem.queries;
    if (elements == 0 || problem.keys == 0) {
        LayerWork nothing(m_device);
        if (elements > 0) {
            constexpr auto minusInfinity = std::bit_cast<uint32_t>(-std::numeric_limits<float>::infinity());
            nothing.commands().fill(firstFloats(problem.result, elements), 0);
            if (problem.logSums) nothing.commands().fill(firstFloats(*problem.logSums, rows), minusInfinity);
        }
        return nothing.submit();
    }
    Work work(m_device, problem);
    if (problem.type != GemmType::Fp32) {
        const uint64_t keyRows = uint64_t{work.keyHeads} * problem.keys;
        widen(work, work.q, m_q, rows * problem.depth);
        widen(work, work.k, m_k, keyRows * problem.depth);
        widen(work, work.v, m_v, keyRows * problem.valueDepth);
    }
    attend(work);
    if (work.slices > 1) combine(work);
    return work.layer.submit();
}

void Attention::widen(Work& work, BufferRange& operand, engine::Buffer& to, uint64_t elements) {
    growTo(m_device, to, elements * 4, "operand of attention");
    const auto& kernel = work.layer.kernel("widen", {{0, floatElement(work.problem.type)}});
    work.layer.inParts(elements, 2, [&](uint32_t first, uint32_t count) {
        const shaders::WidenPush push{
            .from = operand.address(), .to = to.address(), .first = first, .count = count};
        work.layer.commands().dispatch(kernel, count, push, {operand}, {to});
    });
    operand = to;
}

void Attention::attend(Work& work) {
    const AttentionProblem& problem = work.problem;
    BufferRange result = problem.result, totals = problem.logSums.value_or(problem.result);
    if (work.slices > 1) {
        const uint64_t lines = work.groups() * work.tileRows;
        requireOfLayer(lines * problem.valueDepth < uint64_t{1} << 31,
                       "sums of slices: 2^31 elements or more");
        growTo(m_device, m_sums, lines * problem.valueDepth * 4, "sums of slices");
        growTo(m_device, m_sliceTotals, lines * 8, "totals of slices");
        result = m_sums;
        totals = m_sliceTotals;
    }
    const bool isMasked = problem.isCausal || problem.mask;
    const engine::Kernel& kernel = work.layer.kernelOf(work.layer.lanes(), "attention",
                                                       {{2, problem.depth},
                                                        {3, problem.valueDepth},
                                                        {4, work.keysPerStep},
                                                        {5, isMasked},
                                                        {6, problem.mask.has_value()}});
    const BufferRange mask = problem.mask.value_or(work.k);
    const float scale = problem.scale.value_or(1 / std::sqrt(static_cast<float>(problem.depth)));
    shaders::AttentionPush push{.queries = work.q.address(),
                                .keys = work.k.address(),
                                .values = work.v.address(),
                                .mask = mask.address(),
                                .result = result.address(),
                                .totals = totals.address(),
                                .scale = static_cast<float>(double{scale} * std::numbers::log2e),
                                .isCausal = problem.isCausal,
                                .hasLogSums = problem.logSums.has_value(),
                                .queryCount = problem.queries,
                                .keyCount = problem.keys,
                                .rows = work.rows,
                                .tiles = work.tiles,
                                .slices = work.slices,
                                .sliceKeys = work.sliceKeys,
                                .firstGroup = 0,
                                .groups = 0};
    const double multiplications = double{1} * work.tileRows * work.sliceKeys *
                                   (problem.depth + problem.valueDepth + multiplicationsOfWeight);
    work.layer.inParts(work.groups(), multiplications / multiplicationsPerOperation,
                       [&](uint32_t first, uint32_t count) {
                           push.firstGroup = first;
                           push.groups = first + count;
                           work.layer.commands().dispatch(kernel, uint64_t{count} * work.layer.lanes(), push,
                                                          {work.q, work.k, work.v, mask}, {result, totals});
                       });
}

void Attention::combine(Work& work) {
    const AttentionProblem& problem = work.problem;
    const auto& kernel = work.layer.kernel("attention_combine", {});
    const BufferRange logSums = problem.logSums.value_or(problem.result);
    const uint64_t elements = uint64_t{problem.heads} * problem.queries * problem.valueDepth;
    work.layer.inParts(elements, 3.0 * work.slices, [&](uint32_t first, uint32_t count) {
        const shaders::AttentionCombinePush push{.sums = m_sums.address(),
                                                 .totals = m_sliceTotals.address(),
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
        work.layer.commands().dispatch(kernel, count, push, {m_sums, m_sliceTotals},
                                       {problem.result, logSums});
    });
}

uint64_t Attention::scratchBytes() const {
    return m_q.sizeBytes() + m_k.sizeBytes() + m_v.sizeBytes() + m_sums.sizeBytes() +
           m_sliceTotals.sizeBytes();
}

}  // namespace quant
