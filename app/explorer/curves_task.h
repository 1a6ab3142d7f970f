#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "app/plot/figure.h"
#include "quant/analysis.h"
#include "quant/curve_pass.h"
#include "quant/profile_error.h"
#include "quant/profile_pass.h"
#include "quant/sweep.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace app {

// What the curves of a tensor are to show.
struct CurvesQuestion {
    TensorPlace place;
    std::vector<uint32_t> bits;                 // integers of these widths
    std::optional<quant::NumberFormat> format;  // and this one, where it has a single clip
    quant::Sign sign{};
    // Clips that are looked at closely; points lie denser there. None: those of the default axis.
    std::optional<std::pair<double, double>> closeUp;

    bool operator==(const CurvesQuestion&) const = default;
};

// The curves of one number format.
struct FormatCurve {
    quant::NumberFormat format;
    DeviceFloats clips, measured, modelled;
    quant::ErrorPoint octav;                // from the profile; error as modelled
    std::vector<quant::ErrorPoint> minima;  // of the measured curve; none before it is whole
    std::vector<quant::ErrorPoint> steps;   // of the Newton recursion on the modelled error
};

// What is known of a tensor so far. What is drawn lies in the device's buffers.
struct CurvesAnswer {
    std::optional<quant::Profile> profile;
    bool isWhole = false;  // the profile is of all elements, not of the first ones
    std::optional<quant::ProfileError> estimate;
    double energy = 0;       // Σx², estimated
    uint64_t mostInBin = 0;  // of the profile, both sides together
    uint64_t mostInLinearBin = 0;
    // Bins of |x|: rising edges, and counts of either side of zero. The linear bins are of both.
    DeviceFloats profileEdges, linearEdges;
    engine::BufferRange positiveCounts, negativeCounts, linearCounts;
    uint32_t linearBins = 0;  // 0 until they are counted
    std::vector<FormatCurve> curves;
    double seenFraction = 0;  // of the elements, by the measured curves
};

// Error versus clip and the histogram of a tensor, refined step by step.
class CurvesTask : public Task {
public:
    CurvesTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~CurvesTask() override { stop(); }

    // Starts anew where the question is another; the profile stays where only the close-up is.
    void want(const CurvesQuestion& question);
    void forget();

    // Where points lie dense, for a range that is in sight: the present close-up where it serves that as
    // well, so that not every step of a zoom begins anew.
    std::optional<std::pair<double, double>> closeUpFor(
        const std::optional<std::pair<double, double>>& inSight) const;

    const CurvesQuestion& question() const { return m_question; }
    // Of what has been asked last; empty of a tensor without finite nonzero elements, but for its profile.
    const CurvesAnswer& answer();

private:
    void compute();
    void computeCurves();
    void profileFirst();
    void take(const quant::Profile& profile, bool isWhole);
    void modelCurves();
    void countLinearly();
    void findMinima();
    engine::BufferRange uploaded(engine::Buffer& buffer, const std::vector<float>& values);

    quant::TensorStream m_stream;
    quant::ProfilePass m_profiles;
    CurvesQuestion m_question;
    CurvesAnswer m_answer;
    std::vector<float> m_clips;
    std::unique_ptr<quant::CurvePass> m_curves;
    engine::Buffer m_profileEdges, m_profileCounts, m_linearEdges, m_linearCounts;
};

}  // namespace app
