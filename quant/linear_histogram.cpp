#include "quant/linear_histogram.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/error_pass.h"
#include "quant/float_bits.h"
#include "quant/linear_spread.h"

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

namespace {

// One bin of the profile, as much of it as lies at or below the largest magnitude.
struct SpreadBin {
    double first, width, count;
    LinearSpread spread;

    double countBelow(double magnitude) const {
        if (width == 0) return magnitude > first ? count : 0;
        return count * spread.countBelow(std::clamp((magnitude - first) / width, 0.0, 1.0));
    }
    double end() const { return first + width; }
};

// The occupied bins in rising order, the largest element left out.
std::vector<SpreadBin> spreadBins(const Profile& profile, Sides sides, float largest) {
    std::vector<SpreadBin> bins;
    const uint32_t top = magnitudeBits(largest) >> 20;
    for (uint32_t bin = 0; bin <= top; ++bin) {
        uint64_t count = profile.count(bin, sides);
        WideInt sum = profile.sum(bin, sides);
        if (bin == top) {
            --count;
            sum -= inUnits(magnitudeBits(largest));
        }
        if (count == 0) continue;
        const double first = fromBits(bin << 20);
        const double end = bin == top ? double{largest} : double{fromBits((bin + 1) << 20)};
        const auto elements = static_cast<double>(count);
        const double mean = static_cast<double>(sum.approximate() * oneUnit) / elements;
        const double width = end - first;
        bins.push_back({first, width, elements, LinearSpread(width > 0 ? (mean - first) / width : 0.5)});
    }
    return bins;
}

}  // namespace

LinearHistogram linearHistogram(const Profile& profile, Sides sides, float largest) {
    const auto bins = spreadBins(profile, sides, largest);
    LinearHistogram counts(linearBins);
    double passed = 0;  // elements of the bins that end at or below the edge
    uint64_t before = 0;
    size_t next = 0;
    for (uint32_t i = 0; i < linearBins; ++i) {
        const double edge = double{largest} * (i + 1) / linearBins;
        while (next < bins.size() && bins[next].end() <= edge) passed += bins[next++].count;
        const double inside = next < bins.size() ? bins[next].countBelow(edge) : 0;
        const auto below = static_cast<uint64_t>(std::floor(passed + inside + 0.5));
        counts[i] = below - before;
        before = below;
    }
    ++counts.back();
    return counts;
}

}  // namespace quant
