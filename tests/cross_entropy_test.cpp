#include "quant/cross_entropy.h"

#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/refusal.h"
#include "tests/result_buffer.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace tests {

using namespace quant;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

engine::Buffer labelBuffer(const std::vector<int32_t>& labels) {
    engine::Buffer buffer(device(), std::max<uint64_t>(labels.size() * 4, 4), engine::MemoryKind::Upload,
                          "labels");
    std::ranges::copy(labels, buffer.mappedAs<int32_t>().begin());
    buffer.flush();
    return buffer;
}

struct Answer {
    std::vector<float> losses, probabilities;
    float mean = 0;
};

Answer crossEntropyOf(GemmType type, const Operand& logits, const std::vector<int32_t>& labels,
                      int32_t ignored = -100) {
    static CrossEntropy layer(device());
    const engine::Buffer labelsOnDevice = labelBuffer(labels);
    const ResultBuffer losses(labels.size()), mean(1), probabilities(logits.values.size());
    const CrossEntropyProblem problem{.type = type,
                                      .rows = logits.rows,
                                      .classes = logits.columns,
                                      .logits = logits.buffer,
                                      .labels = labelsOnDevice,
                                      .losses = losses.range(),
                                      .mean = mean.range(),
                                      .probabilities = probabilities.range(),
                                      .ignoredLabel = ignored};
    device().wait(layer.run(problem));
    const Answer all{losses.values(), probabilities.values(), mean.values()[0]};
    // Nor does it matter whether probabilities are wanted.
    const ResultBuffer lossesAlone(labels.size());
    CrossEntropyProblem alone = problem;
    alone.losses = lossesAlone.range();
    alone.mean = std::nullopt;
    alone.probabilities = std::nullopt;
    device().wait(layer.run(alone));
    const std::vector<float> again = lossesAlone.values();
    CHECK(std::equal(again.begin(), again.end(), all.losses.begin(),
                     [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }));
    return all;
}

double lossOf(const Operand& logits, uint64_t row, int32_t label, std::vector<double>& probabilities) {
    double top = -infinity, sum = 0;
    for (uint32_t i = 0; i < logits.columns; ++i) top = std::max(top, logits.at(row, i));
    for (uint32_t i = 0; i < logits.columns; ++i) sum += std::exp(logits.at(row, i) - top);
    probabilities.clear();
    for (uint32_t i = 0; i < logits.columns; ++i)
        probabilities.push_back(std::exp(logits.at(row, i) - top) / sum);
    return std::log(sum) + (top - logits.at(row, static_cast<uint64_t>(label)));
}

std::vector<int32_t> someLabels(uint32_t rows, uint32_t classes) {
    std::vector<int32_t> labels(rows);
    for (uint32_t row = 0; row < rows; ++row)
        labels[row] = row % 5 == 3 ? -100 : static_cast<int32_t>(row * 7 % classes);
    return labels;
}

// Of finite logits and labels that are classes or ignored.
void check(GemmType type, const Operand& logits, const std::vector<int32_t>& labels) {
    const Answer got = crossEntropyOf(type, logits, labels);
    const double bound = crossEntropyErrorBound(logits.columns);
    double sum = 0;
    uint32_t counted = 0;
    bool isRight = true;
    std::vector<double> probabilities;
    for (uint32_t row = 0; row < logits.rows; ++row) {
        const bool isIgnored = labels[row] == -100;
        const double loss = lossOf(logits, row, isIgnored ? 0 : labels[row], probabilities);
        isRight = isRight &&
                  (isIgnored ? got.losses[row] == 0 : std::abs(got.losses[row] - loss) <= bound * (1 + loss));
        for (uint32_t i = 0; i < logits.columns; ++i) {
            const double error = got.probabilities[uint64_t{row} * logits.columns + i] - probabilities[i];
            isRight = isRight && std::abs(error) <= bound * probabilities[i] + 0x1p-24;
        }
        if (!isIgnored) sum += loss;
        counted += !isIgnored;
    }
    INFO(name(type) << " rows " << logits.rows << " classes " << logits.columns);
    CHECK(isRight);
    if (counted == 0)
        CHECK(std::isnan(got.mean));
    else
        CHECK(std::abs(got.mean - sum / counted) <=
              crossEntropyErrorBound(uint64_t{logits.rows} + logits.columns) * (1 + sum / counted));
}

}  // namespace

TEST_CASE("Losses, probabilities and their mean of awkward sizes are within the bound",
          "[device][cross_entropy][bounds]") {
    uint64_t seed = 1;
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16}) {
        for (const uint32_t classes : {1u, 2u, 3u, 7u, 8u, 9u, 10u, 63u, 64u, 65u, 1000u}) {
            for (const uint32_t rows : {0u, 1u, 4u, 67u})
                check(type, randomOperand(type, rows, classes, seed++), someLabels(rows, classes));
        }
    }
    check(GemmType::Fp32, randomOperand(GemmType::Fp32, 2, 50021, 98), {50020, 0});
}

TEST_CASE("The mean of more rows than a workgroup adds is right", "[device][cross_entropy][bounds]") {
    check(GemmType::Fp32, randomOperand(GemmType::Fp32, 4096, 3, 90), someLabels(4096, 3));
    // Losses that rise from row to row: no part has the mean of all.
    const Operand rising = randomOperand(GemmType::Fp32, 9001, 3, 91);
    std::vector<double> values = rising.values;
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(values[i] * static_cast<double>(i) * 1e-4);
    check(GemmType::Fp32, operandOf(GemmType::Fp32, 9001, 3, values), someLabels(9001, 3));
}

TEST_CASE("Logits far from zero and far apart do not overflow", "[device][cross_entropy]") {
    std::vector<double> values;
    for (const double offset : {1e30, -1e30, 3e5, -3e5})
        for (const double scale : {0.0, 1.0, 1000.0})
            for (int i = 0; i < 9; ++i) values.push_back(static_cast<float>(offset + scale * i));
    check(GemmType::Fp32, operandOf(GemmType::Fp32, 12, 9, values), std::vector<int32_t>(12, 2));
    // The loss of a row that is sure, to the last place: ln(1 + e^-x) is about e^-x.
    const Operand sure = operandOf(GemmType::Fp32, 1, 2, {0, -16});
    const Answer got = crossEntropyOf(GemmType::Fp32, sure, {0});
    CHECK(std::abs(got.losses[0] - std::log1p(std::exp(-16.0))) <= crossEntropyErrorBound(2));
    CHECK(got.losses[0] >= 0);
}

TEST_CASE("Labels that are no class, NaN and infinities spoil their row alone", "[device][cross_entropy]") {
    std::vector<double> values(8 * 4, 0.5);
    values[0 * 4 + 1] = nan;
    values[1 * 4 + 2] = infinity;
    values[2 * 4 + 2] = -infinity;
    values[3 * 4 + 2] = -infinity;
    for (int i = 0; i < 4; ++i) values[4 * 4 + i] = -infinity;
    const Operand logits = operandOf(GemmType::Fp32, 8, 4, values);
    const Answer got = crossEntropyOf(GemmType::Fp32, logits, {0, 0, 0, 2, 0, 4, -1, 3});
    CHECK(std::isnan(got.losses[0]));
    CHECK(std::isnan(got.losses[1]));
    CHECK(std::abs(got.losses[2] - std::log(3.0)) <= 2.1 * crossEntropyErrorBound(4));
    CHECK(got.losses[3] == infinity);
    CHECK(std::isnan(got.losses[4]));
    CHECK(std::isnan(got.losses[5]));
    CHECK(std::isnan(got.losses[6]));
    CHECK(std::abs(got.losses[7] - std::log(4.0)) <= 2.4 * crossEntropyErrorBound(4));
    CHECK(std::isnan(got.mean));
    CHECK(got.probabilities[2 * 4 + 2] == 0);
    CHECK(std::isnan(got.probabilities[0]));
    CHECK(got.probabilities[7 * 4] == 0.25f);
}

TEST_CASE("The ignored label may be any, even a class", "[device][cross_entropy]") {
    const Operand logits = operandOf(GemmType::Fp32, 3, 2, {0, 0, 0, 0, nan, 0});
    const Answer got = crossEntropyOf(GemmType::Fp32, logits, {0, 1, 1}, 1);
    CHECK(got.losses[1] == 0);
    CHECK(got.losses[2] == 0);
    CHECK(got.mean == got.losses[0]);
    const Answer none = crossEntropyOf(GemmType::Fp32, logits, {-100, -100, -100});
    CHECK(std::isnan(none.mean));
    CHECK(none.losses == std::vector<float>(3, 0));
}

TEST_CASE("What has no cross entropy is refused, saying why", "[device][cross_entropy]") {
    const Operand logits = randomOperand(GemmType::Fp32, 4, 5, 1);
    const engine::Buffer labels = labelBuffer({0, 1, 2, 3});
    const ResultBuffer losses(4);
    CrossEntropy layer(device());
    const CrossEntropyProblem good{.rows = 4,
                                   .classes = 5,
                                   .logits = logits.buffer,
                                   .labels = labels,
                                   .losses = losses.range(),
                                   .mean = {},
                                   .probabilities = {}};
    const auto refuses = [&](const CrossEntropyProblem& problem, const std::string& why) {
        checkRefused([&] { layer.run(problem); }, why);
    };
    CrossEntropyProblem problem = good;
    problem.type = GemmType::Int8;
    refuses(problem, "int8");
    problem = good;
    problem.classes = 0;
    refuses(problem, "without classes");
    problem = good;
    problem.classes = 6;
    refuses(problem, "logits: larger");
    problem = good;
    problem.labels = engine::BufferRange(labels, 0, 12);
    refuses(problem, "labels: larger");
    problem = good;
    problem.losses.offset += 1;
    refuses(problem, "losses: begins within a word");
    problem = good;
    problem.probabilities = losses.range();
    refuses(problem, "probabilities: larger");
    problem = good;
    problem.rows = 1u << 30;
    refuses(problem, "logits: 2^31");
}

}  // namespace tests
