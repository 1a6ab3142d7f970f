#include "quant/segment_curves.h"

#include "engine/kernel.h"
#include "quant/curve_pass.h"
#include "quant/error_pass.h"
#include "shaders/mean_error.h"
#include "shaders/segment_curves.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <stdexcept>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

constexpr uint32_t nanBits = 0x7fc00000;
// Runs at least that long are measured one by one, shorter ones together.
constexpr uint64_t longRun = 1 << 14;
// Elements of a piece at most. Pieces begin at multiples of their size in the tensor, not in a chunk, so that
// sums do not depend on how it is cut into chunks of at least as many.
constexpr uint64_t largestPiece = 1 << 18;
// Sums of one dispatch.
constexpr uint64_t maxPartials = 1 << 20;

uint64_t partsOf(uint64_t elements) {
    return (elements + shaders::partElements - 1) / shaders::partElements;
}

}  // namespace

// What all dispatches of one measurement have in common.
struct SegmentCurves::Run {
    const engine::Kernel* sweep;
    const engine::Kernel* add;
    int32_t exponent;
    uint64_t evaluations;  // of one submission
};

// Elements of a chunk that are measured together, and the segments that they belong to.
struct SegmentCurves::Piece {
    uint64_t offset, elements;  // in the chunk
    uint64_t firstSegment, segments;
    uint64_t run, period, periods;
    int64_t skipped;  // as in SegmentSweepPush, from the chunk's first element on
};

SegmentCurves::SegmentCurves(engine::Device& device, const SegmentLayout& layout, const NumberFormat& format,
                             std::span<const float> clips)
    : m_device(device),
      m_segments(layout.segments),
      m_runElements(layout.segments == 1 ? layout.outer * layout.inner : layout.inner),
      m_format(format),
      m_clips(clips.begin(), clips.end()) {
    checkSingleClip(format);
    if (layout.rowElements != 0) throw std::invalid_argument("segment curves are of channels");
    if (layout.segments > maxCurveSegments) {
        throw std::invalid_argument("there are " + std::to_string(layout.segments) +
                                    " channels, and curves of at most " + std::to_string(maxCurveSegments));
    }
    if (clips.empty() || clips.size() > maxSegmentClips)
        throw std::invalid_argument("segment curves have 1 to " + std::to_string(maxSegmentClips) + " clips");
    if (!std::ranges::all_of(clips, [](float clip) { return clip >= 0 && std::isfinite(clip); }))
        throw std::invalid_argument("clips are finite and not negative");
    const uint64_t all = std::max<uint64_t>(m_segments, 1) * clips.size();
    m_means = Buffer(device, all * sizeof(float), MemoryKind::Device, "segment curves");
    m_totals = Buffer(device, all * sizeof(shaders::ErrorTotal), MemoryKind::Device, "segment totals");
    m_candidates = Buffer(device, clips.size() * sizeof(shaders::GridCandidate), MemoryKind::Upload,
                          "segment candidates");
    Commands commands(device);
    commands.fill(means(), nanBits);
    commands.submit();
}

engine::BufferRange SegmentCurves::means() const {
    return {m_means, 0, m_segments * m_clips.size() * sizeof(float)};
}

// The piece that begins at an element of the chunk.
SegmentCurves::Piece SegmentCurves::pieceAt(uint64_t offset, const Chunk& chunk) const {
    const uint64_t first = chunk.firstElement + offset, period = m_segments * m_runElements;
    const uint64_t inPeriod = first % period, inRun = first % m_runElements;
    // Of each of so many segments as much as a submission may hold.
    const uint64_t unit =
        std::bit_floor(std::max<uint64_t>(pacedEvaluations(m_device.info()) / m_clips.size(), 1));
    const bool isLong = m_runElements >= longRun;
    const uint64_t size = std::min(isLong ? unit : std::bit_floor(unit * m_segments), largestPiece);
    Piece piece{.offset = offset,
                .elements = std::min(size - first % size, chunk.elements - offset),
                .firstSegment = inPeriod / m_runElements,
                .segments = 1,
                .run = m_runElements,
                .period = period,
                .periods = 1};
    if (isLong) {
        piece.elements = std::min(piece.elements, m_runElements - inRun);
        // Of what is here alone: a run may be longer than 32 bits can say.
        piece.run = piece.period = piece.elements;
        piece.skipped = static_cast<int64_t>(piece.firstSegment * piece.run) - static_cast<int64_t>(offset);
        return piece;
    }
    if (period >= size) piece.elements = std::min(piece.elements, period - inPeriod);
    piece.skipped = static_cast<int64_t>(inPeriod) - static_cast<int64_t>(offset);
    if (inPeriod + piece.elements <= period) {
        piece.segments = (inRun + piece.elements + m_runElements - 1) / m_runElements;
    } else {
        piece.firstSegment = 0;
        piece.segments = m_segments;
        piece.periods = (inPeriod + piece.elements + period - 1) / period;
    }
    return piece;
}

void SegmentCurves::addPiece(Commands& commands, const Run& run, const Chunk& chunk, const Piece& piece) {
    const uint64_t clips = m_clips.size(), longest = piece.run * piece.periods, parts = partsOf(longest);
    const uint64_t step = std::clamp<uint64_t>(
        std::min(run.evaluations / (longest * clips), maxPartials / (parts * clips)), 1, piece.segments);
    const uint64_t groups = (clips + shaders::candidatesPerTeam - 1) / shaders::candidatesPerTeam;
    for (uint64_t done = 0; done < piece.segments; done += step) {
        const uint64_t some = std::min(step, piece.segments - done),
                       row = (piece.firstSegment + done) * clips;
        const shaders::SegmentSweepPush sweep{
            .data = chunk.data.address(),
            .candidates = m_candidates.address(),
            .partials = m_partials.address(),
            .candidateCount = static_cast<uint32_t>(clips),
            .firstElement = static_cast<uint32_t>(piece.offset),
            .elements = static_cast<uint32_t>(piece.offset + piece.elements),
            .exponent = run.exponent,
            .firstSegment = static_cast<uint32_t>(piece.firstSegment + done),
            .segments = static_cast<uint32_t>(some),
            .parts = static_cast<uint32_t>(parts),
            .run = static_cast<uint32_t>(piece.run),
            .period = static_cast<uint32_t>(piece.period),
            .periods = static_cast<uint32_t>(piece.periods),
            .skipped = static_cast<int32_t>(piece.skipped)};
        commands.dispatch(*run.sweep, parts * some * groups, sweep, {chunk.data, m_candidates}, {m_partials});
        const shaders::MeanErrorPush add{.partials = m_partials.address(),
                                         .totals = m_totals.address() + row * sizeof(shaders::ErrorTotal),
                                         .means = m_means.address() + row * sizeof(float),
                                         .candidates = static_cast<uint32_t>(some * clips),
                                         .blocks = static_cast<uint32_t>(parts),
                                         .exponent = run.exponent};
        commands.dispatch(*run.add, some * clips, add, {m_partials, m_totals}, {m_totals, m_means});
        commands.flush();
    }
    m_elementsSeen += piece.elements;
}

void SegmentCurves::run(TensorStream& stream, float absmax) {
    const PowerScale scale = powerScale(absmax);
    m_elementsSeen = 0;
    std::ranges::transform(m_clips, m_candidates.mappedAs<shaders::GridCandidate>().begin(),
                           [&](float clip) { return scaledGrid({m_format, clip}, scale.exponent); });
    m_candidates.flush();
    engine::KernelVariant variant{.constants = {{0, stream.elementType()}, {1, 64}, {10, scale.exact}}};
    std::ranges::copy(spacingConstants(m_format), std::back_inserter(variant.constants));
    const Run run{.sweep = &m_device.kernel("segment_sweep", variant),
                  .add = &m_device.kernel("add_errors", {.constants = {{1, 64}, {2, 1}}}),
                  .exponent = scale.exponent,
                  .evaluations = pacedEvaluations(m_device.info())};
    if (m_partials.sizeBytes() == 0) {
        m_partials = Buffer(m_device, maxPartials * 2 * sizeof(uint32_t), MemoryKind::Device, "segment sums");
    }
    {
        Commands commands(m_device);
        commands.fill(m_totals, 0);
        commands.fill(means(), nanBits);
        commands.submit();
    }
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        for (uint64_t offset = 0; offset < chunk.elements;) {
            const Piece piece = pieceAt(offset, chunk);
            addPiece(commands, run, chunk, piece);
            offset += piece.elements;
        }
    });
    // Till then the host must leave the candidates alone.
    Commands last(m_device);
    m_device.wait(last.submit());
}

}  // namespace quant
