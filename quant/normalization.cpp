// Layer and batch normalization: shaders/compute/moments.glsl has the method.
#include "quant/normalization.h"

#include "quant/layer_work.h"
#include "shaders/normalization.h"

#include <algorithm>
#include <bit>

namespace quant {

namespace {

using engine::BufferRange;

// Of a chunk: enough to pay for a workgroup, few enough for the nearest cache.
constexpr uint32_t chunkElements = 8192;
constexpr double operationsOfWalk = 3;  // two walks that only read, one that writes

void checkShared(GemmType type, float epsilon, const std::optional<BufferRange>& gamma,
                 const std::optional<BufferRange>& beta, uint32_t count) {
    floatElement(type);
    requireOfLayer(epsilon >= 0, "epsilon is negative or no number");
    if (gamma) checkRange("gamma", *gamma, count);
    if (beta) checkRange("beta", *beta, count);
}

shaders::BatchGeometry geometryOf(const BatchNormProblem& problem, uint32_t lanes) {
    const uint32_t chunkPixels = std::min(problem.pixels, chunkElements);
    // Lanes walk along the pixels of an image where there are enough of them for all.
    const uint32_t pixelLanes = std::bit_ceil(std::min(problem.pixels, lanes));
    const uint32_t chunkImages = std::min(chunkElements / chunkPixels, problem.images);
    const auto across = static_cast<uint32_t>(quotient<uint64_t>(problem.pixels, chunkPixels));
    return {.images = problem.images,
            .channels = problem.channels,
            .pixels = problem.pixels,
            .chunkImages = chunkImages,
            .chunkPixels = chunkPixels,
            .chunksAcross = across,
            .chunks = across * static_cast<uint32_t>(quotient<uint64_t>(problem.images, chunkImages)),
            .pixelLanes = pixelLanes};
}

}  // namespace

double normalizationErrorBound(uint64_t count, double deviation) {
    return (static_cast<double>(count) + 16) * 0x1p-24 * (1 + deviation);
}

engine::Ticket layerNorm(engine::Device& device, const LayerNormProblem& problem) {
    const auto& [type, rows, columns, x, y, gamma, beta, epsilon] = problem;
    checkShared(type, epsilon, gamma, beta, columns);
    const uint32_t elements = elementsOf("x", {rows, columns});
    checkRange("x", x, elements, type);
    checkRange("y", y, elements);
    LayerWork work(device);
    if (elements == 0) return work.submit();
    const auto& kernel = work.laneKernel("layer_norm", {{0, floatElement(type)}});
    const BufferRange gains = gamma.value_or(x), offsets = beta.value_or(x);
    work.inParts(rows, operationsOfWalk * columns, [&](uint32_t first, uint32_t count) {
        const shaders::LayerNormPush push{.from = x.address(),
                                          .to = y.address(),
                                          .gamma = gains.address(),
                                          .beta = offsets.address(),
                                          .hasGamma = gamma.has_value(),
                                          .hasBeta = beta.has_value(),
                                          .columns = columns,
                                          .epsilon = epsilon,
                                          .firstRow = first,
                                          .rows = first + count};
        work.commands().dispatch(kernel, uint64_t{count} * work.lanes(), push, {x, gains, offsets}, {y});
    });
    return work.submit();
}

// One problem under way.
struct BatchNorm::Work {
    const BatchNormProblem& problem;
    LayerWork layer;
    shaders::BatchGeometry geometry;

    Work(engine::Device& device, const BatchNormProblem& problem_)
        : problem(problem_), layer(device), geometry(geometryOf(problem_, layer.lanes())) {}
    uint64_t groups() const { return uint64_t{geometry.channels} * geometry.chunks; }
    double elementsOfChunk() const { return double{1} * geometry.chunkImages * geometry.chunkPixels; }
};

// What x is normalized by: the means are centers + shifts.
struct BatchNorm::Statistics {
    BufferRange centers, variances;
    std::optional<BufferRange> shifts;
};

namespace {

// The elements of x.
uint32_t checkBatch(const BatchNormProblem& problem, const BufferRange& means, const BufferRange& variances) {
    const auto& [type, images, channels, pixels, x, y, gamma, beta, epsilon] = problem;
    checkShared(type, epsilon, gamma, beta, channels);
    const uint32_t elements = elementsOf("x", {images, channels, pixels});
    checkRange("x", x, elements, type);
    checkRange("y", y, elements);
    checkRange("means", means, channels);
    checkRange("variances", variances, channels);
    return elements;
}

}  // namespace

engine::Ticket BatchNorm::train(const BatchNormProblem& problem, const BufferRange& means,
                                const BufferRange& variances,
                                const std::optional<RunningStatistics>& running) {
    const uint32_t elements = checkBatch(problem, means, variances);
    requireOfLayer(elements > 0 || problem.channels == 0, "channels without elements have no statistics");
    if (elements == 0) return LayerWork(m_device).submit();
    if (running) {
        checkRange("running means", running->means, problem.channels);
        checkRange("running variances", running->variances, problem.channels);
        requireOfLayer(elements > problem.channels, "a single element has no unbiased variance");
    }
    Work work(m_device, problem);
    gather(work);
    conclude(work, means, variances, running);
    normalize(work, {.centers = m_centers, .variances = variances, .shifts = m_shifts});
    return work.layer.submit();
}

engine::Ticket BatchNorm::infer(const BatchNormProblem& problem, const BufferRange& means,
                                const BufferRange& variances) {
    if (checkBatch(problem, means, variances) == 0) return LayerWork(m_device).submit();
    Work work(m_device, problem);
    normalize(work, {.centers = means, .variances = variances, .shifts = {}});
    return work.layer.submit();
}

void BatchNorm::gather(Work& work) {
    const BatchNormProblem& problem = work.problem;
    growTo(m_device, m_partials, work.groups() * 16, "moments of chunks");
    const auto& kernel = work.layer.laneKernel("batch_moments", {{0, floatElement(problem.type)}});
    work.layer.inParts(work.groups(), 2 * work.elementsOfChunk(), [&](uint32_t first, uint32_t count) {
        const shaders::BatchMomentsPush push{.from = problem.x.address(),
                                             .partials = m_partials.address(),
                                             .geometry = work.geometry,
                                             .firstGroup = first,
                                             .groups = first + count};
        work.layer.commands().dispatch(kernel, uint64_t{count} * work.layer.lanes(), push, {problem.x},
                                       {m_partials});
    });
}

void BatchNorm::conclude(Work& work, const BufferRange& means, const BufferRange& variances,
                         const std::optional<RunningStatistics>& running) {
    const shaders::BatchGeometry& geometry = work.geometry;
    growTo(m_device, m_centers, uint64_t{geometry.channels} * 4, "centers of channels");
    growTo(m_device, m_shifts, uint64_t{geometry.channels} * 4, "means less the centers");
    const auto& kernel = work.layer.laneKernel("batch_statistics", {});
    const RunningStatistics moved = running.value_or(RunningStatistics{means, variances, 0});
    work.layer.inParts(geometry.channels, 2.0 * geometry.chunks, [&](uint32_t first, uint32_t count) {
        const shaders::BatchStatisticsPush push{.partials = m_partials.address(),
                                                .centers = m_centers.address(),
                                                .shifts = m_shifts.address(),
                                                .means = means.address(),
                                                .variances = variances.address(),
                                                .runningMeans = moved.means.address(),
                                                .runningVariances = moved.variances.address(),
                                                .hasRunning = running.has_value(),
                                                .momentum = moved.momentum,
                                                .chunks = geometry.chunks,
                                                .count = geometry.images * geometry.pixels,
                                                .firstChannel = first,
                                                .channels = first + count};
        work.layer.commands().dispatch(kernel, uint64_t{count} * work.layer.lanes(), push,
                                       {m_partials, moved.means, moved.variances},
                                       {m_centers, m_shifts, means, variances, moved.means, moved.variances});
    });
}

void BatchNorm::normalize(Work& work, const Statistics& statistics) {
    const BatchNormProblem& problem = work.problem;
    const BufferRange shifts = statistics.shifts.value_or(statistics.centers);
    const BufferRange gains = problem.gamma.value_or(problem.x), offsets = problem.beta.value_or(problem.x);
    const auto& kernel = work.layer.laneKernel("batch_normalize", {{0, floatElement(problem.type)}});
    work.layer.inParts(work.groups(), 2 * work.elementsOfChunk(), [&](uint32_t first, uint32_t count) {
        const shaders::BatchNormalizePush push{.from = problem.x.address(),
                                               .to = problem.y.address(),
                                               .centers = statistics.centers.address(),
                                               .shifts = shifts.address(),
                                               .variances = statistics.variances.address(),
                                               .gamma = gains.address(),
                                               .beta = offsets.address(),
                                               .hasShifts = statistics.shifts.has_value(),
                                               .hasGamma = problem.gamma.has_value(),
                                               .hasBeta = problem.beta.has_value(),
                                               .epsilon = problem.epsilon,
                                               .geometry = work.geometry,
                                               .firstGroup = first,
                                               .groups = first + count};
        work.layer.commands().dispatch(
            kernel, uint64_t{count} * work.layer.lanes(), push,
            {problem.x, statistics.centers, shifts, statistics.variances, gains, offsets}, {problem.y});
    });
}

}  // namespace quant
