#include "quant/attention.h"

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

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Attention& attention() {
    static Attention layer(device());
    return layer;
}

struct Shape {
    uint32_t heads, group, queries, keys, depth, valueDepth;
};

struct Options {
    GemmType type = GemmType::Fp32;
    bool isCausal = false;
    std::vector<float> mask;  // [queries][keys], or none
    std::optional<float> scale;
};

// Operands with their values, and what comes from the device.
class Case {
public:
    Case(const Shape& shape, const Options& options, uint64_t seed)
        : m_shape(shape),
          m_options(options),
          q(randomOperand(options.type, shape.heads * shape.queries, shape.depth, seed)),
          k(randomOperand(options.type, shape.heads / shape.group * shape.keys, shape.depth, seed + 1)),
          v(randomOperand(options.type, shape.heads / shape.group * shape.keys, shape.valueDepth, seed + 2)) {
    }

    // In place of random values.
    void replace(Operand Case::* operand, std::vector<double> values) {
        Operand& one = this->*operand;
        one = operandOf(m_options.type, one.rows, one.columns, std::move(values));
    }

    void run() {
        const uint64_t rows = uint64_t{m_shape.heads} * m_shape.queries;
        const ResultBuffer resultBuffer(rows * m_shape.valueDepth), logSumBuffer(rows);
        const ResultBuffer mask(m_options.mask);
        AttentionProblem problem{.type = m_options.type,
                                 .heads = m_shape.heads,
                                 .group = m_shape.group,
                                 .queries = m_shape.queries,
                                 .keys = m_shape.keys,
                                 .depth = m_shape.depth,
                                 .valueDepth = m_shape.valueDepth,
                                 .q = q.buffer,
                                 .k = k.buffer,
                                 .v = v.buffer,
                                 .result = resultBuffer.range(),
                                 .scale = m_options.scale,
                                 .isCausal = m_options.isCausal,
                                 .mask = {},
                                 .logSums = logSumBuffer.range()};
        if (!m_options.mask.empty()) problem.mask = mask.range();
        device().wait(attention().run(problem));
        result = resultBuffer.values();
        logSums = logSumBuffer.values();
    }

    // The largest error of a row's elements and of its log of sums in units of their bounds; infinity where
    // something is NaN that must not be.
    double worstOfRow(uint32_t head, uint32_t query) const;
    double worst() const {
        double worst = 0;
        for (uint32_t head = 0; head < m_shape.heads; ++head)
            for (uint32_t query = 0; query < m_shape.queries; ++query)
                worst = std::max(worst, worstOfRow(head, query));
        return worst;
    }

    std::vector<float> rowOf(uint32_t head, uint32_t query) const {
        const auto first = result.begin() + int64_t{head * m_shape.queries + query} * m_shape.valueDepth;
        return {first, first + m_shape.valueDepth};
    }

private:
    const Shape m_shape;
    const Options m_options;

public:
    Operand q, k, v;
    std::vector<float> result, logSums;
};

double errorIn(double bound, double got, double wanted) {
    if (got == wanted) return 0;
    const double error = std::abs(got - wanted);
    return error <= bound ? error / bound : std::numeric_limits<double>::infinity();
}

// By the definition, all scores of the row side by side.
double Case::worstOfRow(uint32_t head, uint32_t query) const {
    const auto& [heads, group, queries, keys, depth, valueDepth] = m_shape;
    const double scale = m_options.scale.value_or(1 / std::sqrt(static_cast<float>(depth)));
    const uint64_t row = uint64_t{head} * queries + query, firstKey = uint64_t{head / group} * keys;
    std::vector<double> weights(keys, 0);
    double top = -infinity, largestScore = 0, total = 0;
    for (uint32_t key = 0; key < keys; ++key) {
        double score = 0, magnitude = 0;
        for (uint32_t c = 0; c < depth; ++c) {
            const double product = scale * q.at(row, c) * k.at(firstKey + key, c);
            score += product;
            magnitude += std::abs(product);
        }
        const double bias = m_options.mask.empty() ? 0 : m_options.mask[uint64_t{query} * keys + key];
        weights[key] = score + bias;
        if (m_options.isCausal && key + uint64_t{queries} > query + uint64_t{keys}) weights[key] = -infinity;
        if (bias == -infinity) weights[key] = -infinity;
        if (weights[key] == -infinity) continue;
        top = std::max(top, weights[key]);
        largestScore = std::max(largestScore, magnitude + std::abs(bias));
    }
    for (double& weight : weights) total += weight = weight == -infinity ? 0 : std::exp(weight - top);
    const double bound = attentionErrorBound(depth, keys, largestScore);
    double worst = 0;
    for (uint32_t c = 0; c < valueDepth; ++c) {
        double sum = 0, largestValue = 0;
        for (uint32_t key = 0; key < keys; ++key) {
            if (weights[key] == 0) continue;
            sum += weights[key] * v.at(firstKey + key, c);
            largestValue = std::max(largestValue, std::abs(v.at(firstKey + key, c)));
        }
        worst = std::max(
            worst, errorIn(bound * largestValue, result[row * valueDepth + c], total == 0 ? 0 : sum / total));
    }
    const double logSum = total == 0 ? -infinity : top + std::log(total);
    return std::max(worst, errorIn(bound / 2 * (1 + std::abs(logSum)), logSums[row], logSum));
}

void check(const Shape& shape, const Options& options, uint64_t seed) {
    Case one(shape, options, seed);
    one.run();
    INFO(name(options.type) << " heads " << shape.heads << " group " << shape.group << " queries "
                            << shape.queries << " keys " << shape.keys << " depth " << shape.depth << ", "
                            << shape.valueDepth << " causal " << options.isCausal);
    CHECK(one.worst() <= 1);
}

// Every third key hidden, others moved up or down.
std::vector<float> someMask(uint32_t queries, uint32_t keys) {
    std::vector<float> mask(uint64_t{queries} * keys);
    for (size_t i = 0; i < mask.size(); ++i)
        mask[i] = i % 3 == 1 ? -infinity : 0.25f * static_cast<float>(i % 7) - 1;
    return mask;
}

}  // namespace

TEST_CASE("Attention over awkward numbers of queries and keys is right", "[device][attention][bounds]") {
    uint64_t seed = 1;
    for (const uint32_t queries : {0u, 1u, 7u, 9u, 67u}) {
        for (const uint32_t keys : {0u, 1u, 7u, 8u, 9u, 61u}) {
            for (const bool isCausal : {false, true}) {
                check({3, 1, queries, keys, 17, 5}, {.isCausal = isCausal}, seed += 3);
                check({2, 2, queries, keys, 17, 5}, {.isCausal = isCausal, .mask = someMask(queries, keys)},
                      seed += 3);
            }
        }
    }
}

TEST_CASE("Attention of every element type and of extreme depths is right", "[device][attention][bounds]") {
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16, GemmType::Bf16}) {
        check({2, 1, 11, 23, 17, 5}, {.type = type}, 10);
        check({6, 3, 5, 40, 17, 5}, {.type = type, .isCausal = true}, 11);
    }
    check({1, 1, 9, 19, 1, 1}, {}, 12);
    check({2, 1, 17, 33, 64, 64}, {}, 13);
    check({1, 1, 9, 19, 256, 3}, {}, 14);
    check({1, 1, 9, 19, 3, 256}, {}, 15);
}

TEST_CASE("Few queries share their many keys among workgroups", "[device][attention][bounds]") {
    check({1, 1, 1, 5003, 17, 5}, {}, 20);
    check({4, 4, 1, 2053, 17, 5}, {.isCausal = true}, 21);
    check({2, 1, 3, 1030, 17, 5}, {.mask = someMask(3, 1030)}, 22);
}

TEST_CASE("Scores far apart and far from zero neither overflow nor lose the small ones",
          "[device][attention]") {
    // Rising scores, so that every step brings a greater one; falling ones; equal ones.
    for (const double slope : {40.0, -40.0, 0.0}) {
        Case one({1, 1, 3, 61, 1, 2}, {.scale = 1.0f}, 30);
        std::vector<double> keys(61);
        for (size_t i = 0; i < keys.size(); ++i) keys[i] = slope * static_cast<double>(i) + 300;
        one.replace(&Case::k, keys);
        one.replace(&Case::q, {1, 0.03125, -1});
        one.run();
        INFO("slope " << slope);
        CHECK(one.worst() <= 1);
    }
}

TEST_CASE("A query that sees no key gives zeros and no sum", "[device][attention]") {
    const uint32_t queries = 9, keys = 21;
    std::vector<float> mask = someMask(queries, keys);
    std::fill_n(mask.begin() + 4 * keys, keys, -infinity);
    for (const bool isCausal : {false, true}) {
        Case one({1, 1, queries, keys, 17, 5}, {.isCausal = isCausal, .mask = mask}, 40);
        one.run();
        CHECK(one.worst() <= 1);
        CHECK(one.rowOf(0, 4) == std::vector<float>(5, 0));
        CHECK(one.logSums[4] == -infinity);
    }
    // More queries than keys: the first see none.
    Case causal({1, 1, 20, 8, 17, 5}, {.isCausal = true}, 41);
    causal.run();
    CHECK(causal.rowOf(0, 11) == std::vector<float>(5, 0));
    CHECK(causal.rowOf(0, 12) != std::vector<float>(5, 0));
    CHECK(causal.worst() <= 1);
}

TEST_CASE("An infinite value is infinite in the sum, also where the last step of keys begins early",
          "[device][attention]") {
    Case one({1, 1, 3, 9, 17, 5}, {}, 51);
    std::vector<double> values = one.v.values;
    values[3 * 5] = infinity;  // of the fourth key, which the second step reads again
    one.replace(&Case::v, values);
    one.run();
    for (uint32_t query = 0; query < 3; ++query) {
        CHECK(one.rowOf(0, query)[0] == infinity);
        CHECK(std::isfinite(one.rowOf(0, query)[1]));
    }
}

TEST_CASE("NaN and infinity of keys and values reach the queries that see them, and no other",
          "[device][attention]") {
    constexpr uint32_t queries = 19, keys = 27, depth = 17, columns = 5, odd = 20;
    // Query 12 is the first that sees key 20.
    for (const float value : {nan, infinity}) {
        for (const bool isOfKeys : {true, false}) {
            Case one({1, 1, queries, keys, depth, columns}, {.isCausal = true}, 50);
            std::vector<double> values = isOfKeys ? one.k.values : one.v.values;
            values[odd * (isOfKeys ? depth : columns)] = value;
            one.replace(isOfKeys ? &Case::k : &Case::v, values);
            one.run();
            for (uint32_t query = 0; query < queries; ++query) {
                const std::vector<float> row = one.rowOf(0, query);
                INFO("query " << query << " of keys " << isOfKeys << " value " << value);
                if (query < 12) {
                    CHECK(one.worstOfRow(0, query) <= 1);
                } else if (isOfKeys && std::isnan(value)) {
                    CHECK(std::ranges::all_of(row, [](float x) { return std::isnan(x); }));
                    CHECK(std::isnan(one.logSums[query]));
                } else if (!isOfKeys) {
                    CHECK(!std::isfinite(row[0]));
                    CHECK(std::isfinite(row[1]));
                }
            }
        }
    }
}

TEST_CASE("What a mask hides may be anything", "[device][attention]") {
    constexpr uint32_t queries = 9, keys = 22, depth = 17, columns = 5;
    const std::vector<float> mask = someMask(queries, keys);
    // Key 13 is hidden from queries 0, 3 and 6.
    REQUIRE(mask[3 * keys + 13] == -infinity);
    REQUIRE(mask[4 * keys + 13] != -infinity);
    for (const bool isOfKeys : {true, false}) {
        Case one({1, 1, queries, keys, depth, columns}, {.mask = mask}, 55);
        std::vector<double> values = isOfKeys ? one.k.values : one.v.values;
        values[13 * (isOfKeys ? depth : columns) + 2] = nan;
        one.replace(isOfKeys ? &Case::k : &Case::v, values);
        one.run();
        for (uint32_t query = 0; query < queries; ++query) {
            INFO("query " << query << " of keys " << isOfKeys);
            if (mask[query * keys + 13] == -infinity)
                CHECK(one.worstOfRow(0, query) <= 1);
            else
                CHECK(std::isnan(one.rowOf(0, query)[2]));
        }
    }
}

TEST_CASE("A score of plus infinity makes its row NaN", "[device][attention]") {
    Case one({1, 1, 2, 9, 1, 2}, {.scale = 1.0f}, 60);
    std::vector<double> keys(9, 1.0);
    keys[3] = infinity;
    one.replace(&Case::k, keys);
    one.replace(&Case::q, {1, -1});
    one.run();
    CHECK(std::isnan(one.rowOf(0, 0)[0]));
    CHECK(std::isfinite(one.rowOf(0, 1)[0]));  // minus infinity has no weight
}

TEST_CASE("Attention over 8192 queries and keys takes memory linear in both", "[device][attention]") {
    constexpr uint32_t length = 8192;
    Case one({1, 1, length, length, 4, 4}, {.isCausal = true}, 70);
    const uint64_t before = device().allocatedBytes();
    one.run();
    // All scores would be 256 MiB.
    CHECK(device().allocatedBytes() < before + (8u << 20));
    CHECK(attention().scratchBytes() < 8u << 20);
    for (uint32_t query = 5; query < length; query += 733) CHECK(one.worstOfRow(0, query) <= 1);

    const auto scratchOf = [](uint32_t queries, uint32_t keys) {
        Attention layer(device());
        const Operand q = randomOperand(GemmType::Fp16, queries, 4, 1),
                      k = randomOperand(GemmType::Fp16, keys, 4, 2);
        const ResultBuffer result(uint64_t{queries} * 4);
        device().wait(layer.run({.type = GemmType::Fp16,
                                 .queries = queries,
                                 .keys = keys,
                                 .depth = 4,
                                 .valueDepth = 4,
                                 .q = q.buffer,
                                 .k = k.buffer,
                                 .v = k.buffer,
                                 .result = result.range(),
                                 .scale = {},
                                 .mask = {},
                                 .logSums = {}}));
        return layer.scratchBytes();
    };
    CHECK(scratchOf(4000, 4000) <= 2 * scratchOf(2000, 2000));
}

TEST_CASE("What attention cannot take is refused, saying why", "[device][attention]") {
    const Operand q = randomOperand(GemmType::Fp32, 6, 4, 1), k = randomOperand(GemmType::Fp32, 10, 4, 2);
    const ResultBuffer result(6 * 4);
    const AttentionProblem good{.heads = 2,
                                .group = 1,
                                .queries = 3,
                                .keys = 5,
                                .depth = 4,
                                .valueDepth = 4,
                                .q = q.buffer,
                                .k = k.buffer,
                                .v = k.buffer,
                                .result = result.range(),
                                .scale = {},
                                .mask = {},
                                .logSums = {}};
    CHECK_NOTHROW(device().wait(attention().run(good)));
    const auto refuses = [&](const AttentionProblem& problem, const std::string& why) {
        checkRefused([&] { attention().run(problem); }, why);
    };
    AttentionProblem problem = good;
    problem.type = GemmType::Int8;
    refuses(problem, "int8");
    problem = good;
    problem.depth = 257;
    refuses(problem, "depths of 1 to 256");
    problem = good;
    problem.valueDepth = 0;
    refuses(problem, "depths of 1 to 256");
    problem = good;
    problem.group = 3;
    refuses(problem, "no multiple of the group");
    problem = good;
    problem.group = 0;
    refuses(problem, "no multiple of the group");
    problem = good;
    problem.keys = 6;
    refuses(problem, "K: larger than its buffer");
    problem = good;
    problem.q.offset = 2;
    refuses(problem, "Q: begins within a word");
    problem = good;
    problem.result.sizeBytes -= 4;
    refuses(problem, "result: larger than its buffer");
    problem = good;
    problem.mask = engine::BufferRange(k.buffer, 0, 56);
    refuses(problem, "mask: larger");
    problem = good;
    problem.logSums = engine::BufferRange(k.buffer, 0, 20);
    refuses(problem, "log sums: larger");
    problem = good;
    problem.keys = 0x7fffffff;
    refuses(problem, "2^30 queries and keys");
    problem = good;
    problem.queries = 0x1fffffff;
    refuses(problem, "Q: 2^31 elements or more");
}

}  // namespace tests
