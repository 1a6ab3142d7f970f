#include "app/explorer/curves_task.h"

#include "quant/buffer_copy.h"
#include "quant/float_bits.h"
#include "quant/linear_histogram.h"
#include "quant/modelled_error.h"
#include "quant/octav.h"
#include "quant/profile_clips.h"
#include "shaders/profile.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace app {

namespace {

using quant::Profile;
using quant::Sides;

// So many are profiled before the rest, for a first picture at once.
constexpr uint64_t firstElements = uint64_t{1} << 20;

// Points over all clips that may matter, and over those in sight.
constexpr uint32_t widePoints = 128, closePoints = 512;
constexpr double octavesBelow = 12, octavesAbove = 1;

void addSpaced(std::vector<float>& clips, double low, double high, uint32_t points) {
    for (uint32_t i = 0; i < points; ++i) {
        const double clip = low * std::pow(high / low, static_cast<double>(i) / (points - 1));
        clips.push_back(static_cast<float>(std::clamp(clip, 0x1p-126, 0x1.fffffep127)));
    }
}

std::vector<float> spacedClips(float absmax, const std::pair<double, double>& closeUp) {
    std::vector<float> clips;
    addSpaced(clips, double{absmax} * std::exp2(-octavesBelow), double{absmax} * std::exp2(octavesAbove),
              widePoints);
    addSpaced(clips, closeUp.first, closeUp.second, closePoints);
    std::ranges::sort(clips);
    const auto repeated = std::ranges::unique(clips);
    clips.erase(repeated.begin(), repeated.end());
    return clips;
}

std::vector<float> edgesOfProfile() {
    std::vector<float> edges;
    for (uint32_t bin = 0; bin < Profile::finiteBins; ++bin)
        edges.push_back(quant::fromBits(bin << shaders::level1RestBits));
    edges.push_back(0x1.fffffep127f);
    return edges;
}

uint64_t mostInBin(const Profile& profile) {
    uint64_t most = 0;
    for (uint32_t bin = 0; bin < Profile::finiteBins; ++bin)
        most = std::max(most, profile.count(bin, Sides::Both));
    return most;
}

Sides sidesOf(const quant::NumberFormat& format) {
    return format.isSigned ? Sides::Both : Sides::Positive;
}

}  // namespace

CurvesTask::CurvesTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device), m_stream(device, memoryBytes), m_profiles(device, path) {}

void CurvesTask::want(const CurvesQuestion& question) {
    if (question == m_question) return;
    stop();
    CurvesQuestion otherwise = question;
    otherwise.closeUp = m_question.closeUp;
    if (otherwise == m_question && m_answer.isWhole) {
        m_question = question;
        return start([this] { computeCurves(); });
    }
    m_answer = {};
    m_curves.reset();
    m_question = question;
    start([this] { compute(); });
}

void CurvesTask::forget() {
    stop();
    m_answer = {};
    m_curves.reset();
    m_question = {};
}

std::optional<std::pair<double, double>> CurvesTask::closeUpFor(
    const std::optional<std::pair<double, double>>& inSight) const {
    if (!inSight || !(inSight->first > 0)) return std::nullopt;
    const auto octaves = [](const std::pair<double, double>& range) {
        return std::log2(range.second / range.first);
    };
    const auto& present = m_question.closeUp;
    if (present && present->first <= inSight->first && inSight->second <= present->second &&
        octaves(*present) <= 3 * octaves(*inSight))
        return present;
    const double margin = std::exp2(octaves(*inSight) / 4);
    return std::pair(std::max(inSight->first / margin, 0x1p-126),
                     std::min(inSight->second * margin, 0x1.fffffep127));
}

const CurvesAnswer& CurvesTask::answer() {
    if (m_curves && m_answer.profile && m_answer.profile->elements() > 0)
        m_answer.seenFraction =
            static_cast<double>(m_curves->elementsSeen()) / static_cast<double>(m_answer.profile->elements());
    return m_answer;
}

void CurvesTask::compute() {
    const TensorPlace& place = m_question.place;
    if (place.info().elements > firstElements) profileFirst();
    m_stream.select(*place.file, place.tensor);
    take(m_profiles.profile(m_stream), true);
    computeCurves();
}

void CurvesTask::computeCurves() {
    if (m_answer.profile->absmax() == 0) return;
    modelCurves();
    SlicedJob::pause();
    if (m_answer.linearBins == 0) countLinearly();
    if (!m_curves) return;
    m_curves->run(m_stream, *m_answer.profile);
    findMinima();
}

// The histogram of the first elements shows where the axes lie while the rest is read.
void CurvesTask::profileFirst() {
    m_stream.select(*m_question.place.file, m_question.place.tensor, quant::Selection{.run = firstElements});
    take(m_profiles.profile(m_stream), false);
    if (m_answer.profile->absmax() > 0) modelCurves();
    SlicedJob::pause();
}

void CurvesTask::take(const Profile& profile, bool isWhole) {
    // Copying may pause, and a frame draws from the answer then: nothing of it is changed before.
    engine::Buffer counts = quant::copied(m_device, m_profiles.counts(), "histogram");
    m_profileCounts = std::move(counts);
    m_answer.profile = profile;
    m_answer.isWhole = isWhole;
    m_answer.estimate.emplace(profile);
    m_answer.energy = m_answer.estimate->energy();
    m_answer.mostInBin = mostInBin(profile);
    constexpr uint64_t sideBytes = uint64_t{8} * Profile::binsPerSide;
    m_answer.positiveCounts = {m_profileCounts, 0, sideBytes};
    m_answer.negativeCounts = {m_profileCounts, sideBytes, sideBytes};
    if (m_profileEdges.sizeBytes() == 0) uploaded(m_profileEdges, edgesOfProfile());
    m_answer.profileEdges = {m_profileEdges, Profile::finiteBins + 1};
}

void CurvesTask::modelCurves() {
    const Profile& profile = *m_answer.profile;
    const bool isSigned =
        m_question.sign == quant::Sign::Auto ? profile.hasNegative() : m_question.sign == quant::Sign::Signed;
    std::vector<quant::NumberFormat> formats;
    if (m_question.format) formats.push_back(*m_question.format);
    for (const uint32_t bits : m_question.bits) formats.push_back(quant::integerFormat(bits, isSigned));
    std::erase_if(formats, [](const quant::NumberFormat& format) {
        return format.isAffine || format.isBlockScaled() || format.fixedScale();
    });
    if (formats.empty()) {
        m_answer.curves.clear();
        m_curves.reset();
        return;
    }
    m_clips =
        spacedClips(profile.absmax(),
                    m_question.closeUp.value_or(std::pair(profile.absmax() / 64.0, profile.absmax() * 2.0)));
    // The old curves are drawn until the new ones are there: making them may pause.
    auto made = std::make_unique<quant::CurvePass>(m_device, formats, m_clips);
    made->model(profile);
    const auto points = static_cast<uint32_t>(m_clips.size());
    quant::ProfileClips clips(profile);
    std::vector<FormatCurve> curves;
    const auto errorAt = [&](const quant::NumberFormat& format, double clip) {
        return quant::ErrorPoint{clip, quant::modelledError(*m_answer.estimate, format, clip) /
                                           static_cast<double>(profile.finite())};
    };
    for (size_t i = 0; i < formats.size(); ++i) {
        FormatCurve curve{.format = formats[i],
                          .clips = {made->clips(), points},
                          .measured = {made->measured(i), points},
                          .modelled = {made->modelled(i), points}};
        curve.octav = errorAt(formats[i], clips.find({quant::Method(), formats[i]}).clip.high);
        if (formats[i].hasNoiseFactor()) {
            for (const double step :
                 quant::octavIterates(profile, sidesOf(formats[i]), formats[i].inverseNoiseFactor()))
                curve.steps.push_back(errorAt(formats[i], step));
        }
        curves.push_back(std::move(curve));
    }
    m_answer.curves = std::move(curves);
    m_curves = std::move(made);
}

void CurvesTask::countLinearly() {
    const float absmax = m_answer.profile->absmax();
    auto& histograms = m_profiles.linearHistograms();
    const auto counts = histograms.count(m_stream, Sides::Both, absmax);
    std::vector<float> edges;
    for (uint32_t bin = 0; bin <= quant::linearBins; ++bin)
        edges.push_back(static_cast<float>(double{absmax} * bin / quant::linearBins));
    m_answer.linearEdges = {uploaded(m_linearEdges, edges), quant::linearBins + 1};
    m_linearCounts = quant::copied(m_device, histograms.counts(), "linear histogram");
    m_answer.linearCounts = m_linearCounts;
    m_answer.mostInLinearBin = std::ranges::max(counts);
    m_answer.linearBins = quant::linearBins;
}

void CurvesTask::findMinima() {
    const std::vector<double> clips(m_clips.begin(), m_clips.end());
    for (size_t i = 0; i < m_answer.curves.size(); ++i) {
        auto& minima = m_answer.curves[i].minima;
        minima = quant::prominentMinima(clips, m_curves->readMeasured(i));
        // A curve that still falls where it ends has no minimum there.
        std::erase_if(minima, [&](const quant::ErrorPoint& point) {
            return point.clip == clips.front() || point.clip == clips.back();
        });
    }
}

// Into a buffer of its own: what an earlier frame draws from may still be in use.
engine::BufferRange CurvesTask::uploaded(engine::Buffer& buffer, const std::vector<float>& values) {
    buffer = engine::Buffer(m_device, values.size() * sizeof(float), engine::MemoryKind::Upload, "edges");
    std::memcpy(buffer.mapped().data(), values.data(), values.size() * sizeof(float));
    buffer.flush();
    return {buffer, 0, values.size() * sizeof(float)};
}

}  // namespace app
