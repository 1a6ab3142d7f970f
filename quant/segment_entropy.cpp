#include "quant/segment_entropy.h"

#include "engine/commands.h"
#include "quant/entropy.h"
#include "quant/float_bits.h"
#include "quant/linear_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace quant {

namespace {

float floatFromHalf(uint16_t half) {
    const int exponent = half >> 10 & 0x1f;
    const auto fraction = static_cast<float>(half & 0x3ff);
    const float magnitude = exponent == 31  ? HUGE_VALF  // NaN too: neither is counted
                            : exponent == 0 ? std::ldexp(fraction, -24)
                                            : std::ldexp(fraction + 1024, exponent - 25);
    return half >> 15 ? -magnitude : magnitude;
}

std::vector<float> readElements(TensorStream& stream) {
    const engine::BufferRange range = stream.resident();
    std::vector<std::byte> bytes(range.sizeBytes);
    engine::readBack(stream.device(), range, bytes);
    std::vector<float> elements(stream.elements());
    if (stream.elementType() == shaders::elementF32) {
        std::memcpy(elements.data(), bytes.data(), elements.size() * sizeof(float));
        return elements;
    }
    const bool isHalf = stream.elementType() == shaders::elementF16;
    for (size_t i = 0; i < elements.size(); ++i) {
        uint16_t word = 0;
        std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
        elements[i] = isHalf ? floatFromHalf(word) : fromBits(uint32_t{word} << 16);
    }
    return elements;
}

// Whether the entropy calibrator counts the element.
bool isCounted(float x, bool isSigned) {
    return std::isfinite(x) && (isSigned ? x != 0 : x > 0);
}

// The magnitudes that count, segment after segment; segment s ends at ends[s].
struct SortedSegments {
    std::vector<float> magnitudes;
    std::vector<size_t> ends;
};

SortedSegments sortedBySegment(std::span<const float> elements, const SegmentLayout& layout, bool isSigned) {
    SortedSegments sorted;
    std::vector<size_t> next(layout.segments + 1);
    for (size_t i = 0; i < elements.size(); ++i)
        if (isCounted(elements[i], isSigned)) ++next[layout.segmentOf(i) + 1];
    for (size_t s = 0; s < layout.segments; ++s) next[s + 1] += next[s];
    sorted.ends.assign(next.begin() + 1, next.end());
    sorted.magnitudes.resize(next.back());
    for (size_t i = 0; i < elements.size(); ++i)
        if (isCounted(elements[i], isSigned))
            sorted.magnitudes[next[layout.segmentOf(i)]++] = std::fabs(elements[i]);
    return sorted;
}

}  // namespace

std::vector<std::vector<float>> segmentEntropyClips(TensorStream& stream, const SegmentLayout& layout,
                                                    std::span<const NumberFormat> grids) {
    std::vector<std::vector<float>> clips(grids.size(), std::vector<float>(layout.segments));
    if (grids.empty()) return clips;
    const auto sorted = sortedBySegment(readElements(stream), layout, grids.front().isSigned);
    size_t begin = 0;
    for (size_t s = 0; s < layout.segments; ++s) {
        const auto magnitudes = std::span(sorted.magnitudes).subspan(begin, sorted.ends[s] - begin);
        begin = sorted.ends[s];
        if (magnitudes.empty()) continue;
        const auto [least, largest] = std::ranges::minmax(magnitudes);
        const auto counts = linearHistogram(magnitudes, largest);
        for (size_t g = 0; g < grids.size(); ++g)
            clips[g][s] = least == largest ? largest : entropyClip(counts, grids[g], largest);
        stream.device().pace();
    }
    return clips;
}

}  // namespace quant
