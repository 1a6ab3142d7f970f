// Fake quantization and quantization to integers, on the device.
#include "quant/quantize_pass.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/segment_geometry.h"
#include "shaders/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
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
        case DType::I8:
        case DType::U8:
            return shaders::writeInt8;
        case DType::I16:
        case DType::U16:
            return shaders::writeInt16;
        default:
            throw std::invalid_argument("cannot quantize to " + std::string(name(target)));
    }
}

// The geometry seen from element `first` on: kernels count elements of a chunk with 32 bits, so whole periods
// of the layout are left out. skippedSegments: how many segments lie before the table's first.
shaders::SegmentGeometry geometryFrom(const SegmentLayout& layout, uint64_t first, uint32_t& firstInGeometry,
                                      uint64_t& skippedSegments) {
    const uint64_t period = layout.rowElements ? layout.rowElements : layout.segments * layout.inner;
    firstInGeometry = static_cast<uint32_t>(first % period);
    skippedSegments = layout.rowElements ? first / period * layout.segmentsPerOuter : 0;
    return geometryOf(layout);
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

}  // namespace

void QuantizePass::quantize(TensorStream& stream, const SegmentLayout& layout,
                            std::span<const ClippedGrid> grids, float absmax, DType target,
                            const std::function<void(std::span<const std::byte>)>& sink) {
    if (stream.elements() == 0) return;
    const PowerScale scale = powerScale(absmax);
    m_grids = Buffer(m_device, grids.size() * sizeof(shaders::GridCandidate), MemoryKind::Upload, "grids");
    std::ranges::transform(grids, m_grids.mappedAs<shaders::GridCandidate>().begin(),
                           [&](const ClippedGrid& grid) { return scaledGrid(grid, scale.exponent); });
    m_grids.flush();
    const auto& kernel = m_device.kernel("quantize_elements", {.constants = {{0, stream.elementType()},
                                                                             {1, 64},
                                                                             {10, scale.exact},
                                                                             {11, outputOf(target)},
                                                                             {12, layout.segments > 1}}});
    const uint64_t elementBytes = elementSizeBytes(target);
    std::vector<std::byte> bytes;
    size_t chunks = 0;
    uint64_t waiting = 0;  // bytes of the last chunk, still on the device
    const auto deliver = [&] {
        if (waiting == 0) return;
        bytes.resize(waiting);
        engine::readBack(m_device, {m_outputs[(chunks - 1) % 2], 0, waiting}, bytes);
        if (scale.exact && target == DType::F32) unscale(bytes, scale.exponent);
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
                                   .exponent = scale.exponent};
        uint64_t skippedSegments = 0;
        push.geometry = geometryFrom(layout, chunk.firstElement, push.firstElement, skippedSegments);
        push.grids = m_grids.address() + skippedSegments * sizeof(shaders::GridCandidate);
        commands.dispatch(kernel, quads, push, {chunk.data, m_grids}, {output});
        waiting = chunk.elements * elementBytes;
    });
    deliver();
}

}  // namespace quant
