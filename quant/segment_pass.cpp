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
                          {3, layout.outer > 1},
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

// Twelve octaves below 1, then `rounds` finer sets of ratios around 1.
struct SearchTable {
    static constexpr uint32_t coarsePoints = 192, finePoints = 17, fineRounds = 2;
    std::vector<float> ratios;

    SearchTable() {
        for (uint32_t i = 0; i < coarsePoints; ++i)
            ratios.push_back(static_cast<float>(std::exp2(-12.0 * i / (coarsePoints - 1))));
        double octaves = 12.0 / (coarsePoints - 1);
        for (uint32_t round = 0; round < fineRounds; ++round) {
            for (uint32_t i = 0; i < finePoints; ++i) {
                ratios.push_back(static_cast<float>(std::exp2(octaves * (2.0 * i / (finePoints - 1) - 1))));
            }
            octaves *= 2.0 / (finePoints - 1);
        }
    }
};

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

std::vector<float> SegmentPass::percentiles(TensorStream& stream, const SegmentLayout& layout, bool isSigned,
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
                                    .sides = isSigned ? 3u : 1u};
    forEachSlice(m_device, layout, mapping, selectPasses,
                 [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                     push.geometry = geometry;
                     commands.dispatch(kernel, invocations, push, {data, m_table}, {m_results});
                 });
    return readAll<float>(m_device, m_results, layout.segments);
}

std::vector<std::vector<float>> SegmentPass::leastError(TensorStream& stream, const SegmentLayout& layout,
                                                        float absmax, std::span<const UniformGrid> grids) {
    const auto data = stream.resident();
    const Mapping mapping = mappingFor(m_device.info(), layout);
    const PowerScale scale = powerScale(absmax);
    const SearchTable table;
    ensure(m_table, m_device, table.ratios.size() * 4, MemoryKind::Upload, "clip ratios");
    std::ranges::copy(table.ratios, m_table.mappedAs<float>().begin());
    m_table.flush();
    KernelVariant variant = variantFor(stream.elementType(), mapping, layout);
    variant.constants.push_back({10, scale.exact});
    const auto& kernel = m_device.kernel("segment_error_search", variant);
    std::vector<std::vector<float>> clips;
    for (size_t first = 0; first < grids.size(); first += shaders::maxSegmentGrids) {
        const auto some =
            grids.subspan(first, std::min<size_t>(grids.size() - first, shaders::maxSegmentGrids));
        ensure(m_results, m_device, layout.segments * some.size() * 4, MemoryKind::Device, "segment clips");
        shaders::SegmentErrorSearchPush push{.data = data.address(),
                                             .ratios = m_table.address(),
                                             .clips = m_results.address(),
                                             .gridCount = static_cast<uint32_t>(some.size()),
                                             .coarsePoints = SearchTable::coarsePoints,
                                             .finePoints = SearchTable::finePoints,
                                             .fineRounds = SearchTable::fineRounds,
                                             .exponent = scale.exponent,
                                             .sides = some.front().isSigned ? 3u : 1u};
        for (size_t g = 0; g < some.size(); ++g) push.qmax[g] = static_cast<float>(some[g].qmax());
        forEachSlice(m_device, layout, mapping, table.ratios.size() * some.size(),
                     [&](Commands& commands, const shaders::SegmentGeometry& geometry, uint64_t invocations) {
                         push.geometry = geometry;
                         commands.dispatch(kernel, invocations, push, {data, m_table}, {m_results});
                     });
        const auto found = readAll<float>(m_device, m_results, layout.segments * some.size());
        for (size_t g = 0; g < some.size(); ++g) {
            auto& column = clips.emplace_back();
            for (uint64_t segment = 0; segment < layout.segments; ++segment)
                column.push_back(std::ldexp(found[segment * some.size() + g], -scale.exponent));
        }
    }
    return clips;
}

}  // namespace quant
