#include "quant/error_pass.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/float_bits.h"
#include "quant/segment_geometry.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

// Below this largest magnitude subnormal elements, which float products flush to zero, can tell in a sum of
// squares.
constexpr float smallestFloatScaled = 0x1p-60f;

// Bounds the sums that wait on the device and the work of one submission; more candidates cost another read.
constexpr size_t candidatesPerRead = 512;

constexpr uint64_t blockBytes(uint64_t blocks, uint64_t candidates) {
    return blocks * candidates * 8;
}

}  // namespace

uint64_t blocksPerDispatch(const engine::DeviceInfo& info, uint64_t candidates) {
    const uint64_t evaluations = uint64_t{1} << (info.type == engine::DeviceType::Cpu ? 26 : 32);
    return std::max<uint64_t>(evaluations / candidates / shaders::blockElements, 1);
}

uint64_t pacedEvaluations(const engine::DeviceInfo& info) {
    return uint64_t{1} << (info.type == engine::DeviceType::Cpu ? 22 : 29);
}

uint64_t blocksOf(uint64_t elements) {
    return (elements + shaders::blockElements - 1) / shaders::blockElements;
}

PowerScale powerScale(float absmax) {
    if (!(absmax > 0)) return {};
    return {1 - std::ilogb(absmax), absmax < smallestFloatScaled};
}

shaders::GridCandidate scaledGrid(const ClippedGrid& grid, int32_t exponent) {
    constexpr float smallestNormal = 0x1p-126f, largestFloat = 0x1.fffffep127f;
    const NumberFormat& format = grid.format;
    const auto zero = static_cast<double>(grid.zeroPoint());
    shaders::GridCandidate candidate{.qmin = static_cast<float>(format.smallest() - zero),
                                     .qmax = static_cast<float>(format.largest() - zero),
                                     .clipBits = magnitudeBits(grid.clip),
                                     .lowBits = magnitudeBits(grid.lowestKept())};
    if (format.hasFloatExponents()) {
        const int spacing = format.smallestExponent() - static_cast<int>(format.mantissaBits);
        const float tiny = std::ldexp(1.0f, spacing + exponent);
        candidate.step = 1;
        candidate.inverseStep = tiny < smallestNormal ? 0 : tiny;
        candidate.qmax = std::min(std::ldexp(candidate.qmax, exponent), largestFloat);
        candidate.qmin = -candidate.qmax;
        return candidate;
    }
    const float scaled = std::ldexp(grid.step(), exponent);
    // A step so far below the tensor's magnitudes is as good as none, and its inverse would overflow; so far
    // above them there is nothing but zero.
    const bool isOutside = scaled < smallestNormal || scaled > largestFloat;
    candidate.step = isOutside ? 0.0f : scaled;
    candidate.inverseStep = isOutside ? 0.0f : 1.0f / scaled;
    return candidate;
}

std::vector<std::pair<uint32_t, uint32_t>> spacingConstants(const NumberFormat& format) {
    switch (format.spacing) {
        case Spacing::Binary:
            return {{13, shaders::spacingBinary}};
        case Spacing::Float:
            return {{13, format.hasFloatExponents() ? shaders::spacingBits : shaders::spacingFloat},
                    {14, format.mantissaBits},
                    {15, std::bit_cast<uint32_t>(format.smallestExponent())}};
        case Spacing::Uniform:
            break;
    }
    return {{13, shaders::spacingUniform}};
}

// One measurement: counts the blocks that are waiting on the device and adds them up in order.
struct ErrorPass::Run {
    ErrorPass& pass;
    uint64_t candidates;
    std::vector<MeasuredError> results;
    uint64_t waiting = 0;  // blocks in the partials buffer

    Run(ErrorPass& pass_, uint64_t candidates_)
        : pass(pass_), candidates(candidates_), results(candidates_) {}

    // Makes room for the blocks of a chunk; returns where they go.
    uint32_t reserve(uint64_t blocks) {
        if (blockBytes(waiting + blocks, candidates) > pass.m_partials.sizeBytes()) collect();
        if (blockBytes(blocks, candidates) > pass.m_partials.sizeBytes()) {
            // Room for a few chunks, so that reading on overlaps the work.
            pass.m_partials =
                Buffer(pass.m_device, blockBytes(4 * blocks, candidates), MemoryKind::Device, "error sums");
        }
        waiting += blocks;
        return static_cast<uint32_t>(waiting - blocks);
    }

    void collect() {
        if (waiting == 0) return;
        std::vector<uint32_t> words(2 * waiting * candidates);
        engine::readBack(pass.m_device, {pass.m_partials, 0, blockBytes(waiting, candidates)},
                         std::as_writable_bytes(std::span(words)));
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

// Grids to measure: one for all elements, or [candidate][segment] where there is a layout.
struct ErrorPass::Grids {
    const SegmentLayout* layout;
    uint64_t count;
    std::function<const ClippedGrid&(uint64_t candidate, uint64_t segment)> at;
};

// The same as the kernel takes them, in scaled units, with the constants that they have in common.
struct ErrorPass::Candidates {
    const SegmentLayout* layout;
    uint64_t count;
    std::function<shaders::GridCandidate(uint64_t candidate, uint64_t segment)> at;
    std::vector<std::pair<uint32_t, uint32_t>> constants;
};

// Uploads the candidates and measures them over every chunk.
std::vector<MeasuredError> ErrorPass::measureAll(TensorStream& stream, float absmax,
                                                 const Candidates& candidates) {
    const PowerScale scale = powerScale(absmax);
    const SegmentLayout* layout = candidates.layout;
    const uint64_t count = candidates.count, segments = layout ? layout->segments : 1;
    const uint64_t needed = count * segments * sizeof(shaders::GridCandidate);
    if (m_candidates.sizeBytes() < needed)
        m_candidates = Buffer(m_device, needed, MemoryKind::Upload, "candidates");
    const auto table = m_candidates.mappedAs<shaders::GridCandidate>();
    for (uint64_t i = 0; i < count * segments; ++i) table[i] = candidates.at(i / segments, i % segments);
    m_candidates.flush();

    engine::KernelVariant variant{.constants = {{0, stream.elementType()},
                                                {1, 64},
                                                {10, scale.exact},
                                                {12, layout != nullptr},
                                                {18, layout && layout->bandRows > 1}}};
    std::ranges::copy(candidates.constants, std::back_inserter(variant.constants));
    const auto& kernel = m_device.kernel("error_sweep", variant);
    const uint64_t teams = (count + shaders::candidatesPerTeam - 1) / shaders::candidatesPerTeam;
    const bool isPaced = m_device.isPaced();
    const uint64_t step =
        isPaced ? std::max<uint64_t>(pacedEvaluations(m_device.info()) / count / shaders::blockElements, 1)
                : blocksPerDispatch(m_device.info(), count);
    shaders::ErrorPush push{.candidates = m_candidates.address(),
                            .candidateCount = static_cast<uint32_t>(count),
                            .exponent = scale.exponent};
    if (layout) push.geometry = geometryOf(*layout);
    Run run(*this, count);
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const uint64_t blocks = blocksOf(chunk.elements);
        const uint32_t firstBlock = run.reserve(blocks);
        push.partials = m_partials.address();
        for (uint64_t block = 0; block < blocks; block += step) {
            const uint64_t some = std::min(step, blocks - block), skipped = block * shaders::blockElements;
            push.data =
                chunk.data.address() + skipped * (stream.elementType() == shaders::elementF32 ? 4 : 2);
            push.elements = static_cast<uint32_t>(
                std::min<uint64_t>(some * shaders::blockElements, chunk.elements - skipped));
            push.firstBlock = firstBlock + static_cast<uint32_t>(block);
            push.firstElement = static_cast<uint32_t>(chunk.firstElement + skipped);
            const engine::BufferRange sums(m_partials, blockBytes(push.firstBlock, count),
                                           blockBytes(some, count));
            commands.dispatch(kernel, some * teams * shaders::teamSize, push, {chunk.data, m_candidates},
                              {sums});
            if (isPaced && block + some < blocks) commands.flush();
        }
    });
    return run.finish(scale.exponent);
}

// One read for every kind of spacing among the grids.
std::vector<MeasuredError> ErrorPass::measureBySpacing(TensorStream& stream, float absmax,
                                                       const Grids& grids) {
    const int32_t exponent = powerScale(absmax).exponent;
    std::vector<MeasuredError> errors(grids.count);
    std::vector<bool> isDone(grids.count);
    for (uint64_t first = 0; first < grids.count; ++first) {
        if (isDone[first]) continue;
        const auto constants = spacingConstants(grids.at(first, 0).format);
        std::vector<uint64_t> alike;
        for (uint64_t i = first; i < grids.count; ++i) {
            if (!isDone[i] && spacingConstants(grids.at(i, 0).format) == constants) alike.push_back(i);
        }
        const auto candidateAt = [&](uint64_t i, uint64_t segment) {
            return scaledGrid(grids.at(alike[i], segment), exponent);
        };
        const auto measured =
            measureAll(stream, absmax, {grids.layout, alike.size(), candidateAt, constants});
        for (size_t i = 0; i < alike.size(); ++i) {
            errors[alike[i]] = measured[i];
            isDone[alike[i]] = true;
        }
    }
    return errors;
}

std::vector<MeasuredError> ErrorPass::measure(TensorStream& stream, float absmax,
                                              std::span<const ClippedGrid> candidates) {
    std::vector<MeasuredError> errors;
    for (size_t first = 0; first < candidates.size(); first += candidatesPerRead) {
        const auto some = candidates.subspan(first, std::min(candidatesPerRead, candidates.size() - first));
        const auto measured = measureBySpacing(
            stream, absmax,
            {nullptr, some.size(), [&](uint64_t i, uint64_t) -> const ClippedGrid& { return some[i]; }});
        errors.insert(errors.end(), measured.begin(), measured.end());
    }
    return errors;
}

std::vector<MeasuredError> ErrorPass::measure(TensorStream& stream, float absmax, const SegmentLayout& layout,
                                              std::span<const std::vector<ClippedGrid>> candidates) {
    if (candidates.empty() || layout.segments == 0) return std::vector<MeasuredError>(candidates.size());
    return measureBySpacing(
        stream, absmax, {&layout, candidates.size(), [&](uint64_t i, uint64_t segment) -> const ClippedGrid& {
                             return candidates[i][segment];
                         }});
}

std::vector<MeasuredError> ErrorPass::measureExcess(TensorStream& stream, float absmax, Sides sides,
                                                    std::span<const float> clips) {
    const int32_t exponent = powerScale(absmax).exponent;
    std::vector<MeasuredError> errors;
    for (size_t first = 0; first < clips.size(); first += candidatesPerRead) {
        const auto some = clips.subspan(first, std::min(candidatesPerRead, clips.size() - first));
        const auto candidateAt = [&](uint64_t i, uint64_t) {
            const float clip = std::ldexp(some[i], exponent);
            const bool isBoth = sides == Sides::Both;
            return shaders::GridCandidate{.step = 1,
                                          .inverseStep = 1,
                                          .qmin = isBoth ? -clip : -0x1p127f,
                                          .qmax = clip,
                                          .clipBits = magnitudeBits(some[i]),
                                          .lowBits = isBoth ? magnitudeBits(some[i]) : infinityBits};
        };
        const auto measured = measureAll(stream, absmax, {nullptr, some.size(), candidateAt, {{21, 1}}});
        errors.insert(errors.end(), measured.begin(), measured.end());
    }
    return errors;
}

double ErrorPass::energy(TensorStream& stream, float absmax) {
    const ClippedGrid nothing;
    return measure(stream, absmax, {&nothing, 1}).front().squared;
}

}  // namespace quant
