#include "app/plot/figure_data.h"

#include "engine/commands.h"

#include <span>
#include <stdexcept>

namespace app {

namespace {

template <class T>
std::vector<T> read(engine::Device& device, const engine::BufferRange& range, size_t count) {
    std::vector<T> values(count);
    if (count == 0) return values;
    if (!range.buffer || range.sizeBytes < count * sizeof(T))
        throw std::logic_error("a figure's range is shorter than its count");
    engine::readBack(device, {*range.buffer, range.offset, count * sizeof(T)},
                     std::as_writable_bytes(std::span(values)));
    return values;
}

}  // namespace

std::vector<float> fetch(engine::Device& device, const DeviceFloats& floats) {
    return read<float>(device, floats.range, floats.count);
}

std::vector<uint64_t> fetchCounts(engine::Device& device, const Bars& bars) {
    std::vector<uint64_t> counts = read<uint64_t>(device, bars.counts, bars.bins);
    if (!bars.other.buffer) return counts;
    const std::vector<uint64_t> other = read<uint64_t>(device, bars.other, bars.bins);
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += other[i];
    return counts;
}

std::vector<float> fetchEdges(engine::Device& device, const HeatMap& map) {
    if (map.edges.count > 0) {
        if (map.edges.count != map.columns + 1)
            throw std::logic_error("a heat map's edges are not one more than its columns");
        return fetch(device, map.edges);
    }
    std::vector<float> edges;
    for (uint32_t column = 0; column <= map.columns; ++column)
        edges.push_back(float(map.firstColumn + column));
    return edges;
}

}  // namespace app
