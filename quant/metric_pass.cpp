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

// Elements times candidates of one dispatch, for some 50 ms at most on a CPU.
constexpr uint64_t evaluationsPerDispatch = uint64_t{1} << 26;

struct Sums {
    double first = 0, second = 0;
};

double objective(const Sums& sums, MetricKind kind) {
    if (kind != MetricKind::Cosine) return std::abs(sums.first);
    return sums.second > 0 ? -sums.first / std::sqrt(sums.second) : 0;
}

uint64_t blocksOf(uint64_t elements) {
    return (elements + shaders::blockElements - 1) / shaders::blockElements;
}

}  // namespace

std::vector<std::pair<uint32_t, uint32_t>> metricConstants(const MetricTask& task) {
    return {{19, static_cast<uint32_t>(task.kind)}, {20, task.isModelled}};
}

std::vector<double> MetricPass::measure(TensorStream& stream, float absmax,
                                        std::span<const ClippedGrid> candidates, const MetricTask& task) {
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
    const auto& kernel = m_device.kernel("metric_sweep", variant);
    const uint64_t teams = (count + shaders::candidatesPerTeam - 1) / shaders::candidatesPerTeam;
    std::vector<Sums> totals(count);
    uint64_t waiting = 0;  // blocks of the last chunk, still on the device
    const auto collect = [&] {
        std::vector<uint32_t> words(2 * waiting * count);
        if (waiting > 0) {
            engine::readBack(m_device, {m_partials, 0, words.size() * 4},
                             std::as_writable_bytes(std::span(words)));
        }
        for (size_t i = 0; i < waiting * count; ++i) {
            totals[i % count].first += static_cast<double>(std::bit_cast<float>(words[2 * i]));
            totals[i % count].second += static_cast<double>(std::bit_cast<float>(words[2 * i + 1]));
        }
        waiting = 0;
    };
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        collect();
        waiting = blocksOf(chunk.elements);
        const uint64_t bytes = waiting * count * 8;
        if (m_partials.sizeBytes() < bytes)
            m_partials = Buffer(m_device, bytes, MemoryKind::Device, "metric sums");
        const auto weights = task.kind == MetricKind::Weighted ? task.weights : chunk.data;
        const uint64_t step = std::max<uint64_t>(evaluationsPerDispatch / count / shaders::blockElements, 1);
        const uint64_t elementBytes = stream.elementType() == shaders::elementF32 ? 4 : 2;
        for (uint64_t block = 0; block < waiting; block += step) {
            const uint64_t some = std::min(step, waiting - block), skipped = block * shaders::blockElements;
            const shaders::MetricPush push{
                .data = chunk.data.address() + skipped * elementBytes,
                .weights = weights.address() + (chunk.firstElement + skipped) * sizeof(float),
                .candidates = m_candidates.address(),
                .partials = m_partials.address(),
                .elements = static_cast<uint32_t>(
                    std::min<uint64_t>(some * shaders::blockElements, chunk.elements - skipped)),
                .candidateCount = count,
                .exponent = scale.exponent,
                .firstBlock = static_cast<uint32_t>(block)};
            const engine::BufferRange sums(m_partials, block * count * 8, some * count * 8);
            commands.dispatch(kernel, some * teams * shaders::teamSize, push,
                              {chunk.data, m_candidates, weights}, {sums});
        }
    });
    collect();
    // Back in the tensor's own units.
    const int power = task.kind == MetricKind::Cosine || task.isModelled ? -1 : -2;
    std::vector<double> objectives;
    for (const Sums& sum : totals)
        objectives.push_back(std::ldexp(objective(sum, task.kind), power * scale.exponent));
    return objectives;
}

}  // namespace quant
