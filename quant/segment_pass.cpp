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
// The same on a CPU while the device is paced: some 20 ms.
constexpr uint64_t pacedElementPasses = uint64_t{1} << 23;
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
    const bool isPaced = device.isPaced() && device.info().type == engine::DeviceType::Cpu;
    // At least enough for every processor to have some: of the few threads that a paced one should keep busy.
    const uint64_t step = std::max<uint64_t>((isPaced ? pacedElementPasses : elementPassesPerDispatch) / cost,
                                             isPaced ? 2 : 32);
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

// Clips to try, as kernels take them: first in units of the largest magnitude, falling; then around the best.
struct SearchTable {
    uint32_t coarsePoints = 0, finePoints = 0, fineRounds = 0, starts = 1;
    std::vector<float> ratios;

    // Times that a kernel goes over a segment for one format.
    uint64_t passes(bool isAffine) const {
        const uint64_t coarse = coarsePoints, fine = finePoints;
        return isAffine ? coarse * coarse + fineRounds * fine * fine : coarse + starts * fineRounds * fine;
    }

    // Ratios from 2^highest down.
    void add(uint32_t points, double highest, double pointsPerOctave) {
        for (uint32_t i = 0; i < points; ++i)
            ratios.push_back(static_cast<float>(std::exp2(highest - i / pointsPerOctave)));
    }
};

// Dense where the clips of short segments lie, for there the error of the real quantizer jumps about: the
// finer the levels, the closer its minima lie together. From twice the largest magnitude, for levels may fall
// better with the last of them beyond the data; the largest itself is among the clips.
SearchTable clipTable(bool isFine) {
    const uint32_t densePoints = isFine ? 250 : 100;
    constexpr uint32_t sparsePoints = 43;
    SearchTable table{.coarsePoints = densePoints + sparsePoints,
                      .finePoints = isFine ? 8u : 12u,
                      .fineRounds = 2,
                      .starts = shaders::maxSearchStarts};
    table.add(densePoints, 1, densePoints / 2.5);
    table.add(sparsePoints, -1.5, 4);
    return table;
}

SearchTable powerOfTwoTable() {
    SearchTable table{.coarsePoints = 14};
    table.add(table.coarsePoints, 1, 1);
    return table;
}

// All points for either end.
SearchTable rangeTable() {
    SearchTable table{.coarsePoints = 10, .finePoints = 5, .fineRounds = 5};
    double around = 0.9;
    table.add(table.coarsePoints, 0, 1 / around);
    for (uint32_t round = 0; round < table.fineRounds; ++round, around /= 2)
        table.add(table.finePoints, around, 2 / around);
    return table;
}

// Whether so many levels are searched in finer steps.
bool isFine(const NumberFormat& format) {
    return format.spacing == Spacing::Uniform && format.clipLevel() >= 64;
}

const SearchTable& tableFor(const NumberFormat& format) {
    static const SearchTable clips = clipTable(false), fineClips = clipTable(true),
                             powersOfTwo = powerOfTwoTable(), ranges = rangeTable();
    if (format.isAffine) return ranges;
    if (format.scaleRule == ScaleRule::PowerOfTwo) return powersOfTwo;
    return isFine(format) ? fineClips : clips;
}

// A clip in a segment's own units, back in the tensor's. Beyond the largest element it may be no float: half
// as large ones have the same levels but for the ends.
float unscaled(float clip, int exponent) {
    const float high = std::ldexp(clip, -exponent);
    return std::isinf(high) ? std::ldexp(clip, -exponent - 1) : high;
}

shaders::FormatRange rangeOf(const NumberFormat& format) {
    return {static_cast<float>(format.smallest()), static_cast<float>(format.largest()),
            static_cast<float>(format.clipLevel())};
}

// Whether one kernel variant searches for both.
bool areSearchedAlike(const NumberFormat& a, const NumberFormat& b) {
    return spacingConstants(a) == spacingConstants(b) && a.isAffine == b.isAffine &&
           a.isSigned == b.isSigned && &tableFor(a) == &tableFor(b);
}

std::vector<std::pair<uint32_t, uint32_t>> errorConstants(const NumberFormat& format,
                                                          const MetricTask& metric) {
    auto constants = spacingConstants(format);
    std::ranges::copy(metricConstants(metric), std::back_inserter(constants));
    return constants;
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
void SegmentPass::findLeast(TensorStream& stream, const SegmentLayout& layout,
                            std::span<const NumberFormat> formats, const MetricTask& metric,
                            std::span<const size_t> alike, std::vector<std::vector<Clip>>& clips) {
    const NumberFormat& first = formats[alike.front()];
    const auto data = stream.resident();
    const auto weights = metric.kind == MetricKind::Weighted ? metric.weights : data;
    const Mapping mapping = mappingFor(m_device.info(), layout);
    const SearchTable& table = tableFor(first);
    ensure(m_table, m_device, table.ratios.size() * 4, MemoryKind::Upload, "clip ratios");
    std::ranges::copy(table.ratios, m_table.mappedAs<float>().begin());
    m_table.flush();
    ensure(m_formats, m_device, alike.size() * sizeof(shaders::FormatRange), MemoryKind::Upload, "formats");
    for (size_t i = 0; i < alike.size(); ++i)
        m_formats.mappedAs<shaders::FormatRange>()[i] = rangeOf(formats[alike[i]]);
    m_formats.flush();
    const uint64_t count = layout.segments * alike.size();
    ensure(m_results, m_device, count * sizeof(shaders::SegmentClip), MemoryKind::Device, "segment clips");
    KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
    std::ranges::copy(errorConstants(first, metric), std::back_inserter(variant.constants));
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
                                         .fineRounds = table.fineRounds};
    if (!first.isAffine) push.sides = first.isSigned ? 3u : 1u;
    forEachSlice(m_device, layout, mapping, table.passes(first.isAffine) * alike.size(),
                 [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                     push.geometry = geometry;
                     commands.dispatch(kernel, invocations, push, {data, m_table, m_formats, weights},
                                       {m_results});
                 });
    const auto found = readAll<shaders::SegmentClip>(m_device, m_results, count);
    for (uint64_t i = 0; i < count; ++i) {
        const auto& [high, low, exponent] = found[i];
        const float lowest = first.isAffine ? -unscaled(low, exponent) : 0.0f;
        clips[alike[i % alike.size()]].push_back({unscaled(high, exponent), lowest});
    }
}

std::vector<std::vector<Clip>> SegmentPass::leastError(TensorStream& stream, const SegmentLayout& layout,
                                                       std::span<const NumberFormat> formats,
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
        findLeast(stream, layout, formats, metric, alike, clips);
        std::erase_if(open, [&](size_t i) { return std::ranges::contains(alike, i); });
    }
    return clips;
}

std::vector<Clip> SegmentPass::betterClips(TensorStream& stream, const SegmentLayout& layout,
                                           const NumberFormat& format,
                                           std::span<const PowerOfTwoClips> neighbours,
                                           const MetricTask& metric) {
    const auto data = stream.resident();
    const auto weights = metric.kind == MetricKind::Weighted ? metric.weights : data;
    const Mapping mapping = mappingFor(m_device.info(), layout);
    static_assert(sizeof(PowerOfTwoClips) == 2 * sizeof(float));
    ensure(m_table, m_device, neighbours.size_bytes(), MemoryKind::Upload, "clips to choose from");
    std::ranges::copy(neighbours, m_table.mappedAs<PowerOfTwoClips>().begin());
    m_table.flush();
    ensure(m_results, m_device, layout.segments * 4, MemoryKind::Device, "chosen clips");
    KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
    std::ranges::copy(errorConstants(format, metric), std::back_inserter(variant.constants));
    shaders::SegmentChoicePush push{.data = data.address(),
                                    .weights = weights.address(),
                                    .clips = m_table.address(),
                                    .chosen = m_results.address(),
                                    .format = rangeOf(format)};
    constexpr uint64_t passes = 3;
    const auto& kernel = m_device.kernel("segment_choice", variant);
    forEachSlice(m_device, layout, mapping, passes,
                 [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                     push.geometry = geometry;
                     commands.dispatch(kernel, invocations, push, {data, m_table, weights}, {m_results});
                 });
    std::vector<Clip> clips;
    for (const uint32_t chosen : readAll<uint32_t>(m_device, m_results, layout.segments)) {
        const PowerOfTwoClips& both = neighbours[clips.size()];
        clips.push_back({chosen == 0 ? both.below : both.above});
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
    const bool isE4m3 = format.scaleRule == ScaleRule::E4M3;
    const float tensorScale = isE4m3 ? nvfp4TensorScale(absmax) : 1.0f;
    const int tensorExponent = tensorScale > 0 ? std::ilogb(tensorScale) : 0;
    KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
    variant.constants.push_back({16, isE4m3});
    std::ranges::copy(errorConstants(format, metric), std::back_inserter(variant.constants));
    ensure(m_results, m_device, layout.segments * 4, MemoryKind::Device, "block scales");
    shaders::SegmentScaleSearchPush push{.data = data.address(),
                                         .weights = weights.address(),
                                         .scales = m_results.address(),
                                         .largest = static_cast<float>(format.largest()),
                                         .largestExponent = std::ilogb(format.largest()),
                                         .tensorScale = std::ldexp(tensorScale, -tensorExponent),
                                         .tensorExponent = tensorExponent,
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
        if (code == shaders::noScale) {
            clips.emplace_back();
            continue;
        }
        const double step = isE4m3 ? e4m3.decode(code) * double{tensorScale}
                                   : std::ldexp(1.0, std::bit_cast<int32_t>(code) - e8m0Bias);
        clips.push_back({static_cast<float>(step * format.largest())});
    }
    return clips;
}

}  // namespace quant
