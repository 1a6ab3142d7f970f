#include "quant/normalization.h"

#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/refusal.h"
#include "tests/result_buffer.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

namespace tests {

using namespace quant;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Statistics {
    double mean = 0, variance = 0;  // biased
};

Statistics statisticsOf(const std::vector<double>& values) {
    long double sum = 0, squares = 0;
    for (const double x : values) sum += x;
    const long double mean = sum / static_cast<long double>(values.size());
    for (const double x : values) squares += (x - mean) * (x - mean);
    return {static_cast<double>(mean),
            static_cast<double>(squares / static_cast<long double>(values.size()))};
}

double errorIn(double bound, double got, double wanted) {
    const double error = std::abs(got - wanted);
    return error == 0 ? 0 : error <= bound ? error / bound : infinity;
}

struct Affine {
    double gamma = 1, beta = 0;
};

// In units of the bound.
double errorOfElement(double x, double y, const Statistics& statistics, uint64_t count, const Affine& affine,
                      double epsilon) {
    const double deviation = (x - statistics.mean) / std::sqrt(statistics.variance + epsilon);
    const double wanted = deviation * affine.gamma + affine.beta;
    const double bound = normalizationErrorBound(count, std::abs(deviation)) * std::abs(affine.gamma) +
                         0x1p-23 * (std::abs(wanted) + std::abs(affine.beta));
    return errorIn(bound, y, wanted);
}

double gammaOf(uint32_t i) {
    return 0.25 * (i % 9) - 1;
}
double betaOf(uint32_t i) {
    return 0.5 * (i % 5) - 1;
}

// [n], of fp32.
Operand vectorOf(uint32_t count, const std::function<double(uint32_t)>& valueOf) {
    std::vector<double> values(count);
    for (uint32_t i = 0; i < count; ++i) values[i] = valueOf(i);
    return operandOf(GemmType::Fp32, 1, count, values);
}

// Normal deviates, moved and rounded to the type.
Operand movedOperand(GemmType type, uint32_t rows, uint32_t columns, uint64_t seed, double offset) {
    Operand operand = randomOperand(type, rows, columns, seed);
    if (offset == 0) return operand;
    std::vector<double> values = operand.values;
    for (double& x : values) x = static_cast<float>(x + offset);
    return operandOf(type, rows, columns, values);
}

double worstOfRows(const Operand& x, bool isAffine, GemmType type = GemmType::Fp32) {
    constexpr float epsilon = 1e-5f;
    const Operand gamma = vectorOf(x.columns, gammaOf), beta = vectorOf(x.columns, betaOf);
    const ResultBuffer y(x.values.size());
    LayerNormProblem problem{.type = type,
                             .rows = x.rows,
                             .columns = x.columns,
                             .x = x.buffer,
                             .y = y.range(),
                             .gamma = {},
                             .beta = {},
                             .epsilon = epsilon};
    if (isAffine) {
        problem.gamma = gamma.buffer;
        problem.beta = beta.buffer;
    }
    device().wait(layerNorm(device(), problem));
    const std::vector<float> got = y.values();
    double worst = 0;
    for (uint64_t row = 0; row < x.rows; ++row) {
        const auto first = x.values.begin() + static_cast<int64_t>(row * x.columns);
        const Statistics statistics = statisticsOf({first, first + x.columns});
        for (uint32_t column = 0; column < x.columns; ++column) {
            const Affine affine = isAffine ? Affine{gammaOf(column), betaOf(column)} : Affine{};
            worst = std::max(worst, errorOfElement(x.at(row, column), got[row * x.columns + column],
                                                   statistics, x.columns, affine, epsilon));
        }
    }
    return worst;
}

struct Batch {
    uint32_t images, channels, pixels;
};

// x [images * channels][pixels] and what training makes of it.
class BatchCase {
public:
    BatchCase(const Batch& batch, Operand x_, GemmType type)
        : x(std::move(x_)), m_batch(batch), m_type(type) {}

    void train() {
        const auto& [images, channels, pixels] = m_batch;
        const Operand gamma = vectorOf(channels, gammaOf), beta = vectorOf(channels, betaOf);
        const ResultBuffer yBuffer(x.values.size()), meansBuffer(channels), variancesBuffer(channels);
        const ResultBuffer runningMeansBuffer(std::vector<float>(channels, 2)),
            runningVariancesBuffer(std::vector<float>(channels, 3));
        static BatchNorm layer(device());
        device().wait(layer.train(
            {.type = m_type,
             .images = images,
             .channels = channels,
             .pixels = pixels,
             .x = x.buffer,
             .y = yBuffer.range(),
             .gamma = gamma.buffer,
             .beta = beta.buffer},
            meansBuffer.range(), variancesBuffer.range(),
            RunningStatistics{runningMeansBuffer.range(), runningVariancesBuffer.range(), momentum}));
        y = yBuffer.values();
        means = meansBuffer.values();
        variances = variancesBuffer.values();
        runningMeans = runningMeansBuffer.values();
        runningVariances = runningVariancesBuffer.values();
    }

    std::vector<double> channel(uint32_t channel) const {
        std::vector<double> values;
        for (uint32_t image = 0; image < m_batch.images; ++image)
            for (uint32_t pixel = 0; pixel < m_batch.pixels; ++pixel)
                values.push_back(x.at(uint64_t{image} * m_batch.channels + channel, pixel));
        return values;
    }

    // The largest error of everything in units of its bound.
    double worst() const {
        double worst = 0;
        const auto& [images, channels, pixels] = m_batch;
        const uint64_t count = uint64_t{images} * pixels;
        for (uint32_t c = 0; c < channels; ++c) {
            const std::vector<double> values = channel(c);
            const Statistics wanted = statisticsOf(values);
            const double relative = normalizationErrorBound(count, 0);
            const double ofMean = relative * std::sqrt(wanted.variance) + 0x1p-24 * std::abs(wanted.mean);
            const double unbiased =
                wanted.variance * static_cast<double>(count) / static_cast<double>(count - 1);
            worst = std::max({worst, errorIn(ofMean, means[c], wanted.mean),
                              errorIn(relative * wanted.variance, variances[c], wanted.variance),
                              errorIn(ofMean + 0x1p-22 * (2 + std::abs(wanted.mean)), runningMeans[c],
                                      (1 - double{momentum}) * 2 + momentum * wanted.mean),
                              errorIn(relative * unbiased + 0x1p-22 * (3 + unbiased), runningVariances[c],
                                      (1 - double{momentum}) * 3 + momentum * unbiased)});
            for (uint64_t i = 0; i < count; ++i) {
                const uint64_t at = (i / pixels * channels + c) * pixels + i % pixels;
                worst = std::max(
                    worst, errorOfElement(values[i], y[at], wanted, count, {gammaOf(c), betaOf(c)}, 1e-5f));
            }
        }
        return worst;
    }

    static constexpr float momentum = 0.25f;
    Operand x;
    std::vector<float> y, means, variances, runningMeans, runningVariances;

private:
    Batch m_batch;
    GemmType m_type;
};

double worstOfBatch(const Batch& batch, GemmType type, uint64_t seed, double offset) {
    BatchCase one(batch, movedOperand(type, batch.images * batch.channels, batch.pixels, seed, offset), type);
    one.train();
    return one.worst();
}

}  // namespace

TEST_CASE("Rows of awkward lengths are normalized within the bound", "[device][normalization][bounds]") {
    uint64_t seed = 1;
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16}) {
        for (const uint32_t columns :
             {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 31u, 33u, 63u, 64u, 65u, 131u, 1031u}) {
            for (const uint32_t rows : {1u, 5u}) {
                const bool isAffine = seed % 2 == 0;
                INFO(name(type) << " rows " << rows << " columns " << columns);
                CHECK(worstOfRows(randomOperand(type, rows, columns, ++seed), isAffine, type) <= 1);
            }
        }
    }
    CHECK(worstOfRows(randomOperand(GemmType::Fp32, 2, 100003, 99), true) <= 1);
    for (const auto& [rows, columns] : {std::pair{0u, 5u}, {5u, 0u}})
        CHECK(worstOfRows(randomOperand(GemmType::Fp32, rows, columns, 1), false) == 0);
}

TEST_CASE("A mean of ten thousand deviations costs a row no precision", "[device][normalization]") {
    CHECK(worstOfRows(movedOperand(GemmType::Fp32, 7, 1000, 3, 1e4), true) <= 1);
    CHECK(worstOfRows(movedOperand(GemmType::Fp32, 7, 1000, 4, -1e6), false) <= 1);
    // Nor does a first element that is far from all others.
    Operand odd = movedOperand(GemmType::Fp32, 1, 1000, 5, 1e4);
    std::vector<double> values = odd.values;
    values[0] = -3e4;
    CHECK(worstOfRows(operandOf(GemmType::Fp32, 1, 1000, values), false) <= 1);
}

TEST_CASE("Equal elements are normalized to zero", "[device][normalization]") {
    for (const double value : {0.0, 1.1f * 1.0, -7e8}) {
        const Operand x = operandOf(GemmType::Fp32, 2, 77, std::vector<double>(154, value));
        const ResultBuffer y(154);
        device().wait(layerNorm(
            device(), {.rows = 2, .columns = 77, .x = x.buffer, .y = y.range(), .gamma = {}, .beta = {}}));
        CHECK(y.values() == std::vector<float>(154, 0));
    }
}

TEST_CASE("NaN and infinity spoil their row or channel, and nothing else", "[device][normalization]") {
    for (const double odd : {std::numeric_limits<double>::quiet_NaN(), infinity}) {
        Operand x = randomOperand(GemmType::Fp32, 6, 70, 8);
        std::vector<double> values = x.values;
        values[2 * 70 + 69] = odd;
        x = operandOf(GemmType::Fp32, 6, 70, values);
        const ResultBuffer rows(values.size());
        device().wait(layerNorm(
            device(), {.rows = 6, .columns = 70, .x = x.buffer, .y = rows.range(), .gamma = {}, .beta = {}}));
        const std::vector<float> ofRows = rows.values();
        BatchCase channels({2, 3, 70}, std::move(x), GemmType::Fp32);
        channels.train();
        bool isRight = true;
        for (size_t i = 0; i < values.size(); ++i) {
            isRight = isRight && std::isfinite(ofRows[i]) == (i / 70 != 2);
            isRight = isRight && std::isfinite(channels.y[i]) == (i / 70 % 3 != 2);
        }
        CHECK(isRight);
        CHECK(!std::isfinite(channels.means[2]));
        CHECK(std::isnan(channels.variances[2]));
        CHECK(std::isfinite(channels.runningVariances[1]));
    }
}

TEST_CASE("Channels of awkward batches are normalized within the bound, and statistics kept",
          "[device][normalization][bounds]") {
    uint64_t seed = 20;
    for (const Batch& batch : {Batch{2, 1, 1},
                               {1, 3, 2},
                               {67, 5, 1},
                               {9, 4, 3},
                               {5, 3, 7},
                               {3, 2, 8},
                               {3, 2, 9},
                               {4, 3, 49},
                               {2, 2, 65},
                               {2, 3, 131},
                               {9000, 2, 1},
                               {41, 2, 401},
                               {2, 1, 20011}}) {
        for (const GemmType type : {GemmType::Fp32, GemmType::Fp16}) {
            INFO(name(type) << " images " << batch.images << " channels " << batch.channels << " pixels "
                            << batch.pixels);
            CHECK(worstOfBatch(batch, type, seed++, 0) <= 1);
        }
    }
}

TEST_CASE("A mean of ten thousand deviations costs a channel no precision", "[device][normalization]") {
    CHECK(worstOfBatch({5, 3, 49}, GemmType::Fp32, 30, 1e4) <= 1);
    CHECK(worstOfBatch({3, 2, 10007}, GemmType::Fp32, 31, -1e4) <= 1);
    CHECK(worstOfBatch({70, 3, 1}, GemmType::Fp32, 32, 1e6) <= 1);
}

TEST_CASE("Parts of a channel may differ as they like", "[device][normalization]") {
    for (const Batch& batch : {Batch{5, 2, 8200}, {3, 2, 3000}, {20000, 1, 1}}) {
        const Operand noise = randomOperand(GemmType::Fp32, batch.images * batch.channels, batch.pixels, 35);
        std::vector<double> values = noise.values;
        for (size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(values[i] + 100.0 * static_cast<double>(i / 9000 % 4));
        BatchCase one(batch, operandOf(GemmType::Fp32, noise.rows, noise.columns, values), GemmType::Fp32);
        one.train();
        INFO("images " << batch.images << " pixels " << batch.pixels);
        CHECK(one.worst() <= 1);
    }
}

TEST_CASE("Inference normalizes by the statistics that it is given", "[device][normalization]") {
    constexpr uint32_t images = 3, channels = 5, pixels = 37;
    const Operand x = randomOperand(GemmType::Fp32, images * channels, pixels, 40);
    const Operand means = vectorOf(channels, [](uint32_t i) { return 0.5 * i - 1; });
    const Operand variances = vectorOf(channels, [](uint32_t i) { return 0.25 * i; });
    const Operand gamma = vectorOf(channels, gammaOf), beta = vectorOf(channels, betaOf);
    for (const bool isAffine : {false, true}) {
        const ResultBuffer y(x.values.size());
        BatchNorm layer(device());
        BatchNormProblem problem{.images = images,
                                 .channels = channels,
                                 .pixels = pixels,
                                 .x = x.buffer,
                                 .y = y.range(),
                                 .gamma = {},
                                 .beta = {},
                                 .epsilon = 0.125f};
        if (isAffine) {
            problem.gamma = gamma.buffer;
            problem.beta = beta.buffer;
        }
        device().wait(layer.infer(problem, means.buffer, variances.buffer));
        const std::vector<float> got = y.values();
        double worst = 0;
        for (size_t i = 0; i < got.size(); ++i) {
            const auto c = static_cast<uint32_t>(i / pixels % channels);
            worst =
                std::max(worst, errorOfElement(x.values[i], got[i], {means.values[c], variances.values[c]}, 1,
                                               isAffine ? Affine{gammaOf(c), betaOf(c)} : Affine{}, 0.125));
        }
        CHECK(worst <= 1);
    }
}

TEST_CASE("What cannot be normalized is refused, saying why", "[device][normalization]") {
    const Operand x = randomOperand(GemmType::Fp32, 6, 4, 1);
    const ResultBuffer y(24), statistics(3);
    const LayerNormProblem rows{
        .rows = 6, .columns = 4, .x = x.buffer, .y = y.range(), .gamma = {}, .beta = {}};
    const auto refusesRows = [&](LayerNormProblem problem, const std::string& why) {
        checkRefused([&] { layerNorm(device(), problem); }, why);
    };
    LayerNormProblem badRows = rows;
    badRows.type = GemmType::Uint8;
    refusesRows(badRows, "uint8");
    badRows = rows;
    badRows.rows = 7;
    refusesRows(badRows, "x: larger");
    badRows = rows;
    badRows.y.offset += 2;
    refusesRows(badRows, "y: begins within a word");
    badRows = rows;
    badRows.gamma = engine::BufferRange(x.buffer, 0, 12);
    refusesRows(badRows, "gamma: larger");
    badRows = rows;
    badRows.epsilon = -1;
    refusesRows(badRows, "epsilon");
    badRows = rows;
    badRows.rows = 1u << 30;
    refusesRows(badRows, "2^31");

    BatchNorm layer(device());
    const BatchNormProblem batch{
        .images = 2, .channels = 3, .pixels = 4, .x = x.buffer, .y = y.range(), .gamma = {}, .beta = {}};
    const auto refusesBatch = [&](BatchNormProblem problem, const std::string& why) {
        const RunningStatistics running{statistics.range(), statistics.range()};
        checkRefused([&] { layer.train(problem, statistics.range(), statistics.range(), running); }, why);
    };
    BatchNormProblem bad = batch;
    bad.channels = 4;
    refusesBatch(bad, "x: larger");
    bad = batch;
    bad.images = 0;
    refusesBatch(bad, "without elements");
    bad = batch;
    bad.images = bad.pixels = 1;
    refusesBatch(bad, "unbiased variance");
    bad = batch;
    bad.beta = engine::BufferRange(x.buffer, 0, 8);
    refusesBatch(bad, "beta: larger");
    checkRefused([&] { layer.infer(batch, engine::BufferRange(x.buffer, 0, 8), statistics.range()); },
                 "means: larger");
}

}  // namespace tests
