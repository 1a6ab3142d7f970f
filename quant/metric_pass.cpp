#include "quant/metric_pass.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/error_pass.h"
#include "shaders/metric.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

static_assert(static_cast<uint32_t>(MetricKind::Mse) == shaders::metricMse);
static_assert(static_cast<uint32_t>(MetricKind::Cosine) == shaders::metricCosine);
static_assert(static_cast<uint32_t>(MetricKind::Weighted) == shaders::metricWeighted);

struct Sums {
    double first = 0, second = 0;
};

double objective(const Sums& sums, MetricKind kind) {
    if (kind != MetricKind::Cosine) return std::abs(sums.first);
    return sums.second > 0 ? -sums.first / std::sqrt(sums.second) : 0;
}

}  // namespace

std::vector<std::pair<uint32_t, uint32_t>> metricConstants(const MetricTask& task) {
    return {{19, static_cast<uint32_t>(task.kind)}, {20, task.isModelled}};
}

// One measurement, chunk by chunk.
struct MetricPass::Run {
    MetricPass& pass;
    const engine::Kernel& kernel;
    uint64_t elementBytes;
    shaders::MetricPush push;  // what all dispatches have in common
    std::vector<Sums> totals;
    uint64_t waiting = 0;  // blocks of the last chunk, still on the device

    uint64_t sumBytes(uint64_t blocks) const { return blocks * push.candidateCount * 8; }

    void collect() {
        std::vector<uint32_t> words(sumBytes(waiting) / 4);
        if (waiting > 0) {
            engine::readBack(pass.m_device, {pass.m_partials, 0, sumBytes(waiting)},
                             std::as_writable_bytes(std::span(words)));
        }
        for (size_t i = 0; i < words.size() / 2; ++i) {
            Sums& total = totals[i % totals.size()];
            total.first += static_cast<double>(std::bit_cast<float>(words[2 * i]));
            total.second += static_cast<double>(std::bit_cast<float>(words[2 * i + 1]));
        }
        waiting = 0;
    }

    // weights: of the chunk's elements, or anything where there are none.
    void add(Commands& commands, const Chunk& chunk, const engine::BufferRange& weights) {
        collect();
        waiting = blocksOf(chunk.elements);
        if (pass.m_partials.sizeBytes() < sumBytes(waiting))
            pass.m_partials = Buffer(pass.m_device, sumBytes(waiting), MemoryKind::Device, "metric sums");
        push.partials = pass.m_partials.address();
        const uint64_t teams =
            (push.candidateCount + shaders::candidatesPerTeam - 1) / shaders::candidatesPerTeam;
        const bool isPaced = pass.m_device.isPaced();
        const uint64_t step = isPaced ? std::max<uint64_t>(pacedEvaluations(pass.m_device.info()) /
                                                               push.candidateCount / shaders::blockElements,
                                                           1)
                                      : blocksPerDispatch(pass.m_device.info(), push.candidateCount);
        for (uint64_t block = 0; block < waiting; block += step) {
            const uint64_t some = std::min(step, waiting - block), skipped = block * shaders::blockElements;
            push.data = chunk.data.address() + skipped * elementBytes;
            push.weights = weights.address() + skipped * sizeof(float);
            push.elements = static_cast<uint32_t>(
                std::min<uint64_t>(some * shaders::blockElements, chunk.elements - skipped));
            push.firstBlock = static_cast<uint32_t>(block);
            const engine::BufferRange sums(pass.m_partials, sumBytes(block), sumBytes(some));
            commands.dispatch(kernel, some * teams * shaders::teamSize, push,
                              {chunk.data, pass.m_candidates, weights}, {sums});
            if (isPaced && block + some < waiting) commands.flush();
        }
    }
};

std::vector<double> MetricPass::measure(TensorStream& stream, float absmax,
                                        std::span<const ClippedGrid> candidates, const MetricTask& task,
                                        TensorStream* weights) {
    if (candidates.empty()) return {};
    const PowerScale scale = powerScale(absmax);
    const auto count = static_cast<uint32_t>(candidates.size());
    m_candidates = Buffer(m_device, count * sizeof(shaders::GridCandidate), MemoryKind::Upload, "candidates");
    std::ranges::transform(candidates, m_candidates.mappedAs<shaders::GridCandidate>().begin(),
                           [&](const ClippedGrid& grid) { return scaledGrid(grid, scale.exponent); });
    m_candidates.flush();
    engine::KernelVariant variant{.constants = {{0, stream.elementType()}, {1, 64}, {10, scale.exact}}};
    std::ranges::copy(spacingConstants(candidates.front().format), std::back_inserter(variant.constants));
    std::ranges::copy(metricConstants(task), std::back_inserter(variant.constants));
    Run run{
        .pass = *this,
        .kernel = m_device.kernel("metric_sweep", variant),
        .elementBytes = stream.elementType() == shaders::elementF32 ? uint64_t{4} : 2,
        .push = {.candidates = m_candidates.address(), .candidateCount = count, .exponent = scale.exponent},
        .totals = std::vector<Sums>(count)};
    if (task.kind == MetricKind::Weighted) {
        stream.forEachChunk(*weights, [&](Commands& commands, const Chunk& chunk, const Chunk& beside) {
            run.add(commands, chunk, beside.data);
        });
    } else {
        stream.forEachChunk(
            [&](Commands& commands, const Chunk& chunk) { run.add(commands, chunk, chunk.data); });
    }
    run.collect();
    // Back in the tensor's own units.
    const int power = task.kind == MetricKind::Cosine || task.isModelled ? -1 : -2;
    std::vector<double> objectives;
    for (const Sums& sum : run.totals)
        objectives.push_back(std::ldexp(objective(sum, task.kind), power * scale.exponent));
    return objectives;
}

}  // namespace quant
