// Fake quantization and quantization to integers, on the device.
#include "quant/quantize_pass.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/segment_geometry.h"
#include "shaders/quantize.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <iterator>
#include <stdexcept>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

uint32_t outputOf(DType target) {
    switch (target) {
        case DType::F32:
            return shaders::writeF32;
        case DType::F16:
            return shaders::writeF16;
        case DType::BF16:
            return shaders::writeBF16;
        default:
            break;
    }
    if (elementSizeBits(target) == 8) return shaders::writeCode8;
    if (elementSizeBits(target) == 16) return shaders::writeCode16;
    throw std::invalid_argument("cannot quantize to " + std::string(name(target)));
}

// Where a chunk lies in a layout, in the 32 bits with which kernels count its elements.
struct ChunkPlace {
    shaders::SegmentGeometry geometry{};
    uint32_t firstElement = 0;     // of the chunk, in the geometry
    uint64_t skippedSegments = 0;  // before the geometry's first in the table of grids
};

bool isOfRows(const SegmentLayout& layout) {
    return layout.rowElements != 0 && layout.rows > 1;
}

// Rows after which the segments repeat, where rows have segments of their own.
uint64_t periodRows(const SegmentLayout& layout) {
    return layout.bandRows > 1 ? layout.rowsPerOuter : 1;
}

uint64_t periodElements(const SegmentLayout& layout) {
    return isOfRows(layout) ? periodRows(layout) * layout.rowElements : layout.inner;
}

// Whole segments, or whole rows of groups (of bands: all rows that share none), that lie before element
// `first` are left out.
ChunkPlace placeOf(const SegmentLayout& layout, uint64_t first) {
    ChunkPlace place{.geometry = geometryOf(layout)};
    const uint64_t period = periodElements(layout);
    place.firstElement = static_cast<uint32_t>(first % period);
    if (isOfRows(layout)) {
        place.skippedSegments =
            first / period * layout.segmentsPerOuter * (layout.bandRows > 1 ? layout.bandsPerOuter() : 1);
    } else {
        // Channels, or the groups of a single row, which follow each other like channels.
        place.geometry.rowElements = 0;
        place.geometry.firstSegment = static_cast<uint32_t>(first / period % layout.segments);
    }
    return place;
}

// Values of a tensor that kernels had to scale, back in its own units.
void unscale(std::span<std::byte> floats, int32_t exponent) {
    for (size_t i = 0; i + sizeof(float) <= floats.size(); i += sizeof(float)) {
        float value;
        std::memcpy(&value, &floats[i], sizeof value);
        value = std::ldexp(value, -exponent);
        std::memcpy(&floats[i], &value, sizeof value);
    }
}

// Floats to bfloat16, to nearest, ties to even.
std::vector<std::byte> narrowed(std::span<const std::byte> floats) {
    std::vector<std::byte> result(floats.size() / 2);
    for (size_t i = 0; i < floats.size() / sizeof(float); ++i) {
        uint32_t bits;
        std::memcpy(&bits, &floats[i * sizeof bits], sizeof bits);
        const bool isNan = (bits & 0x7fffffffu) > 0x7f800000u;
        const auto half =
            static_cast<uint16_t>(isNan ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
        std::memcpy(&result[i * sizeof half], &half, sizeof half);
    }
    return result;
}

}  // namespace

bool QuantizePass::takes(const SegmentLayout& layout) {
    return layout.segments <= 1 || periodElements(layout) >> 31 == 0;
}

void QuantizePass::quantize(TensorStream& stream, const SegmentLayout& layout,
                            std::span<const ClippedGrid> grids, DType target, const Rounding& rounding,
                            const std::function<void(std::span<const std::byte>)>& sink) {
    if (stream.elements() == 0) return;
    assert(takes(layout));
    const NumberFormat& format = grids.front().format;
    // Scaled by the clips: what is far beyond them may overflow, for it is clipped all the same.
    float largestClip = 0;
    for (const ClippedGrid& grid : grids) largestClip = std::max({largestClip, grid.clip, -grid.low});
    const PowerScale scale = powerScale(largestClip);
    m_grids = Buffer(m_device, grids.size() * sizeof(shaders::GridCandidate), MemoryKind::Upload, "grids");
    std::ranges::transform(grids, m_grids.mappedAs<shaders::GridCandidate>().begin(),
                           [&](const ClippedGrid& grid) { return scaledGrid(grid, scale.exponent); });
    m_grids.flush();
    // Values that had to be scaled come back as F32, whatever they are stored as.
    const bool isScaled = scale.exact && (target == DType::F32 || target == DType::BF16);
    const DType written = isScaled ? DType::F32 : target;
    engine::KernelVariant variant{.constants = {{0, stream.elementType()},
                                                {1, 64},
                                                {10, scale.exact},
                                                {11, outputOf(written)},
                                                {12, layout.segments > 1},
                                                {17, rounding.isStochastic},
                                                {18, layout.bandRows > 1}}};
    std::ranges::copy(spacingConstants(format), std::back_inserter(variant.constants));
    const auto& kernel = m_device.kernel("quantize_elements", variant);
    const uint64_t elementBytes = elementSizeBytes(written);
    std::vector<std::byte> bytes;
    size_t chunks = 0;
    uint64_t waiting = 0;  // bytes of the last chunk, still on the device
    const auto deliver = [&] {
        if (waiting == 0) return;
        bytes.resize(waiting);
        engine::readBack(m_device, {m_outputs[(chunks - 1) % 2], 0, waiting}, bytes);
        if (isScaled) unscale(bytes, scale.exponent);
        if (isScaled && target == DType::BF16) bytes = narrowed(bytes);
        sink(bytes);
    };
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        deliver();
        Buffer& output = m_outputs[chunks++ % 2];
        const uint64_t quads = (chunk.elements + uint64_t{3}) / 4;
        if (output.sizeBytes() < quads * 4 * elementBytes)
            output = Buffer(m_device, quads * 4 * elementBytes, MemoryKind::Device, "quantized");
        shaders::QuantizePush push{.data = chunk.data.address(),
                                   .quantized = output.address(),
                                   .elements = chunk.elements,
                                   .exponent = scale.exponent,
                                   .signShift = format.bits - 1,
                                   .nanCode = format.encode(format.quantize(NAN)),
                                   .smallestCode = static_cast<float>(format.smallest()),
                                   .seedLow = static_cast<uint32_t>(rounding.seed),
                                   .seedHigh = static_cast<uint32_t>(rounding.seed >> 32),
                                   .firstLow = static_cast<uint32_t>(chunk.firstElement / 4),
                                   .firstHigh = static_cast<uint32_t>(chunk.firstElement / 4 >> 32)};
        const ChunkPlace place = layout.segments == 1 ? ChunkPlace() : placeOf(layout, chunk.firstElement);
        push.geometry = place.geometry;
        push.firstElement = place.firstElement;
        push.grids = m_grids.address() + place.skippedSegments * sizeof(shaders::GridCandidate);
        commands.dispatch(kernel, quads, push, {chunk.data, m_grids}, {output});
        waiting = chunk.elements * elementBytes;
    });
    deliver();
}

}  // namespace quant
