#include "quant/segment_pass.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/error_pass.h"
#include "quant/float_bits.h"
#include "quant/octav.h"
#include "quant/segment_geometry.h"
#include "quant/segment_root.h"
#include "shaders/segments.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <numeric>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::KernelVariant;
using engine::MemoryKind;

static_assert(longestShortSegment == shaders::maxSegmentElements);

// Groups up to this long get one invocation each, longer segments a workgroup.
constexpr uint64_t longestInvocationSegment = 64;
// Bounds the time of a dispatch: elements times the passes that a kernel makes over its segment.
constexpr uint64_t elementPassesPerDispatch = uint64_t{1} << 27;
// What a root costs, in passes over the whole segment; the others count their own.
constexpr uint64_t octavPasses = 4, selectPasses = 32;

// How a kernel's workgroups meet the segments.
struct Mapping {
    bool invocationPerSegment;
    uint32_t workgroupSize;
    bool isOneSubgroup;  // the workgroup is exactly one subgroup
    uint64_t invocations(uint64_t segments) const {
        return invocationPerSegment ? segments : segments * workgroupSize;
    }
};

Mapping mappingFor(const engine::DeviceInfo& info, const SegmentLayout& layout) {
    const bool isShort = layout.longestSegment() <= longestInvocationSegment;
    const bool isCpu = info.type == engine::DeviceType::Cpu;
    // On a CPU one subgroup walks a whole segment; wider workgroups would only add barriers.
    const uint32_t size = isCpu ? std::max(info.subgroupSize, 4u) : isShort ? 64u : 128u;
    return {isShort, size, info.minSubgroupSize == size && info.maxSubgroupSize == size};
}

KernelVariant variantFor(uint32_t elementType, const Mapping& mapping, const SegmentLayout& layout) {
    return {.constants = {{0, elementType},
                          {1, mapping.workgroupSize},
                          {2, mapping.invocationPerSegment},
                          {3, layout.isStrided()},
                          {6, mapping.isOneSubgroup}}};
}

void ensure(Buffer& buffer, engine::Device& device, uint64_t sizeBytes, MemoryKind kind, const char* name) {
    if (buffer.sizeBytes() < sizeBytes) buffer = Buffer(device, sizeBytes, kind, name);
}

// Calls `dispatch` with the geometry of one slice of segments after another, each in a submission of its own.
// passes: how often the kernel goes over a segment.
template <class Dispatch>
void forEachSlice(engine::Device& device, const SegmentLayout& layout, const Mapping& mapping,
                  uint64_t passes, const Dispatch& dispatch) {
    const uint64_t cost = std::max<uint64_t>(layout.longestSegment() * passes, 1);
    // At least enough for every processor to have some.
    const uint64_t step = std::max<uint64_t>(elementPassesPerDispatch / cost, 32);
    shaders::SegmentGeometry geometry = geometryOf(layout);
    for (uint64_t first = 0; first < layout.segments; first += step) {
        geometry.firstSegment = static_cast<uint32_t>(first);
        Commands commands(device);
        dispatch(commands, geometry, mapping.invocations(std::min(step, layout.segments - first)));
        commands.submit();
    }
}

template <class T>
std::vector<T> readAll(engine::Device& device, const Buffer& buffer, uint64_t count) {
    std::vector<T> values(count);
    engine::readBack(device, {buffer, 0, count * sizeof(T)}, std::as_writable_bytes(std::span(values)));
    return values;
}

// Ratios to try: coarse ones below 1, then `fineRounds` finer sets around 1.
struct SearchTable {
    uint32_t coarsePoints, finePoints, fineRounds;
    std::vector<float> ratios;

    SearchTable(uint32_t coarsePoints_, double octaves, uint32_t finePoints_, uint32_t fineRounds_)
        : coarsePoints(coarsePoints_), finePoints(finePoints_), fineRounds(fineRounds_) {
        for (uint32_t i = 0; i < coarsePoints; ++i)
            ratios.push_back(static_cast<float>(std::exp2(-octaves * i / (coarsePoints - 1))));
        double around = octaves / (coarsePoints - 1);
        for (uint32_t round = 0; round < fineRounds; ++round) {
            for (uint32_t i = 0; i < finePoints; ++i) {
                ratios.push_back(static_cast<float>(std::exp2(around * (2.0 * i / (finePoints - 1) - 1))));
            }
            around *= 2.0 / (finePoints - 1);
        }
    }

    static const SearchTable& of(bool isAffine) {
        static const SearchTable clips(192, 12, 17, 2), ranges(32, 6, 9, 3);
        return isAffine ? ranges : clips;
    }
    // Times that a kernel goes over a segment for one format.
    uint64_t passes(bool isAffine) const {
        return coarsePoints + fineRounds * finePoints * (isAffine ? 2 : 1);
    }
};

shaders::FormatRange rangeOf(const NumberFormat& format) {
    return {static_cast<float>(format.smallest()), static_cast<float>(format.largest()),
            static_cast<float>(format.clipLevel())};
}

// Whether one kernel variant searches for both.
bool areSearchedAlike(const NumberFormat& a, const NumberFormat& b) {
    return spacingConstants(a) == spacingConstants(b) && a.isAffine == b.isAffine &&
           a.isSigned == b.isSigned && a.scaleRule == b.scaleRule;
}

}  // namespace

std::vector<std::vector<std::optional<float>>> SegmentPass::octav(TensorStream& stream,
                                                                  const SegmentLayout& layout, bool isSigned,
                                                                  double meanMagnitude,
                                                                  std::span<const OctavGrid> grids) {
    const auto data = stream.resident();
    const Mapping mapping = mappingFor(m_device.info(), layout);
    const uint64_t lanes = mapping.invocationPerSegment ? 1 : mapping.workgroupSize;
    const auto keptPerLane = static_cast<uint32_t>((layout.longestSegment() + lanes - 1) / lanes);
    const bool isKept =
        uint64_t{keptPerLane} * mapping.workgroupSize * 4 + 1024 <= m_device.info().sharedMemoryBytes;
    // The kernel takes the grids with rising roots; the caller gets them in its own order.
    std::vector<size_t> order(grids.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t g) { return grids[g].startRatio; });
    std::vector<std::vector<std::optional<float>>> roots(grids.size());
    for (size_t first = 0; first < grids.size(); first += shaders::maxSegmentGrids) {
        const auto some =
            std::span(order).subspan(first, std::min<size_t>(grids.size() - first, shaders::maxSegmentGrids));
        KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
        variant.constants.insert(variant.constants.end(), {{4, isKept ? keptPerLane : 1}, {5, isKept}});
        ensure(m_results, m_device, layout.segments * some.size() * sizeof(shaders::SegmentRoot),
               MemoryKind::Device, "segment roots");
        shaders::SegmentOctavPush push{.data = data.address(),
                                       .roots = m_results.address(),
                                       .gridCount = static_cast<uint32_t>(some.size()),
                                       .sides = isSigned ? 3u : 1u};
        for (size_t g = 0; g < some.size(); ++g) {
            push.inverseNoiseFactor[g] = static_cast<float>(grids[some[g]].inverseNoiseFactor);
            push.startRatio[g] = static_cast<float>(grids[some[g]].startRatio);
        }
        // A little below the lowest root that a segment like the whole tensor would have.
        push.firstFloor =
            magnitudeBits(static_cast<float>(meanMagnitude * grids[some.front()].startRatio * 0.75));
        const auto& kernel = m_device.kernel("segment_octav", variant);
        forEachSlice(m_device, layout, mapping, octavPasses * some.size(),
                     [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                         push.geometry = geometry;
                         commands.dispatch(kernel, invocations, push, {data}, {m_results});
                     });
        const auto found = readAll<shaders::SegmentRoot>(m_device, m_results, layout.segments * some.size());
        for (size_t g = 0; g < some.size(); ++g) {
            auto& clips = roots[some[g]];
            for (uint64_t segment = 0; segment < layout.segments; ++segment) {
                clips.push_back(
                    settledRoot(found[segment * some.size() + g], grids[some[g]].inverseNoiseFactor));
            }
        }
    }
    return roots;
}

std::vector<float> SegmentPass::percentiles(TensorStream& stream, const SegmentLayout& layout, Sides sides,
                                            const Percentile& percentile) {
    const auto data = stream.resident();
    const Mapping mapping = mappingFor(m_device.info(), layout);
    const uint64_t longest = layout.longestSegment();
    ensure(m_table, m_device, (longest + 1) * 4, MemoryKind::Upload, "percentile ranks");
    for (uint64_t n = 0; n <= longest; ++n)
        m_table.mappedAs<uint32_t>()[n] = static_cast<uint32_t>(percentile.rank(n));
    m_table.flush();
    ensure(m_results, m_device, layout.segments * 4, MemoryKind::Device, "percentiles");
    const auto& kernel = m_device.kernel("segment_select", variantFor(stream.elementType(), mapping, layout));
    shaders::SegmentSelectPush push{.data = data.address(),
                                    .ranks = m_table.address(),
                                    .values = m_results.address(),
                                    .sides = static_cast<uint32_t>(sides)};
    forEachSlice(m_device, layout, mapping, selectPasses,
                 [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                     push.geometry = geometry;
                     commands.dispatch(kernel, invocations, push, {data, m_table}, {m_results});
                 });
    return readAll<float>(m_device, m_results, layout.segments);
}

// The clips of some formats that are searched alike.
void SegmentPass::findLeast(TensorStream& stream, const SegmentLayout& layout, float absmax,
                            std::span<const NumberFormat> formats, const MetricTask& metric,
                            std::span<const size_t> alike, std::vector<std::vector<Clip>>& clips) {
    const NumberFormat& first = formats[alike.front()];
    const auto data = stream.resident();
    const auto weights = metric.kind == MetricKind::Weighted ? metric.weights : data;
    const Mapping mapping = mappingFor(m_device.info(), layout);
    const PowerScale scale = powerScale(absmax);
    const SearchTable& table = SearchTable::of(first.isAffine);
    ensure(m_table, m_device, table.ratios.size() * 4, MemoryKind::Upload, "clip ratios");
    std::ranges::copy(table.ratios, m_table.mappedAs<float>().begin());
    m_table.flush();
    ensure(m_formats, m_device, alike.size() * sizeof(shaders::FormatRange), MemoryKind::Upload, "formats");
    for (size_t i = 0; i < alike.size(); ++i)
        m_formats.mappedAs<shaders::FormatRange>()[i] = rangeOf(formats[alike[i]]);
    m_formats.flush();
    const uint64_t words = alike.size() * (first.isAffine ? 2 : 1);
    ensure(m_results, m_device, layout.segments * words * 4, MemoryKind::Device, "segment clips");
    KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
    variant.constants.push_back({10, scale.exact});
    std::ranges::copy(spacingConstants(first), std::back_inserter(variant.constants));
    std::ranges::copy(metricConstants(metric), std::back_inserter(variant.constants));
    if (!first.isAffine) variant.constants.push_back({16, first.scaleRule == ScaleRule::PowerOfTwo});
    const auto& kernel =
        m_device.kernel(first.isAffine ? "segment_range_search" : "segment_error_search", variant);
    shaders::SegmentErrorSearchPush push{.data = data.address(),
                                         .ratios = m_table.address(),
                                         .formats = m_formats.address(),
                                         .weights = weights.address(),
                                         .clips = m_results.address(),
                                         .gridCount = static_cast<uint32_t>(alike.size()),
                                         .coarsePoints = table.coarsePoints,
                                         .finePoints = table.finePoints,
                                         .fineRounds = table.fineRounds,
                                         .exponent = scale.exponent};
    if (!first.isAffine) push.sides = first.isSigned ? 3u : 1u;
    forEachSlice(m_device, layout, mapping, table.passes(first.isAffine) * alike.size(),
                 [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                     push.geometry = geometry;
                     commands.dispatch(kernel, invocations, push, {data, m_table, m_formats, weights},
                                       {m_results});
                 });
    const auto found = readAll<float>(m_device, m_results, layout.segments * words);
    // Clips beyond the largest element may be no floats; half as large ones have the same levels but for the
    // ends.
    const auto at = [&](uint64_t word) {
        const float clip = std::ldexp(found[word], -scale.exponent);
        return std::isinf(clip) ? std::ldexp(found[word], -scale.exponent - 1) : clip;
    };
    for (size_t i = 0; i < alike.size(); ++i) {
        for (uint64_t segment = 0; segment < layout.segments; ++segment) {
            const uint64_t entry = segment * alike.size() + i;
            clips[alike[i]].push_back(first.isAffine ? Clip{at(2 * entry), -at(2 * entry + 1)}
                                                     : Clip{at(entry)});
        }
    }
}

std::vector<std::vector<Clip>> SegmentPass::leastError(TensorStream& stream, const SegmentLayout& layout,
                                                       float absmax, std::span<const NumberFormat> formats,
                                                       const MetricTask& metric) {
    std::vector<std::vector<Clip>> clips(formats.size());
    std::vector<size_t> open(formats.size());
    std::iota(open.begin(), open.end(), size_t{0});
    while (!open.empty()) {
        std::vector<size_t> alike;
        for (const size_t i : open) {
            if (alike.size() < shaders::maxSegmentGrids &&
                areSearchedAlike(formats[i], formats[open.front()]))
                alike.push_back(i);
        }
        findLeast(stream, layout, absmax, formats, metric, alike, clips);
        std::erase_if(open, [&](size_t i) { return std::ranges::contains(alike, i); });
    }
    return clips;
}

float nvfp4TensorScale(float absmax) {
    constexpr float largestBoth = 448.0f * 6.0f;
    constexpr int keptBits = 18;
    if (!(absmax > 0)) return 0;
    const double exact = double{absmax} / double{largestBoth};
    const int exponent = std::ilogb(exact) - (keptBits - 1);
    const double kept = std::ldexp(exact, -exponent), up = std::ldexp(std::ceil(kept), exponent);
    // Of the largest floats the largest clip would be none: they are clipped a little.
    const bool isTooLarge = up * double{largestBoth} > 0x1.fffffep127;
    return static_cast<float>(isTooLarge ? std::ldexp(std::floor(kept), exponent) : up);
}

std::vector<Clip> SegmentPass::blockScales(TensorStream& stream, const SegmentLayout& layout, float absmax,
                                           const NumberFormat& format, bool isSearched,
                                           const MetricTask& metric) {
    const auto data = stream.resident();
    const auto weights = metric.kind == MetricKind::Weighted ? metric.weights : data;
    const Mapping mapping = mappingFor(m_device.info(), layout);
    const PowerScale scale = powerScale(absmax);
    const bool isE4m3 = format.scaleRule == ScaleRule::E4M3;
    const float tensorScale = isE4m3 ? nvfp4TensorScale(absmax) : 1.0f;
    KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
    variant.constants.push_back({10, scale.exact});
    variant.constants.push_back({16, isE4m3});
    std::ranges::copy(spacingConstants(format), std::back_inserter(variant.constants));
    std::ranges::copy(metricConstants(metric), std::back_inserter(variant.constants));
    ensure(m_results, m_device, layout.segments * 4, MemoryKind::Device, "block scales");
    shaders::SegmentScaleSearchPush push{.data = data.address(),
                                         .weights = weights.address(),
                                         .scales = m_results.address(),
                                         .largest = static_cast<float>(format.largest()),
                                         .largestExponent = std::ilogb(format.largest()),
                                         .tensorScale = std::ldexp(tensorScale, scale.exponent),
                                         .exponent = scale.exponent,
                                         .isSearched = isSearched};
    constexpr uint64_t passes = 10;
    const auto& kernel = m_device.kernel("segment_scale_search", variant);
    forEachSlice(m_device, layout, mapping, passes,
                 [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                     push.geometry = geometry;
                     commands.dispatch(kernel, invocations, push, {data, weights}, {m_results});
                 });
    static const NumberFormat e4m3 = numberFormatFrom("fp8-e4m3");
    constexpr int e8m0Bias = 127;
    std::vector<Clip> clips;
    for (const uint32_t code : readAll<uint32_t>(m_device, m_results, layout.segments)) {
        const double step = isE4m3 ? e4m3.decode(code) * double{tensorScale}
                                   : std::ldexp(1.0, static_cast<int>(code) - e8m0Bias);
        clips.push_back({static_cast<float>(step * format.largest())});
    }
    return clips;
}

}  // namespace quant
