#pragma once

#include "quant/error_pass.h"
#include "quant/importance.h"
#include "quant/method.h"
#include "quant/metric_context.h"
#include "quant/profile.h"
#include "quant/profile_pass.h"
#include "quant/quantize_pass.h"
#include "quant/segment_pass.h"
#include "quant/segment_search.h"
#include "quant/segments.h"
#include "quant/tensor_file.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

enum class Sign { Auto, Signed, Unsigned };

// What to compute for every tensor.
struct AnalysisOptions {
    std::vector<uint32_t> bits = {4};   // each 1 to 16: integers, narrow range where signed
    std::vector<NumberFormat> formats;  // instead of integers of `bits` bits, unless empty
    std::vector<Method> methods = {Method()};
    Granularity granularity;
    Sign sign = Sign::Auto;  // Auto: unsigned when no finite element is negative
    Metric metric;           // what methods octav and mse make least
};

// One clip (per tensor, channel, group or block) of one method on one number format, and what it costs.
struct MethodResult {
    Method method;
    NumberFormat format;
    Granularity granularity;         // block-scaled formats have their own
    std::vector<float> clip;         // one entry per segment; 0 for a segment without nonzero elements
    std::vector<float> low;          // affine formats: the lower ends of the ranges, else empty
    std::vector<float> scale;        // step: clip / clipLevel
    std::vector<int32_t> zeroPoint;  // 0 where the format is not affine
    double mse = 0;                  // mean of (Q(x) - x)² over all finite elements
    std::optional<double> sqnrDb;    // none when Σx² or the error is 0
    double clippedFraction = 0;      // of the finite elements, those beyond the clip
    // Steps of the octav recursion, 0 for other methods: tensor granularity, from the profile's density alone
    // (octavIterates), without reading the data again.
    uint32_t iterations = 0;
};

struct TensorAnalysis {
    TensorInfo info;
    Profile profile;
    double std = 0;                     // population standard deviation of the finite elements
    std::vector<MethodResult> results;  // methods in the order asked for, within each the formats in order
};

// The formats that options ask for, where the sign is known.
std::vector<NumberFormat> formatsOf(const AnalysisOptions& options, bool isSigned);

// What shares a clip: block-scaled formats decide that themselves, but for the axis of a group that is asked
// for.
Granularity granularityOf(const NumberFormat& format, const Granularity& asked);

// Throws std::invalid_argument for a method that means nothing on a format, such as percentiles of block
// scales.
void checkMethod(const Method& method, const NumberFormat& format);

// Computes clips and their errors on one device, tensor after tensor, keeping its buffers.
class Analyzer {
public:
    Analyzer(engine::Device& device, uint64_t memoryBudgetBytes, CountingPath path = CountingPath::Auto);

    // Analyzes tensor `index` of the file, which must be analyzable. Throws InputError: a channel axis that
    // the tensor lacks, or data that cannot be read.
    TensorAnalysis analyze(const TensorFile& file, size_t index, const AnalysisOptions& options);
    // The same where the stream has the tensor selected and its profile is known.
    TensorAnalysis analyze(const TensorFile& file, size_t index, const AnalysisOptions& options,
                           const Profile& profile);

    TensorStream& stream() { return m_stream; }
    ProfilePass& profilePass() { return m_profilePass; }
    ErrorPass& errorPass() { return m_errorPass; }
    QuantizePass& quantizePass() { return m_quantizePass; }

private:
    SegmentClips findWhole(const Profile& profile, std::span<const ClipRequest> requests,
                           const MetricContext* metric);
    SegmentClips find(const TensorFile& file, size_t index, const Profile& profile,
                      const Granularity& granularity, std::span<const ClipRequest> requests,
                      const MetricContext* metric);

    // The metric of a tensor: none for the squared error, which needs no more than the errors themselves.
    std::optional<MetricContext> metricOf(const Metric& metric, const TensorInfo& info);

    uint64_t m_memoryBudgetBytes;
    TensorStream m_stream;
    ProfilePass m_profilePass;
    ErrorPass m_errorPass;
    SegmentPass m_segmentPass;
    QuantizePass m_quantizePass;
    MetricPass m_metricPass;
    // Of the weights' file last used.
    std::string m_importancePath;
    std::optional<Importance> m_importance;
    std::unique_ptr<TensorFile> m_weights;
    std::optional<TensorStream> m_weightStream;
};

}  // namespace quant
