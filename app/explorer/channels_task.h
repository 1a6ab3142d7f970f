#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "app/plot/figure.h"
#include "quant/analysis.h"
#include "quant/segment_curves.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace app {

// Whose channels, and on which format.
struct ChannelsQuestion {
    TensorPlace place;
    uint32_t axis = 0;
    quant::NumberFormat format;

    bool operator==(const ChannelsQuestion&) const = default;
};

// What is known of the channels so far.
struct ChannelsAnswer {
    // Octav with a clip for each channel, and with one for the tensor; none until they are found. Exact.
    std::optional<quant::MethodResult> perChannel, whole;
    // Mean squared error [channel][clip], in the device's buffer from first to last NaN where nothing was
    // measured. None until the clips are chosen, which depends on perChannel.
    uint32_t channels = 0;
    std::vector<float> clips;           // ascending, evenly spread logarithms
    DeviceFloats clipsOnDevice, edges;  // edges: between clips in the geometric middle, one more than clips
    engine::BufferRange errors;
    double lowError = 0, highError = 1;  // what colours are to tell apart; above 0
    double seenFraction = 0;             // of the elements, by the errors

    // The curve of one channel.
    DeviceFloats errorsOf(uint64_t channel) const;
};

// Why the channels of a tensor along an axis cannot be shown on a format; empty where they can.
std::string channelsProblem(const quant::TensorInfo& info, uint32_t axis, const quant::NumberFormat& format);

// The error of every channel at every clip of a shared list, and the clip that each would have for itself.
class ChannelsTask : public Task {
public:
    ChannelsTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~ChannelsTask() override { stop(); }

    // A question without channelsProblem, and the tensor's whole profile, whose absmax is above 0. Starts
    // anew where the question is another.
    void want(const ChannelsQuestion& question, const quant::Profile& profile);
    void forget();

    const std::optional<ChannelsQuestion>& question() const { return m_question; }
    const ChannelsAnswer& answer();
    // One of the errors. Waits for the device where it may have changed since the last time.
    float errorAt(uint64_t channel, uint32_t clip);

private:
    void compute();
    quant::MethodResult analyzed(const quant::Granularity& granularity);
    void chooseClips();
    void chooseColours();
    DeviceFloats uploaded(engine::Buffer& buffer, const std::vector<float>& values);

    quant::Analyzer m_analyzer;
    std::optional<ChannelsQuestion> m_question;
    std::optional<quant::Profile> m_profile;
    ChannelsAnswer m_answer;
    std::unique_ptr<quant::SegmentCurves> m_curves;
    engine::Buffer m_clips, m_edges;
    struct Reading {
        uint64_t cell, elementsSeen;
        bool operator==(const Reading&) const = default;
    };
    std::optional<Reading> m_reading;
    float m_read = 0;
};

}  // namespace app
