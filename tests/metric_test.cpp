#include "quant/metric.h"

#include "quant/analysis.h"
#include "quant/input_error.h"
#include "quant/safetensors_writer.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace tests {

using namespace quant;

namespace {

using quant::tests::TempFolder;
constexpr uint64_t ampleBytes = uint64_t{256} << 20;

// A file with one tensor of weights.
std::string writtenWeights(const TempFolder& folder, const std::string& name,
                           const std::vector<uint64_t>& shape, const std::vector<float>& weights) {
    const std::string path = (folder.path() / (name + ".safetensors")).string();
    SafetensorsWriter writer(path, {*makeTensorInfo(name, DType::F32, shape)});
    writer.write(std::as_bytes(std::span(weights)));
    writer.commit();
    return path;
}

// What a metric makes least, in double.
using Objective = std::function<double(std::span<const float>, std::span<const float>, const ClippedGrid&)>;

double weightedError(std::span<const float> values, std::span<const float> weights, const ClippedGrid& grid) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        const double error = grid.quantize(values[i]) - values[i];
        sum += weights[i] * error * error;
    }
    return sum;
}

// The root of γ·s·Σ_{0<|x|<=s} w - Σ_{|x|>s} w·(|x| - s), by bisection.
double weightedRoot(std::span<const float> values, std::span<const float> weights,
                    const NumberFormat& format) {
    const double gamma = 1 / static_cast<double>(format.inverseNoiseFactor());
    double low = 0, high = reference::absmax(values);
    for (int step = 0; step < 60; ++step) {
        const double clip = (low + high) / 2;
        double slope = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            const double magnitude = std::abs(values[i]);
            slope += magnitude > clip ? weights[i] * (clip - magnitude)
                     : magnitude > 0  ? weights[i] * gamma * clip
                                      : 0;
        }
        (slope < 0 ? low : high) = clip;
    }
    return high;
}

double cosineDistance(std::span<const float> values, std::span<const float>, const ClippedGrid& grid) {
    double product = 0, energy = 0, quantized = 0;
    for (const float x : values) {
        const double q = grid.quantize(x);
        product += x * q;
        energy += double{x} * x;
        quantized += q * q;
    }
    return quantized > 0 ? 1 - product / std::sqrt(energy * quantized) : 1;
}

double leastOfSweep(std::span<const float> values, std::span<const float> weights, const NumberFormat& format,
                    const Objective& objective) {
    double least = HUGE_VAL;
    const float largest = reference::absmax(values);
    for (int point = 0; point <= 1200; ++point) {
        const auto clip = static_cast<float>(largest * std::exp2(-point / 100.0));
        least = std::min(least, objective(values, weights, {format, clip}));
    }
    return least;
}

// Importance that pulls the clip: large elements count little, or the other way round.
std::vector<float> importanceOf(std::span<const float> values, bool isOfLarge) {
    std::vector<float> weights;
    for (const float x : values) {
        const float size = 0.01f + std::abs(x);
        weights.push_back(isOfLarge ? size * size * size : 1 / (size * size));
    }
    return weights;
}

MethodResult analyzed(const TensorFile& file, const char* method, const NumberFormat& format,
                      const Metric& metric, const char* granularity = "tensor",
                      uint64_t budgetBytes = ampleBytes) {
    Analyzer analyzer(device(), budgetBytes);
    return analyzer
        .analyze(file, 0,
                 {.formats = {format},
                  .methods = {methodFrom(method)},
                  .granularity = granularityFrom(granularity),
                  .metric = metric})
        .results.front();
}

}  // namespace

TEST_CASE("Names of metrics parse to what they name", "[metric]") {
    for (const char* name : {"mse", "cosine", "weighted:hessian.npz", "weighted:a:b"})
        CHECK(metricFrom(name).name() == name);
    for (const char* text : {"", "MSE", "weighted", "weighted:", "cos"})
        CHECK_THROWS_AS(metricFrom(text), std::invalid_argument);
}

TEST_CASE("The clip of a weighted metric has the least weighted error, or is the root of the modelled one",
          "[device][metric]") {
    const TempFolder folder;
    const auto values = gaussians(20011, 61);
    const MemoryTensor tensor(values);
    for (const bool isOfLarge : {false, true}) {
        const auto weights = importanceOf(values, isOfLarge);
        const Metric metric{MetricKind::Weighted, writtenWeights(folder, "w", {values.size()}, weights)};
        for (const uint32_t bits : {2u, 4u, 6u}) {
            const NumberFormat format = integerFormat(bits, true);
            INFO(bits << " bits, " << (isOfLarge ? "large" : "small") << " elements count");
            const float mse = analyzed(tensor, "mse", format, metric).clip[0];
            CHECK(weightedError(values, weights, {format, mse}) <=
                  1.002 * leastOfSweep(values, weights, format, weightedError));
            const float octav = analyzed(tensor, "octav", format, metric).clip[0];
            CHECK(std::abs(octav / weightedRoot(values, weights, format) - 1) < 1e-3);
            const float plain = analyzed(tensor, "octav", format, {}).clip[0];
            CHECK((isOfLarge ? octav > plain : octav < plain));
        }
    }
}

TEST_CASE("Equal weights give octav's own clip", "[device][metric]") {
    const TempFolder folder;
    const auto values = gaussians(30011, 62);
    const Metric metric{MetricKind::Weighted, writtenWeights(folder, "w", {1}, {3.0f})};
    for (const uint32_t bits : {3u, 8u}) {
        const float exact = analyzed(MemoryTensor(values), "octav", integerFormat(bits, true), {}).clip[0];
        const float found =
            analyzed(MemoryTensor(values), "octav", integerFormat(bits, true), metric).clip[0];
        CHECK(std::abs(found / exact - 1) < 1e-3);
    }
}

TEST_CASE("The clip of the cosine metric has the largest cosine similarity", "[device][metric]") {
    const auto values = gaussians(20011, 63);
    for (const char* name : {"int2", "int4", "fp4-e2m1", "fp8-e4m3"}) {
        const NumberFormat format = numberFormatFrom(name);
        const float clip = analyzed(MemoryTensor(values), "mse", format, {MetricKind::Cosine, {}}).clip[0];
        INFO(name << ", clip " << clip);
        CHECK(cosineDistance(values, {}, {format, clip}) <=
              1.002 * leastOfSweep(values, {}, format, cosineDistance));
    }
}

TEST_CASE("Channels and groups have weights of their own", "[device][metric]") {
    const TempFolder folder;
    const std::vector<uint64_t> shape = {6, 500};
    const auto values = gaussians(3000, 64);
    const MemoryTensor tensor(values, DType::F32, shape);
    // By input channel: the first hundred matter.
    std::vector<float> columns(500, 1e-3f);
    std::fill_n(columns.begin(), 100, 1.0f);
    std::vector<float> weights;
    for (size_t row = 0; row < 6; ++row) weights.insert(weights.end(), columns.begin(), columns.end());
    const Metric metric{MetricKind::Weighted, writtenWeights(folder, "c", {500}, columns)};
    const NumberFormat format = integerFormat(3, true);
    for (const char* granularity : {"channel", "group:250", "group:3:0", "block:2x100"}) {
        const auto clips = analyzed(tensor, "mse", format, metric, granularity).clip;
        const auto modelled = analyzed(tensor, "octav", format, metric, granularity).clip;
        const auto segments = reference::segments(values, shape, granularityFrom(granularity));
        const auto segmentWeights = reference::segments(weights, shape, granularityFrom(granularity));
        for (size_t s = 0; s < segments.size(); ++s) {
            INFO(granularity << ", segment " << s);
            CHECK(weightedError(segments[s], segmentWeights[s], {format, clips[s]}) <=
                  1.01 * leastOfSweep(segments[s], segmentWeights[s], format, weightedError));
            CHECK(std::abs(modelled[s] / weightedRoot(segments[s], segmentWeights[s], format) - 1) < 5e-3);
        }
    }
}

TEST_CASE("A long channel follows its weights as well", "[device][metric]") {
    const TempFolder folder;
    const auto values = gaussians(140000, 65);
    const auto weights = importanceOf(values, true);
    const Metric metric{MetricKind::Weighted, writtenWeights(folder, "w", {2, 70000}, weights)};
    const MemoryTensor tensor(values, DType::F32, {2, 70000});
    const NumberFormat format = integerFormat(4, true);
    const auto clips = analyzed(tensor, "mse", format, metric, "channel").clip;
    for (size_t row = 0; row < 2; ++row) {
        const auto part = std::span(values).subspan(row * 70000, 70000);
        const auto partWeights = std::span<const float>(weights).subspan(row * 70000, 70000);
        CHECK(weightedError(part, partWeights, {format, clips[row]}) <=
              1.002 * leastOfSweep(part, partWeights, format, weightedError));
    }
}

TEST_CASE("Weights that do not fit the device's memory are streamed, to the same bits", "[device][metric]") {
    const TempFolder folder;
    const std::vector<uint64_t> shape = {600, 500};
    const auto values = gaussians(300000, 67);
    const auto own = importanceOf(values, true);
    const std::vector<float> columns(own.begin(), own.begin() + 500), rows(own.begin(), own.begin() + 600);
    constexpr uint64_t scantBytes = uint64_t{1} << 20;
    struct Case {
        const char* name;
        std::vector<uint64_t> shape;
        const std::vector<float>& weights;
    };
    for (const Case& one : {Case{"own", shape, own}, {"columns", {500}, columns}, {"rows", {600, 1}, rows}}) {
        const Metric metric{MetricKind::Weighted, writtenWeights(folder, one.name, one.shape, one.weights)};
        // In 16 bits the elements fit where their weights do not.
        for (const DType dtype : {DType::F32, DType::F16}) {
            const MemoryTensor tensor(values, dtype, shape);
            for (const char* method : {"octav", "mse"}) {
                INFO(one.name << ", " << name(dtype) << ", " << method);
                const NumberFormat format = integerFormat(4, true);
                CHECK(analyzed(tensor, method, format, metric, "tensor", scantBytes).clip ==
                      analyzed(tensor, method, format, metric).clip);
            }
        }
    }
}

namespace {

ClippedGrid gridOf(const MethodResult& result, size_t segment = 0) {
    return {result.format, result.clip[segment], result.low.empty() ? 0.0f : result.low[segment]};
}

// Ranges whose ends are thirds of octaves apart.
double leastOfRanges(std::span<const float> values, std::span<const float> weights,
                     const NumberFormat& format, const Objective& objective) {
    const auto [least, most] = std::ranges::minmax(values);
    double found = HUGE_VAL;
    for (int i = 0; i < 24; ++i) {
        for (int j = 0; j < 24; ++j) {
            const ClippedGrid grid{format, static_cast<float>(most * std::exp2(-i / 3.0)),
                                   static_cast<float>(least * std::exp2(-j / 3.0))};
            found = std::min(found, objective(values, weights, grid));
        }
    }
    return found;
}

}  // namespace

// 1 where elements are small, on one side or on both.
TEST_CASE("Affine ranges follow the weights", "[device][metric]") {
    const TempFolder folder;
    const auto values = gaussians(70001, 67);
    for (const float lowest : {-0.1f, -2.0f}) {
        std::vector<float> weights, weighty;
        for (const float x : values) {
            weights.push_back(x > lowest && x < 0.1f ? 1.0f : 0.0f);
            if (weights.back() > 0) weighty.push_back(x);
        }
        const std::vector<float> ones(weighty.size(), 1.0f);
        const Metric metric{MetricKind::Weighted, writtenWeights(folder, "w", {values.size()}, weights)};
        const NumberFormat format = numberFormatFrom("int8-affine");
        const double least = leastOfRanges(weighty, ones, format, weightedError);
        for (const char* granularity : {"tensor", "group:60000"}) {
            const auto result = analyzed(MemoryTensor(values), "mse", format, metric, granularity);
            INFO(granularity << ", weights from " << lowest << ": " << result.low[0] << " to "
                             << result.clip[0]);
            CHECK(weightedError(weighty, ones, gridOf(result)) <= 1.03 * least);
        }
    }
}

TEST_CASE("Affine ranges follow the cosine", "[device][metric][bounds]") {
    auto values = gaussians(8000, 68);
    values[100] = -9;
    const NumberFormat format = numberFormatFrom("int3-affine");
    const double least = leastOfRanges(values, {}, format, cosineDistance);
    for (const char* granularity : {"tensor", "group:8000"}) {
        const auto result =
            analyzed(MemoryTensor(values), "mse", format, {MetricKind::Cosine, {}}, granularity);
        INFO(granularity << ": " << result.low[0] << " to " << result.clip[0]);
        CHECK(cosineDistance(values, {}, gridOf(result)) <= 1.01 * least);
    }
}

TEST_CASE("Of two power-of-two scales the one of less weighted error is taken", "[device][metric][bounds]") {
    const TempFolder folder;
    const std::vector<uint64_t> shape = {12, 800};
    const auto values = gaussians(12 * 800, 69);
    const NumberFormat format = numberFormatFrom("int4-pow2"), freely = numberFormatFrom("int4");
    for (const bool isOfLarge : {false, true}) {
        const auto weights = importanceOf(values, isOfLarge);
        const Metric metric{MetricKind::Weighted, writtenWeights(folder, "w", shape, weights)};
        const MemoryTensor tensor(values, DType::F32, shape);
        for (const char* granularity : {"tensor", "channel"}) {
            const auto segments = reference::segments(values, shape, granularityFrom(granularity));
            const auto weightsOf = reference::segments(weights, shape, granularityFrom(granularity));
            for (const char* method : {"octav", "mse", "percentile:99", "entropy"}) {
                const auto clips = analyzed(tensor, method, format, metric, granularity).clip;
                const auto unrounded = analyzed(tensor, method, freely, metric, granularity).clip;
                for (size_t s = 0; s < segments.size(); ++s) {
                    const float below = 7 * std::exp2(std::floor(std::log2(unrounded[s] / 7)));
                    const auto error = [&](float clip) {
                        return weightedError(segments[s], weightsOf[s], {format, clip});
                    };
                    INFO(method << ", " << granularity << " " << s << ": " << unrounded[s] << " to "
                                << clips[s]);
                    CHECK(error(clips[s]) <= 1.0001 * std::min(error(below), error(2 * below)));
                }
            }
        }
    }
}

namespace {

class CountingTensor final : public MemoryTensor {
public:
    using MemoryTensor::MemoryTensor;
    uint64_t bytesRead() const { return m_bytesRead; }

protected:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override {
        m_bytesRead += bytes.size();
        MemoryTensor::readRange(index, offset, bytes);
    }

private:
    mutable uint64_t m_bytesRead = 0;
};

}  // namespace

TEST_CASE("Weights are brought to the device once for a selection", "[device][metric]") {
    const auto values = gaussians(20011, 68);
    const MemoryTensor tensor(values);
    const CountingTensor weights(importanceOf(values, true));
    TensorStream stream(device(), ampleBytes), weightStream(device(), ampleBytes);
    MetricPass pass(device());
    const MetricContext context(pass, MetricKind::Weighted, &weightStream, &weights);
    const TriedGrid grid{{integerFormat(4, true), 2}, false};
    stream.select(tensor, 0);
    for (int i = 0; i < 3; ++i) context.measure(stream, 6, {&grid, 1});
    context.task(stream, false);
    CHECK(weights.bytesRead() == 20011 * 4);
    stream.select(tensor, 0, {.first = 5, .run = 1000});
    const double part = context.measure(stream, 6, {&grid, 1}).front();
    CHECK(weights.bytesRead() == 21011 * 4);
    const auto some = std::span(values).subspan(5, 1000);
    const auto expected = weightedError(some, importanceOf(some, true), grid.grid);
    CHECK(std::abs(part / expected - 1) < 1e-4);
}

TEST_CASE("By cosine the clip of a binary grid is the mean magnitude", "[device][metric]") {
    const auto values = gaussians(3000, 70);
    const MemoryTensor tensor(values, DType::F32, {6, 500});
    for (const char* granularity : {"tensor", "channel"}) {
        const auto segments = reference::segments(values, {6, 500}, granularityFrom(granularity));
        for (const char* method : {"octav", "mse"}) {
            const auto clips =
                analyzed(tensor, method, numberFormatFrom("binary"), {MetricKind::Cosine, {}}, granularity)
                    .clip;
            for (size_t s = 0; s < segments.size(); ++s) {
                double sum = 0;
                for (const float x : segments[s]) sum += std::abs(x);
                const double mean = sum / static_cast<double>(segments[s].size());
                INFO(granularity << " " << s << " by " << method << ": " << clips[s] << ", mean " << mean);
                CHECK(std::abs(clips[s] / mean - 1) <= 1e-5);
            }
        }
    }
}

TEST_CASE("Weights that do not fit are named", "[device][metric]") {
    const TempFolder folder;
    const MemoryTensor tensor(gaussians(60, 66), DType::F32, {6, 10});
    const auto complaintOf = [&](const std::string& path) {
        try {
            analyzed(tensor, "octav", integerFormat(4, true), {MetricKind::Weighted, path});
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(complaintOf(writtenWeights(folder, "a", {6}, std::vector<float>(6, 1))).contains("do not fit"));
    CHECK(complaintOf(writtenWeights(folder, "b", {1, 6, 10}, std::vector<float>(60, 1)))
              .contains("do not fit"));
    CHECK(complaintOf(writtenWeights(folder, "d", {10}, std::vector<float>(10, -1))).contains("negative"));
    CHECK(
        complaintOf(writtenWeights(folder, "e", {10}, std::vector<float>(10, NAN))).contains("not a number"));
    CHECK(complaintOf((folder.path() / "none").string()).contains("none"));
    CHECK(complaintOf(writtenWeights(folder, "f", {6, 1}, std::vector<float>(6, 1))).empty());
}

}  // namespace tests
