#include "quant/linear_histogram.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/error_pass.h"
#include "quant/spread_profile.h"

#include <algorithm>
#include <cmath>

namespace quant {

using engine::Commands;
using engine::MemoryKind;

namespace {

struct BinScale {
    PowerScale power;
    float binsPerScale;  // bins in one unit of the scaled elements

    explicit BinScale(float largest)
        : power(powerScale(largest)),
          binsPerScale(static_cast<float>(linearBins / std::ldexp(double{largest}, power.exponent))) {}
};

}  // namespace

LinearHistogramPass::LinearHistogramPass(engine::Device& device, CountingPath path)
    : m_device(device),
      m_path(resolved(path, device.info())),
      m_counts(device, linearBins * 8, MemoryKind::Device, "linear histogram") {
    if (m_path != CountingPath::Private) return;
    const uint64_t counters = uint64_t{privateInvocations(device.info())} * shaders::linearCounters;
    m_scratch = engine::Buffer(device, counters * 4, MemoryKind::Device, "linear histogram scratch");
    Commands commands(device);
    commands.fill(m_scratch, 0);
    commands.submit();
}

LinearHistogram LinearHistogramPass::count(TensorStream& stream, Sides sides, float largest) {
    {
        Commands commands(m_device);
        commands.fill(m_counts, 0);
        commands.submit();
    }
    const BinScale scale(largest);
    const bool isShared = m_path == CountingPath::Shared;
    const auto& counting = m_device.kernel("count_linear", {.constants = {{0, stream.elementType()},
                                                                          {1, countingWorkgroupSize(m_path)},
                                                                          {2, isShared},
                                                                          {10, scale.power.exact}}});
    shaders::LinearCountPush push{.counts = m_counts.address(),
                                  .scratch = isShared ? 0 : m_scratch.address(),
                                  .sides = static_cast<uint32_t>(sides),
                                  .exponent = scale.power.exponent,
                                  .binsPerScale = scale.binsPerScale};
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        const CountingShape shape = countingShape(m_path, m_device.info(), chunk.elements);
        push.data = chunk.data.address();
        push.elements = chunk.elements;
        push.runElements = shape.runElements;
        if (isShared)
            commands.dispatch(counting, shape.invocations, push, {chunk.data}, {m_counts});
        else
            commands.dispatch(counting, shape.invocations, push, {chunk.data}, {m_counts, m_scratch});
    });
    LinearHistogram counts(linearBins);
    engine::readBack(m_device, m_counts, std::as_writable_bytes(std::span(counts)));
    return counts;
}

LinearHistogram linearHistogram(std::span<const float> magnitudes, float largest) {
    const BinScale scale(largest);
    LinearHistogram counts(linearBins);
    for (const float x : magnitudes) {
        const auto scaled = static_cast<float>(std::ldexp(double{x}, scale.power.exponent));
        ++counts[std::min(static_cast<uint32_t>(scaled * scale.binsPerScale), linearBins - 1)];
    }
    return counts;
}

LinearHistogram linearHistogram(const SpreadProfile& profile) {
    LinearHistogram counts(linearBins);
    uint64_t before = 0;
    double passed = 0;  // elements of the bins that end at or below the edge
    auto next = profile.bins().begin();
    for (uint32_t i = 0; i < linearBins; ++i) {
        const double edge = double{profile.largest()} * (i + 1) / linearBins;
        while (next != profile.bins().end() && next->end() <= edge) passed += next++->count;
        const double inside = next != profile.bins().end() ? next->countBelow(edge) : 0;
        const auto below = static_cast<uint64_t>(std::floor(passed + inside + 0.5));
        counts[i] = below - before;
        before = below;
    }
    ++counts.back();
    return counts;
}

}  // namespace quant
