#include "quant/profile_pass.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/linear_histogram.h"
#include "shaders/profile.h"
#include "shaders/refine.h"
#include "shaders/window.h"

#include <algorithm>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

}  // namespace

ProfilePass::ProfilePass(engine::Device& device, CountingPath path)
    : m_device(device),
      m_path(resolved(path, device.info())),
      m_privateInvocations(m_path == CountingPath::Private ? privateInvocations(device.info()) : 0),
      m_profile(device, shaders::profileWords * 4, MemoryKind::Device, "profile"),
      m_refined(device, shaders::maxRefined * shaders::refinedWords * 4, MemoryKind::Device, "refined bins"),
      m_scratch(device, uint64_t{m_privateInvocations} * 2 * shaders::binsPerSide * 8, MemoryKind::Device,
                "profile scratch"),
      m_refineScratch(device, uint64_t{m_privateInvocations} * shaders::refineScratchPairs * 8,
                      MemoryKind::Device, "refine scratch") {
    Commands commands(device);
    commands.fill(m_scratch, 0);
    commands.fill(m_refineScratch, 0);
    commands.submit();
}

ProfilePass::~ProfilePass() = default;

CountingShape ProfilePass::shapeFor(uint32_t elements) const {
    return countingShape(m_path, m_device.info(), elements);
}

LinearHistogramPass& ProfilePass::linearHistograms() {
    if (!m_linearHistograms) m_linearHistograms = std::make_unique<LinearHistogramPass>(m_device, m_path);
    return *m_linearHistograms;
}

const engine::Kernel& ProfilePass::kernel(const char* privateName, const char* sharedName,
                                          uint32_t elementType) const {
    return m_device.kernel(m_path == CountingPath::Private ? privateName : sharedName,
                           {.constants = {{0, elementType}, {1, countingWorkgroupSize(m_path)}}});
}

engine::BufferRange ProfilePass::counts() const {
    return {m_profile, 0, shaders::profileCountWords * 4};
}

Profile ProfilePass::profile(TensorStream& stream) {
    {
        Commands commands(m_device);
        commands.fill(m_profile, 0);
        commands.submit();
    }
    const auto& counting = kernel("profile_private", "profile_shared", stream.elementType());
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const CountingShape shape = shapeFor(chunk.elements);
        const shaders::ProfilePush push{chunk.data.address(), m_profile.address(), m_scratch.address(),
                                        chunk.elements, shape.runElements};
        commands.dispatch(counting, shape.invocations, push, {chunk.data, m_scratch}, {m_profile, m_scratch});
    });
    std::vector<uint32_t> words(shaders::profileWords);
    engine::readBack(m_device, m_profile, std::as_writable_bytes(std::span(words)));
    return Profile::fromWords(words);
}

void ProfilePass::refineEight(TensorStream& stream, uint32_t level, Sides sides,
                              std::span<const uint32_t> prefixes) {
    {
        Commands commands(m_device);
        commands.fill(m_refined, 0);
        commands.submit();
    }
    const auto& splitting = kernel("refine_private", "refine_atomic", stream.elementType());
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const CountingShape shape = shapeFor(chunk.elements);
        shaders::RefinePush push{
            chunk.data.address(), m_refined.address(),    m_refineScratch.address(),    chunk.elements,
            shape.runElements,    level == 2 ? 20u : 10u, static_cast<uint32_t>(sides), {}};
        std::ranges::fill(push.prefixes, shaders::noPrefix);
        std::ranges::copy(prefixes, push.prefixes);
        commands.dispatch(splitting, shape.invocations, push, {chunk.data, m_refineScratch},
                          {m_refined, m_refineScratch});
    });
}

std::vector<RefinedBin> ProfilePass::refine(TensorStream& stream, uint32_t level, Sides sides,
                                            const std::vector<uint32_t>& prefixes) {
    std::vector<RefinedBin> bins;
    std::vector<uint64_t> words(m_refined.sizeBytes() / 8);
    for (size_t first = 0; first < prefixes.size(); first += shaders::maxRefined) {
        const auto some = std::span(prefixes).subspan(
            first, std::min<size_t>(prefixes.size() - first, shaders::maxRefined));
        refineEight(stream, level, sides, some);
        engine::readBack(m_device, m_refined, std::as_writable_bytes(std::span(words)));
        for (size_t slot = 0; slot < some.size(); ++slot) {
            RefinedBin& bin = bins.emplace_back(some[slot]);
            for (size_t i = 0; i < shaders::refinedBins; ++i) {
                bin.counts.push_back(words[2 * (slot * shaders::refinedBins + i)]);
                bin.rests.push_back(words[2 * (slot * shaders::refinedBins + i) + 1]);
            }
        }
    }
    return bins;
}

void ProfilePass::countEight(TensorStream& stream, Sides sides, std::span<const uint32_t> firsts) {
    for (size_t i = 0; i < firsts.size(); ++i) {
        m_windows.mappedAs<uint32_t>()[2 * i] = firsts[i];
        m_windows.mappedAs<uint32_t>()[2 * i + 1] = ((firsts[i] >> shaders::level1RestBits) + 1)
                                                    << shaders::level1RestBits;
    }
    m_windows.flush();
    {
        Commands commands(m_device);
        commands.fill({m_windowCounts, 0, firsts.size() * shaders::windowWords * 4}, 0);
        commands.submit();
    }
    const auto& counting =
        m_device.kernel("count_windows", {.constants = {{0, stream.elementType()},
                                                        {1, windowWorkgroupSize(m_device.info())},
                                                        {2, static_cast<uint32_t>(firsts.size())}}});
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const CountingShape shape = windowShape(m_device.info(), chunk.elements);
        const shaders::WindowPush push{chunk.data.address(),     m_windows.address(),
                                       m_windowCounts.address(), chunk.elements,
                                       shape.runElements,        static_cast<uint32_t>(sides)};
        commands.dispatch(counting, shape.invocations, push, {chunk.data, m_windows}, {m_windowCounts});
    });
}

std::vector<CountedWindow> ProfilePass::countWindows(TensorStream& stream, Sides sides,
                                                     const std::vector<uint32_t>& firsts) {
    if (m_windows.sizeBytes() == 0) {
        m_windows = Buffer(m_device, shaders::maxWindows * 8, MemoryKind::Upload, "windows");
        m_windowCounts = Buffer(m_device, shaders::maxWindows * shaders::windowWords * 4, MemoryKind::Device,
                                "window counts");
    }
    std::vector<CountedWindow> windows;
    for (size_t first = 0; first < firsts.size(); first += shaders::maxWindows) {
        const auto some =
            std::span(firsts).subspan(first, std::min<size_t>(firsts.size() - first, shaders::maxWindows));
        countEight(stream, sides, some);
        std::vector<uint32_t> words(some.size() * shaders::windowWords);
        engine::readBack(m_device, {m_windowCounts, 0, words.size() * 4},
                         std::as_writable_bytes(std::span(words)));
        for (size_t i = 0; i < some.size(); ++i) {
            const auto result = std::span(words).subspan(i * shaders::windowWords, shaders::windowWords);
            CountedWindow& window = windows.emplace_back(some[i]);
            window.countAbove = result[0] | uint64_t{result[1]} << 32;
            window.restsAbove = result[2] | uint64_t{result[3]} << 32;
            window.counts.assign(result.begin() + 4, result.end());
        }
    }
    return windows;
}

}  // namespace quant
