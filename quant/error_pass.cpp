#include "quant/error_pass.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/commands.h"
#include "engine/kernel.h"
#include "shaders/error.h"

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

// Below this largest magnitude float products would flush to zero.
constexpr float smallestFloatScaled = 0x1p-90f;

shaders::GridCandidate scaledGrid(const ClippedGrid& grid, int32_t exponent) {
    const float step = std::ldexp(grid.step(), exponent);
    return {.step = step,
            .inverseStep = step > 0 ? 1.0f / step : 0.0f,
            .qmin = static_cast<float>(grid.grid.qmin()),
            .qmax = static_cast<float>(grid.grid.qmax()),
            .clip = std::ldexp(grid.clip, exponent)};
}

// Elements times candidates of one dispatch, for some 50 ms at most.
uint64_t evaluationsPerDispatch(const engine::DeviceInfo& info) {
    return info.type == engine::DeviceType::Cpu ? uint64_t{1} << 26 : uint64_t{1} << 32;
}

constexpr uint64_t blockBytes(uint64_t blocks, uint64_t candidates) { return blocks * candidates * 8; }

}  // namespace

PowerScale powerScale(float absmax) {
    if (!(absmax > 0)) return {};
    return {1 - std::ilogb(absmax), absmax < smallestFloatScaled};
}

// One measurement: counts the blocks that are waiting on the device and adds them up in order.
struct ErrorPass::Run {
    ErrorPass& pass;
    uint64_t candidates;
    std::vector<MeasuredError> results;
    uint64_t waiting = 0;  // blocks in the partials buffer

    Run(ErrorPass& pass_, uint64_t candidates_) : pass(pass_), candidates(candidates_), results(candidates_) {}

    // Makes room for the blocks of a chunk; returns where they go.
    uint32_t reserve(uint64_t blocks) {
        if (blockBytes(waiting + blocks, candidates) > pass.m_partials.sizeBytes()) collect();
        if (blockBytes(blocks, candidates) > pass.m_partials.sizeBytes()) {
            pass.m_partials = Buffer(pass.m_device, blockBytes(blocks, candidates), MemoryKind::Device, "error sums");
        }
        waiting += blocks;
        return static_cast<uint32_t>(waiting - blocks);
    }

    void collect() {
        if (waiting == 0) return;
        std::vector<uint32_t> words(2 * waiting * candidates);
        engine::readBack(pass.m_device, {pass.m_partials, 0, blockBytes(waiting, candidates)}, std::as_writable_bytes(std::span(words)));
        for (size_t i = 0; i < waiting * candidates; ++i) {
            results[i % candidates].squared += static_cast<double>(std::bit_cast<float>(words[2 * i]));
            results[i % candidates].clipped += words[2 * i + 1];
        }
        waiting = 0;
    }

    std::vector<MeasuredError> finish(int32_t exponent) {
        collect();
        for (MeasuredError& result : results) result.squared = std::ldexp(result.squared, -2 * exponent);
        return std::move(results);
    }
};

ErrorPass::ErrorPass(engine::Device& device) : m_device(device) {}

std::vector<MeasuredError> ErrorPass::measure(TensorStream& stream, float absmax, std::span<const ClippedGrid> candidates) {
    if (candidates.empty()) return {};
    const PowerScale scale = powerScale(absmax);
    const uint64_t needed = candidates.size() * sizeof(shaders::GridCandidate);
    if (m_candidates.sizeBytes() < needed) m_candidates = Buffer(m_device, needed, MemoryKind::Upload, "candidates");
    auto* grid = m_candidates.mappedAs<shaders::GridCandidate>().data();
    for (const ClippedGrid& candidate : candidates) *grid++ = scaledGrid(candidate, scale.exponent);
    m_candidates.flush();

    const auto& kernel = m_device.kernel("error_sweep", {.constants = {{0, stream.elementType()}, {1, 64}, {2, scale.exact}, {3, 1}}});
    const uint64_t groups = (candidates.size() + shaders::candidatesPerTeam - 1) / shaders::candidatesPerTeam;
    const uint64_t blocksPerDispatch =
        std::max<uint64_t>(evaluationsPerDispatch(m_device.info()) / candidates.size() / shaders::blockElements, 1);
    Run run(*this, candidates.size());
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const uint64_t blocks = (chunk.elements + shaders::blockElements - 1) / shaders::blockElements;
        const uint32_t firstBlock = run.reserve(blocks);
        const uint64_t bytesPerBlock = shaders::blockElements * (stream.elementType() == shaders::elementF32 ? 4 : 2);
        for (uint64_t block = 0; block < blocks; block += blocksPerDispatch) {
            const uint64_t count = std::min(blocksPerDispatch, blocks - block);
            const auto elements = static_cast<uint32_t>(std::min<uint64_t>(count * shaders::blockElements, chunk.elements - block * shaders::blockElements));
            const shaders::ErrorPush push{chunk.data.address() + block * bytesPerBlock, m_candidates.address(), m_partials.address(), elements,
                                          static_cast<uint32_t>(candidates.size()), scale.exponent, firstBlock + static_cast<uint32_t>(block)};
            const engine::BufferRange sums(m_partials, blockBytes(firstBlock + block, candidates.size()), blockBytes(count, candidates.size()));
            commands.dispatch(kernel, count * groups * shaders::teamSize, push, {chunk.data, m_candidates}, {sums});
        }
    });
    return run.finish(scale.exponent);
}

double ErrorPass::energy(TensorStream& stream, float absmax) {
    const ClippedGrid nothing;
    return measure(stream, absmax, {&nothing, 1}).front().squared;
}

}  // namespace quant
