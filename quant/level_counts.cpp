#include "quant/level_counts.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/level_cells.h"
#include "shaders/level_counts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

// Of one submission on a processor that is paced: some 5 ms of searching.
constexpr uint32_t pacedElements = 1 << 18;

// Magnitudes counted together: zero and the levels of one sign, of two's complement the one below zero too.
uint32_t foldedLevels(const LevelCells& cells) {
    if (cells.values.size() == 1) return 1;
    const auto last = static_cast<uint32_t>(cells.values.size() - 1);
    return std::max(cells.zeroLevel, last - cells.zeroLevel) + 1;
}

std::vector<float> valueEdges(const LevelCells& cells, float largest) {
    std::vector<float> edges = {cells.values.size() > 1 ? std::min(-largest, cells.leastOf(1)) : -largest};
    for (uint32_t level = 1; level < cells.values.size(); ++level) {
        const float edge = cells.leastOf(level);
        edges.push_back(std::isinf(edge) ? std::max(edges.back(), largest) : edge);
    }
    edges.push_back(std::max(edges.back(), largest));
    return edges;
}

std::vector<float> magnitudeEdges(const LevelCells& cells, float largest) {
    std::vector<float> edges = {0};
    for (uint32_t k = 1; k < foldedLevels(cells); ++k) {
        const uint32_t above = cells.zeroLevel + k;
        // Where only the negative side has the level, its cell ends at the largest float that goes there.
        const float edge =
            above < cells.values.size() ? cells.leastOf(above) : -cells.largestBelow(cells.zeroLevel - k + 1);
        edges.push_back(std::isinf(edge) ? std::max(edges.back(), largest) : edge);
    }
    edges.push_back(std::max(edges.back(), largest));
    return edges;
}

}  // namespace

LevelCounts::LevelCounts(engine::Device& device, CountingPath path)
    : m_device(device),
      m_path(resolved(path, device.info())),
      m_counts(device, shaders::maxLevelCounters * sizeof(uint64_t), MemoryKind::Device, "level counts"),
      m_edges(device, (maxLevels + 1) * sizeof(float), MemoryKind::Device, "level edges"),
      m_thresholds(device, (shaders::maxLevelThresholds + 1) * sizeof(uint32_t), MemoryKind::Device,
                   "level thresholds") {
    if (m_path != CountingPath::Private) return;
    const uint64_t counters = uint64_t{privateInvocations(device.info())} * shaders::levelCounters;
    m_scratch = Buffer(device, counters * sizeof(uint32_t), MemoryKind::Device, "level scratch");
    Commands commands(device);
    commands.fill(m_scratch, 0);
    commands.submit();
}

// By copies on the device: what draws the last edges may still be under way.
void LevelCounts::upload(const std::vector<uint32_t>& thresholds, const std::vector<float>& edges) {
    const Buffer staging(m_device, m_thresholds.sizeBytes() + m_edges.sizeBytes(), MemoryKind::Upload,
                         "level cells");
    const auto words = staging.mappedAs<uint32_t>();
    const size_t slots = m_thresholds.sizeBytes() / sizeof(uint32_t);
    std::ranges::fill(words.first(slots), 0xffffffffu);
    std::ranges::copy(thresholds, words.begin());
    std::ranges::transform(edges, words.subspan(slots).begin(),
                           [](float edge) { return std::bit_cast<uint32_t>(edge); });
    staging.flush();
    Commands commands(m_device);
    commands.copy({staging, 0, m_thresholds.sizeBytes()}, m_thresholds);
    commands.copy({staging, m_thresholds.sizeBytes(), edges.size() * sizeof(float)}, m_edges);
    commands.fill(m_counts, 0);
    commands.submit();
}

// Finds the levels on the axis and brings their thresholds and edges to the device. Returns how many
// thresholds there are, and which of the grid's levels is counted at 0.
std::pair<size_t, uint32_t> LevelCounts::choose(const ClippedGrid& grid, LevelAxis axis, float largest) {
    const bool isFolded = axis == LevelAxis::Magnitude;
    if (isFolded && grid.format.isAffine)
        throw std::invalid_argument("format " + grid.format.name() + " has no levels by magnitude");
    const LevelCells cells(grid, isFolded ? 2 * maxLevels - 1 : maxLevels);
    if (!isFolded) {
        m_values = cells.values;
        upload(cells.thresholds, valueEdges(cells, largest));
        return {cells.thresholds.size(), 0};
    }
    if (grid.format.spacing == Spacing::Binary && cells.values.size() > 1) {
        // Both values have one magnitude.
        m_values = {cells.values.back()};
        upload({}, {0, largest});
        return {0, 0};
    }
    m_values.clear();
    for (uint32_t k = 0; k < foldedLevels(cells); ++k) {
        const bool isAbove = cells.zeroLevel + k < cells.values.size();
        m_values.push_back(isAbove ? cells.values[cells.zeroLevel + k] : -cells.values[cells.zeroLevel - k]);
    }
    upload(cells.thresholds, magnitudeEdges(cells, largest));
    return {cells.thresholds.size(), cells.zeroLevel};
}

void LevelCounts::count(TensorStream& stream, const ClippedGrid& grid, LevelAxis axis, float largest) {
    const auto [thresholds, zeroLevel] = choose(grid, axis, largest);
    const bool isShared = m_path == CountingPath::Shared;
    const auto& counting = m_device.kernel(
        "count_levels",
        {.constants = {{0, stream.elementType()}, {1, countingWorkgroupSize(m_path)}, {2, isShared}}});
    shaders::LevelCountPush push{.thresholds = m_thresholds.address(),
                                 .counts = m_counts.address(),
                                 .scratch = isShared ? 0 : m_scratch.address(),
                                 .searchSteps = static_cast<uint32_t>(std::bit_width(thresholds)),
                                 .counters = levels(),
                                 .zeroLevel = static_cast<int32_t>(zeroLevel)};
    const bool isShort = m_device.isPaced() && m_device.info().type == engine::DeviceType::Cpu;
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const uint32_t step = isShort ? pacedElements : chunk.elements;
        for (uint32_t first = 0; first < chunk.elements; first += step) {
            push.elements = std::min(step, chunk.elements - first);
            push.data = chunk.data.address() +
                        uint64_t{first} * (stream.elementType() == shaders::elementF32 ? 4 : 2);
            const CountingShape shape = countingShape(m_path, m_device.info(), push.elements);
            push.runElements = shape.runElements;
            if (isShared)
                commands.dispatch(counting, shape.invocations, push, {chunk.data, m_thresholds}, {m_counts});
            else
                commands.dispatch(counting, shape.invocations, push, {chunk.data, m_thresholds},
                                  {m_counts, m_scratch});
            if (isShort && chunk.elements - first > step) commands.flush();
        }
    });
}

std::vector<uint64_t> LevelCounts::read() const {
    std::vector<uint64_t> result(m_values.size());
    engine::readBack(m_device, counts(), std::as_writable_bytes(std::span(result)));
    return result;
}

}  // namespace quant
