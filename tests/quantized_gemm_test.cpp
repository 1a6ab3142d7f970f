#include "quant/quantized_gemm.h"

#include "quant/requantization.h"
#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/requantized.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

QuantizedGemm& products() {
    static QuantizedGemm products(device());
    return products;
}

struct Case {
    GemmTypes types;
    QuantizedOutput output = QuantizedOutput::Int8;
    Requantization requantization = Requantization::Float;
    GemmChannels channels = GemmChannels::Columns;
    bool hasChannelGrids = false, isRelu = false;
    uint32_t m = 11, n = 26, k = 37, batches = 1;
};

// Operands, grids, bias and C of a case, the latter with gaps between rows and batches.
class QuantizedProduct {
public:
    QuantizedProduct(const Case& one, uint64_t seed)
        : m_case(one),
          m_a(randomOperand(one.types.a, one.m, one.k, seed, {.gap = 1, .count = one.batches, .first = 2})),
          m_b(randomOperand(one.types.b, one.k, one.n, seed + 1, {.isTransposed = seed % 2 == 1})) {
        Random random(seed + 2);
        const bool isAlongRows = one.channels == GemmChannels::Rows;
        const uint32_t channels = isAlongRows ? one.m : one.n;
        m_problem.product = {.types = one.types,
                             .m = one.m,
                             .n = one.n,
                             .k = one.k,
                             .batches = one.batches,
                             .a = m_a.matrix,
                             .b = m_b.matrix,
                             .c = {},
                             .bias = {},
                             .activation = one.isRelu ? GemmActivation::Relu : GemmActivation::None,
                             .channels = one.channels};
        m_problem.product.a.data = m_a.buffer;
        m_problem.product.b.data = m_b.buffer;
        fill(m_problem.a, one.types.a, one.hasChannelGrids && isAlongRows ? channels : 1, random);
        fill(m_problem.b, one.types.b, one.hasChannelGrids && !isAlongRows ? channels : 1, random);
        m_problem.output = one.output;
        m_problem.requantization = one.requantization;
        m_problem.zeroPointC = one.output == QuantizedOutput::Int8 ? -9 : 117;
        // So that outputs spread over the range, and some clip.
        m_problem.scaleC =
            0.0004f * static_cast<float>(std::sqrt(one.k + 1) * rangeOf(one.types.a) * rangeOf(one.types.b));
        m_bias = engine::Buffer(device(), channels * 4, engine::MemoryKind::Upload, "bias");
        for (uint32_t i = 0; i < channels; ++i)
            m_biases.push_back(static_cast<int32_t>(random.below(20001)) - 10000);
        std::ranges::copy(m_biases, m_bias.mappedAs<int32_t>().begin());
        m_bias.flush();
        m_problem.product.bias = engine::BufferRange(m_bias);
    }

    QuantizedGemmProblem& problem() { return m_problem; }

    void run(const GemmPlan& plan) {
        GemmMatrix& c = m_problem.product.c;
        const bool isByte = m_case.output != QuantizedOutput::Fp32;
        c.rowStride = m_case.n + 3;
        c.firstElement = 5;
        c.batchStride = c.rowStride * m_case.m + 1;
        const uint64_t elements = c.firstElement + uint64_t{m_case.batches} * c.batchStride;
        m_c = engine::Buffer(device(), isByte ? (elements + 3) / 4 * 4 : elements * 4,
                             engine::MemoryKind::Readback, "C");
        std::ranges::fill(m_c.mapped(), std::byte{0x5a});
        m_c.flush();
        c.data = m_c;
        device().wait(products().multiply(m_problem, plan));
        m_c.invalidate();
    }

    // Whether every element is what it must be, and every gap as it was.
    bool isRight() const {
        const GemmMatrix& c = m_problem.product.c;
        std::vector<std::byte> expected(m_c.sizeBytes(), std::byte{0x5a});
        for (uint32_t batch = 0; batch < m_case.batches; ++batch) {
            for (uint32_t row = 0; row < m_case.m; ++row) {
                for (uint32_t column = 0; column < m_case.n; ++column) {
                    const uint64_t at = c.firstElement + uint64_t{batch} * c.batchStride +
                                        uint64_t{row} * c.rowStride + column;
                    store(expected, at, batch, row, column);
                }
            }
        }
        return std::ranges::equal(expected, m_c.mapped());
    }

private:
    static double rangeOf(GemmType type) { return std::ldexp(1, static_cast<int>(elementBits(type))); }

    static void fill(AffineGrid& grid, GemmType type, uint32_t size, Random& random) {
        grid.scales.clear();
        grid.zeroPoints.clear();
        for (uint32_t i = 0; i < size; ++i) {
            grid.scales.push_back(0.001f * static_cast<float>(1 + random.below(100)));
            const int32_t half = 1 << (elementBits(type) - 1);
            const int32_t low = type == GemmType::Uint8 ? 0 : -half;
            grid.zeroPoints.push_back(type == GemmType::Binary ? 1
                                                               : low + static_cast<int32_t>(random.below(
                                                                           2 * static_cast<uint32_t>(half))));
        }
    }

    // The definition, with 64-bit integers.
    void store(std::vector<std::byte>& bytes, uint64_t at, uint32_t batch, uint32_t row,
               uint32_t column) const {
        const uint32_t channel = m_case.channels == GemmChannels::Rows ? row : column;
        const auto of = [&](const auto& values) { return values[values.size() > 1 ? channel : 0]; };
        int64_t sum = m_biases[channel];
        for (uint32_t k = 0; k < m_case.k; ++k) {
            sum += (static_cast<int64_t>(m_a.at(batch, row, k)) - of(m_problem.a.zeroPoints)) *
                   (static_cast<int64_t>(m_b.at(0, k, column)) - of(m_problem.b.zeroPoints));
        }
        const Requantized requantized{m_case.output, m_case.requantization, m_problem.scaleC,
                                      m_problem.zeroPointC, m_case.isRelu};
        requantized.store(bytes, at, sum, double{of(m_problem.a.scales)} * of(m_problem.b.scales));
    }

    Case m_case;
    Operand m_a, m_b;
    QuantizedGemmProblem m_problem;
    engine::Buffer m_bias, m_c;
    std::vector<int32_t> m_biases;
};

GemmPlan firstPlan(GemmPath path) {
    return {path, gemmTiles(device().info(), path).front()};
}

// Of kernels that are compiled in no time.
GemmPlan smallPlan(GemmPath path) {
    const bool isPacking = path == GemmPath::Tiled || path == GemmPath::Dot || path == GemmPath::Coopmat;
    return isPacking ? GemmPlan{path, {2, 2, 2}} : firstPlan(path);
}

void check(const Case& one, const GemmPlan& plan, uint64_t seed) {
    QuantizedProduct product(one, seed);
    product.run(plan);
    INFO(name(one.types) << " " << name(plan.path) << " m " << one.m << " n " << one.n << " k " << one.k);
    CHECK(product.isRight());
}

}  // namespace

TEST_CASE("Quantized products are those of the real numbers, whatever the path and the output",
          "[device][quantized_gemm]") {
    uint64_t seed = 1;
    for (const GemmTypes types : {GemmTypes(GemmType::Int8), GemmTypes(GemmType::Uint8, GemmType::Int8),
                                  GemmTypes(GemmType::Uint8), GemmTypes(GemmType::Int8, GemmType::Int4)}) {
        for (const GemmPath path : products().gemm().paths(types)) {
            for (const auto& [output, requantization] :
                 {std::pair{QuantizedOutput::Int8, Requantization::Float},
                  {QuantizedOutput::Uint8, Requantization::Fixed},
                  {QuantizedOutput::Fp32, Requantization::Float}}) {
                Case one{.types = types, .output = output, .requantization = requantization};
                one.isRelu = seed % 3 == 0;
                one.channels = seed % 2 ? GemmChannels::Rows : GemmChannels::Columns;
                one.hasChannelGrids = seed % 5 != 0;
                if (path == GemmPath::Skinny) one.m = 4;
                check(one, smallPlan(path), seed++);
            }
        }
    }
}

TEST_CASE("No quantized product reads or writes beyond its matrices", "[device][quantized_gemm][bounds]") {
    uint64_t seed = 200;
    // What finishes sums is the same on every path, and slow to compile where every access is checked.
    for (const GemmPath path : {GemmPath::Reference, GemmPath::Tiled}) {
        const GemmPlan plan{path, {}};
        Case one{.types = GemmType::Int8, .hasChannelGrids = true, .m = 9, .n = 21, .k = 1100, .batches = 2};
        check(one, plan, seed++);
        one.channels = GemmChannels::Rows;
        check(one, plan, seed++);
    }
}

TEST_CASE("Batches, long sums and no sums at all are requantized once", "[device][quantized_gemm]") {
    uint64_t seed = 50;
    for (const GemmPath path : products().gemm().paths(GemmType::Int8)) {
        const uint32_t m = path == GemmPath::Skinny ? 3 : 9;
        check({.types = GemmType::Int8, .m = m, .n = 5, .k = 2100}, firstPlan(path), seed++);  // slices
        check({.types = GemmType::Int8, .m = m, .n = 150, .k = 1100, .batches = 2}, firstPlan(path), seed++);
        check({.types = GemmType::Int8, .m = m, .k = 0, .batches = 3}, firstPlan(path), seed++);
        // Two parts of k on every path, the last of which finishes.
        check({.types = GemmType::Int8, .m = m, .n = 5, .k = 8200, .batches = 2}, smallPlan(path), seed++);
        check({.types = GemmType::Int8, .m = 0}, firstPlan(path), seed++);
    }
}

TEST_CASE("Weights of few bits make quantized products", "[device][quantized_gemm]") {
    uint64_t seed = 80;
    for (const GemmType type : {GemmType::Ternary, GemmType::Binary}) {
        for (const GemmPath path : {GemmPath::Reference, GemmPath::Tiled})
            check({.types = {GemmType::Uint8, type}, .hasChannelGrids = true}, firstPlan(path), seed++);
    }
}

TEST_CASE("A float operand is quantized on the way into a quantized product", "[device][quantized_gemm]") {
    // By hand: the same product with the integers made beforehand.
    const GemmQuantizer quantizer{GemmType::Fp32, 0.03f, 4};
    const Operand floats = randomOperand(GemmType::Fp32, 9, 40, 5);
    std::vector<double> levels = floats.values;
    for (double& level : levels) level = quantizedValue(quantizer, GemmType::Int8, level);
    const Operand integers = operandOf(GemmType::Int8, 9, 40, levels);
    const Operand weights = randomOperand(GemmType::Int8, 40, 17, 6);
    std::vector<std::vector<float>> results;
    for (const Operand* a : {&floats, &integers}) {
        const engine::Buffer c(device(), 9 * 17 * 4, engine::MemoryKind::Readback, "C");
        QuantizedGemmProblem problem{.product = {.types = GemmType::Int8,
                                                 .m = 9,
                                                 .n = 17,
                                                 .k = 40,
                                                 .a = a->matrix,
                                                 .b = weights.matrix,
                                                 .c = {.data = c, .rowStride = 17},
                                                 .bias = {}},
                                     .a = {{0.03f}, {4}},
                                     .b = {{0.5f}, {-7}},
                                     .output = QuantizedOutput::Fp32};
        problem.product.a.data = a->buffer;
        problem.product.b.data = weights.buffer;
        if (a == &floats) problem.product.a.quantizer = quantizer;
        device().wait(products().multiply(problem, firstPlan(GemmPath::Tiled)));
        c.invalidate();
        const auto values = c.mappedAs<float>();
        results.emplace_back(values.begin(), values.begin() + 9 * 17);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0][0] != 0);
}

TEST_CASE("Fixed multipliers are within half a unit of what they stand for", "[gemm]") {
    for (const double value : {1.0, 0.5, 0.37, 1e-3, 0.999999999999, 12345.678, 0x1p-31, 3e-12, 1e-25,
                               0x1p30 - 0.1, 0x1p29 - 0.01}) {
        const auto [multiplier, shift] = fixedMultiplier(value);
        CAPTURE(value);
        CHECK(shift >= 1);
        CHECK(shift <= 62);
        CHECK(multiplier >= 0);
        const double error = std::abs(std::ldexp(multiplier, -shift) - value);
        CHECK(error <= std::max(value * 0x1p-31, 0x1p-63));
    }
    for (const double value : {0.0, -1.0, 0x1p30, std::numeric_limits<double>::quiet_NaN(), HUGE_VAL})
        CHECK_THROWS_AS(fixedMultiplier(value), std::invalid_argument);
    CHECK(scaledByFixed(5, {1 << 30, 31}) == 3);    // 2.5
    CHECK(scaledByFixed(-5, {1 << 30, 31}) == -2);  // -2.5
    CHECK(scaledByFixed(INT32_MAX, {INT32_MAX, 1}) == INT32_MAX);
    CHECK(scaledByFixed(INT32_MIN, {INT32_MAX, 1}) == INT32_MIN);
}

TEST_CASE("The device scales by every shift as 64-bit integers do", "[device][quantized_gemm]") {
    // Sums of one product each: A is a column, so that every total occurs with every column's multiplier.
    const std::vector<double> values = {-128, -127, -5, -1, 0, 1, 3, 64, 127};
    const Operand a = operandOf(GemmType::Int8, 9, 1, values);
    constexpr uint32_t n = 62;
    const Operand b = operandOf(GemmType::Int8, 1, n, std::vector<double>(n, -128));
    const engine::Buffer c(device(), 9 * 64, engine::MemoryKind::Readback, "C");
    const engine::Buffer bias(device(), n * 4, engine::MemoryKind::Upload, "bias");
    QuantizedGemmProblem problem{.product = {.types = GemmType::Int8,
                                             .m = 9,
                                             .n = n,
                                             .k = 1,
                                             .a = a.matrix,
                                             .b = b.matrix,
                                             .c = {.data = c, .rowStride = 64},
                                             .bias = engine::BufferRange(bias)},
                                 .a = {},
                                 .b = {.scales = {}, .zeroPoints = {0}},
                                 .requantization = Requantization::Fixed};
    problem.product.a.data = a.buffer;
    problem.product.b.data = b.buffer;
    for (uint32_t j = 0; j < n; ++j) {
        // Shifts of 1 to 62, and totals that come to some 60 where integers do.
        problem.b.scales.push_back(static_cast<float>(std::ldexp(1.37, 29 - static_cast<int>(j))));
        const double total = std::min(60 / double{problem.b.scales.back()}, 2147400000.0);
        bias.mappedAs<int32_t>()[j] = static_cast<int32_t>(j % 2 ? -total : total);
    }
    bias.flush();
    device().wait(products().multiply(problem, firstPlan(GemmPath::Tiled)));
    c.invalidate();
    bool isRight = true;
    for (uint32_t i = 0; i < 9; ++i) {
        for (uint32_t j = 0; j < n; ++j) {
            const int32_t total = static_cast<int32_t>(values[i]) * -128 + bias.mappedAs<int32_t>()[j];
            const int32_t expected =
                std::clamp(scaledByFixed(total, fixedMultiplier(double{problem.b.scales[j]})), -128, 127);
            isRight = isRight && c.mappedAs<int8_t>()[i * 64 + j] == expected;
        }
    }
    CHECK(isRight);
}

TEST_CASE("Grids that make no sense are refused, naming the matrix", "[device][quantized_gemm]") {
    const Case one{.types = {GemmType::Uint8, GemmType::Int8}, .channels = GemmChannels::Columns};
    const auto refuses = [&](const auto& change, const std::string& why) {
        QuantizedProduct product(one, 3);
        change(product.problem());
        try {
            product.run(firstPlan(GemmPath::Tiled));
            FAIL("was not refused: " << why);
        } catch (const std::invalid_argument& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).contains(why));
        }
    };
    using Problem = QuantizedGemmProblem;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    refuses([&](Problem& problem) { problem.a.scales = {nan}; }, "matrix A has a scale of nan");
    refuses([&](Problem& problem) { problem.b.scales = {0}; }, "matrix B has a scale of 0");
    refuses([&](Problem& problem) { problem.scaleC = HUGE_VALF; }, "matrix C has a scale of inf");
    refuses([&](Problem& problem) { problem.a.zeroPoints = {256}; }, "zero point of 256, beyond uint8");
    refuses([&](Problem& problem) { problem.b.zeroPoints = {-129}; }, "zero point of -129, beyond int8");
    refuses([&](Problem& problem) { problem.zeroPointC = 128; }, "matrix C has a zero point of 128");
    refuses([&](Problem& problem) { problem.a.scales = {1, 1}; }, "matrix A has 2 scales");
    refuses([&](Problem& problem) { problem.scaleC = 1e-42f; }, "no normal float");
    refuses([&](Problem& problem) { problem.product.a.quantizer = GemmQuantizer{GemmType::Fp32, 7}; },
            "another grid");
    refuses([&](Problem& problem) { problem.product.types = GemmType::Fp32; }, "not of fp32");
    refuses([&](Problem& problem) { problem.product.types = GemmType::Int16; }, "not of int16");
}

}  // namespace tests
