#include "app/explorer/channels_task.h"

#include "engine/commands.h"
#include "quant/curve_pass.h"
#include "quant/profile_error.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>

namespace app {

namespace {

constexpr uint32_t clipCount = 192;
// The clips reach from well below the least optimum to beyond the largest magnitude, but over so many octaves
// at most: a channel of almost nothing is not worth the width of all others.
constexpr double octavesBelow = 2, octavesAbove = 0.4, mostOctaves = 14;

std::vector<float> logarithmic(double low, double high, uint32_t count) {
    std::vector<float> values;
    for (uint32_t i = 0; i < count; ++i)
        values.push_back(static_cast<float>(low * std::exp2(std::log2(high / low) * i / (count - 1))));
    return values;
}

std::vector<float> positive(const std::vector<float>& values) {
    std::vector<float> some;
    std::ranges::copy_if(values, std::back_inserter(some), [](float value) { return value > 0; });
    return some;
}

}  // namespace

DeviceFloats ChannelsAnswer::errorsOf(uint64_t channel) const {
    const auto count = static_cast<uint32_t>(clips.size());
    const uint64_t bytes = count * sizeof(float);
    return {{*errors.buffer, errors.offset + channel * bytes, bytes}, count};
}

std::string channelsProblem(const quant::TensorInfo& info, uint32_t axis, const quant::NumberFormat& format) {
    if (info.shape.empty()) return "A scalar has no channels.";
    if (info.elements == 0) return "The tensor has no elements.";
    if (info.shape.size() == 1)
        return "A tensor of one axis would have a channel for each element: there is nothing to compare.";
    if (axis >= info.shape.size()) return "The tensor has no axis " + std::to_string(axis) + ".";
    if (info.shape[axis] > quant::maxCurveSegments) {
        return "Axis " + std::to_string(axis) + " has " + std::to_string(info.shape[axis]) +
               " channels; the map shows at most " + std::to_string(quant::maxCurveSegments) +
               ". Another axis may have fewer.";
    }
    try {
        quant::checkSingleClip(format);
    } catch (const std::invalid_argument&) {
        return "The format " + format.name() + " has no single clip to compare channels at.";
    }
    return "";
}

ChannelsTask::ChannelsTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device), m_analyzer(device, memoryBytes, path) {}

void ChannelsTask::want(const ChannelsQuestion& question, const quant::Profile& profile) {
    if (m_question == question) return;
    forget();
    m_question = question;
    m_profile = profile;
    start([this] { compute(); });
}

void ChannelsTask::forget() {
    stop();
    m_question.reset();
    m_answer = {};
    m_curves.reset();
    m_reading.reset();
}

const ChannelsAnswer& ChannelsTask::answer() {
    if (m_curves)
        m_answer.seenFraction =
            static_cast<double>(m_curves->elementsSeen()) / static_cast<double>(m_profile->elements());
    return m_answer;
}

quant::MethodResult ChannelsTask::analyzed(const quant::Granularity& granularity) {
    quant::AnalysisOptions options;
    options.formats = {m_question->format};
    options.granularity = granularity;
    const TensorPlace& place = m_question->place;
    m_analyzer.stream().select(*place.file, place.tensor);
    return m_analyzer.analyze(*place.file, place.tensor, options, *m_profile).results.front();
}

void ChannelsTask::compute() {
    const TensorPlace& place = m_question->place;
    const quant::Granularity channels{quant::Granularity::Kind::Channel, m_question->axis};
    m_answer.perChannel = analyzed(channels);
    chooseClips();
    chooseColours();
    const quant::SegmentLayout layout = quant::layoutOf(place.info(), channels, place.file->path());
    m_curves = std::make_unique<quant::SegmentCurves>(m_device, layout, m_question->format, m_answer.clips);
    m_answer.errors = m_curves->means();
    m_answer.channels = m_curves->segments();
    SlicedJob::pause();
    m_analyzer.stream().select(*place.file, place.tensor);
    m_curves->run(m_analyzer.stream(), m_profile->absmax());
    m_answer.whole = analyzed({});
}

void ChannelsTask::chooseClips() {
    const double absmax = m_profile->absmax();
    const std::vector<float> optima = positive(m_answer.perChannel->clip);
    const double least = optima.empty() ? absmax / 16 : double{std::ranges::min(optima)};
    const double most = std::max(absmax, optima.empty() ? 0.0 : double{std::ranges::max(optima)});
    const double high = std::min(most * std::exp2(octavesAbove), 0x1p127);
    const double low = std::max({least * std::exp2(-octavesBelow), high * std::exp2(-mostOctaves), 0x1p-126});
    m_answer.clips = logarithmic(std::min(low, high / 2), high, clipCount);
    std::vector<float> edges;
    const double half = std::exp2(std::log2(high / m_answer.clips.front()) / (clipCount - 1) / 2);
    for (const float clip : m_answer.clips) edges.push_back(static_cast<float>(clip / half));
    edges.push_back(static_cast<float>(m_answer.clips.back() * half));
    m_answer.clipsOnDevice = uploaded(m_clips, m_answer.clips);
    m_answer.edges = uploaded(m_edges, edges);
}

// From the least error of most channels to that of an element which is lost altogether. At its optimum a
// channel's error is about in proportion to the square of its clip; the few smallest of channels of almost
// nothing take the same colour.
void ChannelsTask::chooseColours() {
    std::vector<float> optima = positive(m_answer.perChannel->clip);
    double squares = 0;
    for (const float clip : optima) squares += double{clip} * double{clip};
    std::ranges::sort(optima);
    const double typical = optima.empty() ? 0 : double{optima[optima.size() / 50]};
    const double mse = m_answer.perChannel->mse;
    const double perSquare = squares > 0 ? mse * static_cast<double>(optima.size()) / squares : 0;
    const double high = double{m_answer.clips.back()} * double{m_answer.clips.back()};
    m_answer.lowError = std::max(perSquare * typical * typical / 2, 0x1p-120);
    const double energy = quant::ProfileError(*m_profile).energy() / static_cast<double>(m_profile->finite());
    m_answer.highError = std::max({perSquare * high * 2, energy * 2, m_answer.lowError * 4});
}

// Into a buffer of its own: what an earlier frame draws from may still be in use.
DeviceFloats ChannelsTask::uploaded(engine::Buffer& buffer, const std::vector<float>& values) {
    const uint64_t bytes = values.size() * sizeof(float);
    buffer = engine::Buffer(m_device, bytes, engine::MemoryKind::Upload, "clips of channels");
    std::memcpy(buffer.mapped().data(), values.data(), bytes);
    buffer.flush();
    return {{buffer, 0, bytes}, static_cast<uint32_t>(values.size())};
}

float ChannelsTask::errorAt(uint64_t channel, uint32_t clip) {
    const Reading reading{channel * m_answer.clips.size() + clip, m_curves->elementsSeen()};
    if (m_reading == reading) return m_read;
    const engine::Buffer staging(m_device, 16, engine::MemoryKind::Readback, "error under the pointer");
    engine::Commands commands(m_device);
    const engine::BufferRange all = m_answer.errors;
    commands.copy({*all.buffer, all.offset + reading.cell * sizeof(float), sizeof(float)},
                  {staging, 0, sizeof(float)});
    m_device.wait(commands.submit());
    staging.invalidate();
    m_read = staging.mappedAs<float>()[0];
    m_reading = reading;
    return m_read;
}

}  // namespace app
