#include "quant/value_grid.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/error_pass.h"
#include "shaders/quantize.h"
#include "shaders/value_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <stdexcept>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

constexpr uint32_t nanBits = 0x7fc00000;

void checkWindow(const ValueShape& shape, const ValueWindow& window) {
    const auto fits = [](uint64_t first, uint64_t count, uint64_t extent) {
        return first <= extent && count <= extent - first;
    };
    if (window.slice >= shape.slices || !fits(window.firstRow, window.rows, shape.rows) ||
        !fits(window.firstColumn, window.columns, shape.columns))
        throw std::invalid_argument("the window lies beyond the tensor");
    if (window.columns != 0 && window.rows > maxWindowElements / window.columns) {
        throw std::invalid_argument("a window has at most " + std::to_string(maxWindowElements) +
                                    " elements");
    }
}

}  // namespace

ValueShape::ValueShape(const TensorInfo& info) : sliceElements(info.elements) {
    if (info.shape.size() < 2) {
        columns = std::bit_ceil(static_cast<uint64_t>(std::sqrt(static_cast<double>(info.elements))));
        rows = (info.elements + columns - 1) / columns;
        return;
    }
    columns = info.shape.back();
    rows = info.shape[info.shape.size() - 2];
    for (size_t axis = 0; axis + 2 < info.shape.size(); ++axis) slices *= info.shape[axis];
    sliceElements = rows * columns;
}

ValueShape::ValueShape(uint64_t elements, uint64_t rowElements)
    : rows((elements + rowElements - 1) / rowElements), columns(rowElements), sliceElements(elements) {}

// Lays out the stream's selection from an element of the window on.
void ValueGrid::loadRows(TensorStream& stream, const ClippedGrid& grid, uint64_t firstElement) {
    const NumberFormat& format = grid.format;
    const PowerScale scale = powerScale(std::max(grid.clip, -grid.low));
    engine::KernelVariant variant{.constants = {{0, stream.elementType()},
                                                {1, 64},
                                                {10, scale.exact},
                                                {11, shaders::writeF32},
                                                {12, 0},
                                                {17, 0},
                                                {18, 0}}};
    std::ranges::copy(spacingConstants(format), std::back_inserter(variant.constants));
    const auto& quantizing = m_device.kernel("quantize_elements", variant);
    const auto& showing = m_device.kernel("show_values", {.constants = {{0, stream.elementType()}, {1, 64}}});
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const uint64_t quads = (chunk.elements + uint64_t{3}) / 4;
        const shaders::QuantizePush quantize{.data = chunk.data.address(),
                                             .grids = m_grid.address(),
                                             .quantized = m_scaled.address(),
                                             .elements = chunk.elements,
                                             .exponent = scale.exponent};
        commands.dispatch(quantizing, quads, quantize, {chunk.data, m_grid}, {m_scaled});
        const shaders::ShowValuesPush show{
            .data = chunk.data.address(),
            .scaled = m_scaled.address(),
            .original = m_original.address(),
            .quantized = m_quantized.address(),
            .difference = m_difference.address(),
            .elements = chunk.elements,
            .firstElement = static_cast<uint32_t>(firstElement + chunk.firstElement),
            .exponent = scale.exact ? scale.exponent : 0};
        commands.dispatch(showing, quads, show, {chunk.data, m_scaled},
                          {m_original, m_quantized, m_difference});
    });
}

void ValueGrid::load(TensorStream& stream, const TensorFile& file, size_t tensor, const ValueWindow& window,
                     const ClippedGrid& grid) {
    load(stream, file, tensor, ValueShape(file.tensors()[tensor]), window, grid);
}

void ValueGrid::load(TensorStream& stream, const TensorFile& file, size_t tensor, const ValueShape& shape,
                     const ValueWindow& window, const ClippedGrid& grid) {
    if (grid.format.isBlockScaled())
        throw std::invalid_argument("format " + grid.format.name() + " has no single clip");
    checkWindow(shape, window);
    m_window = window;
    for (Buffer* buffer : {&m_original, &m_quantized, &m_difference}) {
        if (buffer->sizeBytes() < sizeBytes())
            *buffer = Buffer(m_device, sizeBytes(), MemoryKind::Device, "window of a tensor");
    }
    if (sizeBytes() == 0) return;
    const uint64_t chunkBytes =
        std::min(stream.chunkElements() * sizeof(float), (sizeBytes() + 15) / 16 * 16);
    if (m_scaled.sizeBytes() < chunkBytes)
        m_scaled = Buffer(m_device, chunkBytes, MemoryKind::Device, "quantized window");
    m_grid = Buffer(m_device, sizeof(shaders::GridCandidate), MemoryKind::Upload, "grid of the window");
    m_grid.mappedAs<shaders::GridCandidate>()[0] =
        scaledGrid(grid, powerScale(std::max(grid.clip, -grid.low)).exponent);
    m_grid.flush();
    {
        Commands commands(m_device);
        for (const auto& range : {original(), quantized(), difference()}) commands.fill(range, nanBits);
        commands.submit();
    }
    // Rows that are all there, then what there is of a folded tensor's last one.
    const uint64_t inSlice = window.firstRow * shape.columns + window.firstColumn;
    const uint64_t there = shape.sliceElements - std::min(shape.sliceElements, inSlice);
    const uint64_t whole =
        there < window.columns ? 0 : std::min(window.rows, (there - window.columns) / shape.columns + 1);
    const uint64_t first = window.slice * shape.sliceElements + inSlice;
    if (whole > 0) {
        stream.select(file, tensor,
                      {.first = first, .run = window.columns, .stride = shape.columns, .runs = whole});
        loadRows(stream, grid, 0);
    }
    const uint64_t rest = there - std::min(there, whole * shape.columns);
    if (whole == window.rows || rest == 0) return;
    stream.select(file, tensor,
                  {.first = first + whole * shape.columns, .run = std::min(rest, window.columns)});
    loadRows(stream, grid, whole * window.columns);
}

}  // namespace quant
