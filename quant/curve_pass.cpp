#include "quant/curve_pass.h"

#include "engine/kernel.h"
#include "quant/modelled_error.h"
#include "quant/profile_error.h"
#include "shaders/mean_error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

constexpr uint32_t nanBits = 0x7fc00000;
// Points that one dispatch measures.
constexpr uint32_t pointsPerDispatch = 512;

// The lowest `bits` bits in reverse: counted up, places that are spread evenly at any time. Source: J. G. van
// der Corput, Verteilungsfunktionen, 1935.
uint64_t reversed(uint64_t index, int bits) {
    uint64_t result = 0;
    for (int bit = 0; bit < bits; ++bit) result |= (index >> bit & 1) << (bits - 1 - bit);
    return result;
}

}  // namespace

void checkSingleClip(const NumberFormat& format) {
    if (format.isAffine || format.isBlockScaled() || format.fixedScale())
        throw std::invalid_argument("format " + format.name() + " has no single clip");
}

// One measurement.
struct CurvePass::Run {
    std::vector<const engine::Kernel*> sweeps;  // of each format
    const engine::Kernel* adding;
    uint64_t elements, finite;  // of the selection
    uint32_t elementBytes;
    uint64_t portionBlocks;  // of one dispatch

    double finiteOf(uint64_t seen) const {
        // Exact where all is seen.
        return static_cast<double>(finite) * (static_cast<double>(seen) / static_cast<double>(elements));
    }
};

CurvePass::CurvePass(engine::Device& device, std::vector<NumberFormat> formats, std::span<const float> clips)
    : m_device(device),
      m_formats(std::move(formats)),
      m_clipValues(clips.begin(), clips.end()),
      m_points(static_cast<uint32_t>(clips.size())),
      m_finiteSeen(m_formats.size()) {
    if (clips.empty() || clips.size() > maxCurvePoints)
        throw std::invalid_argument("a curve has 1 to " + std::to_string(maxCurvePoints) + " points");
    if (m_formats.empty()) throw std::invalid_argument("curves need a number format");
    for (const NumberFormat& format : m_formats) checkSingleClip(format);
    if (!std::ranges::all_of(clips, [](float clip) { return clip >= 0 && std::isfinite(clip); }))
        throw std::invalid_argument("clips are finite and not negative");
    const uint64_t all = m_formats.size() * m_points;
    m_clips = Buffer(device, clips.size_bytes(), MemoryKind::Upload, "curve clips");
    std::ranges::copy(clips, m_clips.mappedAs<float>().begin());
    m_clips.flush();
    m_measured = Buffer(device, all * sizeof(float), MemoryKind::Device, "measured curves");
    m_modelled = Buffer(device, all * sizeof(float), MemoryKind::Device, "modelled curves");
    m_candidates =
        Buffer(device, all * sizeof(shaders::GridCandidate), MemoryKind::Upload, "curve candidates");
    m_totals = Buffer(device, all * sizeof(shaders::ErrorTotal), MemoryKind::Device, "curve totals");
    Commands commands(device);
    commands.fill(rowOf(m_measured, 0, m_formats.size()), nanBits);
    commands.fill(rowOf(m_modelled, 0, m_formats.size()), nanBits);
    commands.submit();
}

engine::BufferRange CurvePass::rowOf(const Buffer& buffer, size_t format, size_t formats) const {
    const uint64_t rowBytes = m_points * sizeof(float);
    return {buffer, format * rowBytes, formats * rowBytes};
}

void CurvePass::model(const Profile& profile) {
    const ProfileError estimate(profile);
    const auto finite = static_cast<double>(profile.finite());
    const Buffer staging(m_device, m_formats.size() * m_points * sizeof(float), MemoryKind::Upload,
                         "modelled errors");
    const auto errors = staging.mappedAs<float>();
    for (size_t f = 0; f < m_formats.size(); ++f) {
        const NumberFormat& format = m_formats[f];
        for (uint32_t i = 0; i < m_points; ++i) {
            const float clip = m_clipValues[i];
            const double error = modelledError(estimate, format, double{clip});
            errors[f * m_points + i] =
                finite > 0 ? static_cast<float>(error / finite) : std::numeric_limits<float>::quiet_NaN();
        }
        m_device.pace();
    }
    staging.flush();
    // By a copy on the device: what draws the last curves may still be under way.
    Commands commands(m_device);
    const auto all = rowOf(m_modelled, 0, m_formats.size());
    commands.copy({staging, 0, all.sizeBytes}, all);
    commands.submit();
}

void CurvePass::uploadCandidates(int32_t exponent) {
    const auto table = m_candidates.mappedAs<shaders::GridCandidate>();
    for (size_t f = 0; f < m_formats.size(); ++f) {
        for (uint32_t i = 0; i < m_points; ++i)
            table[f * m_points + i] = scaledGrid({m_formats[f], m_clipValues[i]}, exponent);
    }
    m_candidates.flush();
}

// Measures all formats on consecutive whole blocks and adds what they come to: at most run.portionBlocks of
// them.
void CurvePass::addPortion(Commands& commands, const Run& run, const engine::BufferRange& data,
                           uint64_t elements) {
    const uint64_t blocks = blocksOf(elements), seen = m_elementsSeen + elements;
    const double finite = run.finiteOf(seen);
    for (size_t f = 0; f < m_formats.size(); ++f) {
        for (uint32_t first = 0; first < m_points; first += pointsPerDispatch) {
            const uint32_t points = std::min(pointsPerDispatch, m_points - first);
            const uint64_t row = f * m_points + first;
            const shaders::ErrorPush sweep{
                .data = data.address(),
                .candidates = m_candidates.address() + row * sizeof(shaders::GridCandidate),
                .partials = m_partials.address(),
                .elements = static_cast<uint32_t>(elements),
                .candidateCount = points,
                .exponent = m_exponent};
            const uint64_t teams = (points + shaders::candidatesPerTeam - 1) / shaders::candidatesPerTeam;
            commands.dispatch(*run.sweeps[f], blocks * teams * shaders::teamSize, sweep, {data, m_candidates},
                              {m_partials});
            const shaders::MeanErrorPush add{.partials = m_partials.address(),
                                             .totals = m_totals.address() + row * sizeof(shaders::ErrorTotal),
                                             .means = m_measured.address() + row * sizeof(float),
                                             .candidates = points,
                                             .blocks = static_cast<uint32_t>(blocks),
                                             .elements = static_cast<float>(finite),
                                             .exponent = m_exponent};
            commands.dispatch(*run.adding, points, add, {m_partials, m_totals}, {m_totals, m_measured});
            commands.flush();
        }
        m_finiteSeen[f] = finite;
    }
    m_elementsSeen = seen;
}

// Consecutive elements from a multiple of 8192 on.
void CurvePass::addElements(Commands& commands, const Run& run, const engine::BufferRange& data,
                            uint64_t first, uint64_t elements) {
    const uint64_t portion = run.portionBlocks * shaders::blockElements;
    for (uint64_t done = 0; done < elements; done += portion) {
        const uint64_t some = std::min(portion, elements - done);
        addPortion(commands, run,
                   {*data.buffer, data.offset + (first + done) * run.elementBytes, some * run.elementBytes},
                   some);
    }
}

void CurvePass::runResident(TensorStream& stream, const Run& run) {
    const auto data = stream.resident();
    const uint64_t portion = run.portionBlocks * shaders::blockElements;
    const uint64_t portions = (run.elements + portion - 1) / portion;
    const int bits = std::bit_width(portions - 1);
    Commands commands(m_device);
    for (uint64_t i = 0; i >> bits == 0; ++i) {
        const uint64_t first = reversed(i, bits) * portion;
        if (first < run.elements)
            addElements(commands, run, data, first, std::min(portion, run.elements - first));
    }
    m_device.wait(commands.submit());
}

void CurvePass::run(TensorStream& stream, const Profile& profile) {
    const PowerScale scale = powerScale(profile.absmax());
    m_exponent = scale.exponent;
    m_elementsSeen = 0;
    std::ranges::fill(m_finiteSeen, 0.0);
    uploadCandidates(scale.exponent);
    const uint64_t points = std::min(m_points, pointsPerDispatch);
    Run run{.adding = &m_device.kernel("add_errors", {.constants = {{1, 64}}}),
            .elements = stream.elements(),
            .finite = profile.finite(),
            .elementBytes = stream.elementType() == shaders::elementF32 ? 4u : 2u,
            .portionBlocks =
                std::max<uint64_t>(pacedEvaluations(m_device.info()) / points / shaders::blockElements, 1)};
    for (const NumberFormat& format : m_formats) {
        engine::KernelVariant variant{
            .constants = {{0, stream.elementType()}, {1, 64}, {10, scale.exact}, {12, 0}, {18, 0}}};
        std::ranges::copy(spacingConstants(format), std::back_inserter(variant.constants));
        run.sweeps.push_back(&m_device.kernel("error_sweep", variant));
    }
    const uint64_t partialBytes = run.portionBlocks * points * 2 * sizeof(uint32_t);
    if (m_partials.sizeBytes() < partialBytes)
        m_partials = Buffer(m_device, partialBytes, MemoryKind::Device, "curve sums");
    {
        Commands commands(m_device);
        commands.fill(m_totals, 0);
        commands.fill(rowOf(m_measured, 0, m_formats.size()), nanBits);
        commands.submit();
    }
    if (stream.elements() == 0) return;
    if (stream.staysResident()) return runResident(stream, run);
    stream.forEachChunk([&](Commands& commands, const Chunk& chunk) {
        addElements(commands, run, chunk.data, 0, chunk.elements);
    });
    // Till then the host must leave the candidates alone.
    Commands last(m_device);
    m_device.wait(last.submit());
}

std::vector<double> CurvePass::readMeasured(size_t format) const {
    std::vector<shaders::ErrorTotal> totals(m_points);
    const uint64_t rowBytes = m_points * sizeof(shaders::ErrorTotal);
    engine::readBack(m_device, {m_totals, format * rowBytes, rowBytes},
                     std::as_writable_bytes(std::span(totals)));
    std::vector<double> means;
    for (const shaders::ErrorTotal& total : totals) {
        const double sum = std::ldexp(double{total.high} + double{total.low}, -2 * m_exponent);
        means.push_back(m_finiteSeen[format] > 0 ? sum / m_finiteSeen[format]
                                                 : std::numeric_limits<double>::quiet_NaN());
    }
    return means;
}

}  // namespace quant
