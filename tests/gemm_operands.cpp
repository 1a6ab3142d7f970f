#include "tests/gemm_operands.h"

#include "engine/commands.h"
#include "quant/float_bits.h"
#include "tests/device_fixture.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

namespace tests {

using quant::GemmType;

namespace {

constexpr uint32_t gapWord = 0x5a5a5a5a;
constexpr uint32_t gapOfC = 3;  // elements

// binary16 of a value that it holds exactly, or of the nearest below in magnitude.
uint16_t halfBits(double value) {
    if (std::isnan(value)) return 0x7e00;
    const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
    const double magnitude = std::abs(value);
    if (std::isinf(value)) return sign | 0x7c00;
    if (magnitude < 0x1p-14) return static_cast<uint16_t>(sign | static_cast<uint16_t>(magnitude * 0x1p24));
    const int exponent = std::ilogb(magnitude);
    const auto mantissa = static_cast<uint16_t>(std::ldexp(magnitude, 10 - exponent) - 1024);
    return static_cast<uint16_t>(sign | (exponent + 15) << 10 | mantissa);
}

double halfValue(uint16_t bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    return bits & 0x8000 ? -magnitude : magnitude;
}

uint32_t bitsOf(GemmType type, double value) {
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
    switch (type) {
        case GemmType::Fp32:
            return bits;
        case GemmType::Fp16:
            return halfBits(value);
        case GemmType::Bf16:
            return bits >> 16;
        default:
            return static_cast<uint32_t>(static_cast<int32_t>(value)) & 0xff;
    }
}

// Of a normal deviate, or of all values of 8 bits.
double randomValue(GemmType type, Random& random) {
    if (type == GemmType::Int8) return static_cast<double>(random.below(256)) - 128;
    if (type == GemmType::Uint8) return random.below(256);
    const float value = random.gaussian();
    if (type == GemmType::Fp16) return halfValue(halfBits(value));
    if (type == GemmType::Bf16) return std::bit_cast<float>(std::bit_cast<uint32_t>(value) & 0xffff0000u);
    return value;
}

engine::Buffer uploaded(std::span<const std::byte> bytes, const char* name) {
    engine::Buffer buffer(device(), std::max<uint64_t>((bytes.size() + 3) / 4 * 4, 4),
                          engine::MemoryKind::Upload, name);
    std::ranges::fill(buffer.mapped(), std::byte{0xff});
    std::ranges::copy(bytes, buffer.mapped().begin());
    buffer.flush();
    return buffer;
}

}  // namespace

Operand operandOf(GemmType type, uint32_t rows, uint32_t columns, std::vector<double> values,
                  const Layout& layout) {
    const uint32_t step = layout.step;
    const uint32_t stride = (layout.isTransposed ? rows : columns) * step + layout.gap;
    const uint32_t bytes = elementBytes(type);
    const uint64_t outer = layout.isTransposed ? columns : rows, inner = layout.isTransposed ? rows : columns;
    const uint64_t last = rows && columns ? (outer - 1) * stride + (inner - 1) * step + 1 : 0;
    std::vector<std::byte> data(last * bytes, std::byte{0xff});
    for (uint64_t row = 0; row < rows; ++row) {
        for (uint64_t column = 0; column < columns; ++column) {
            const uint64_t at =
                layout.isTransposed ? column * stride + row * step : row * stride + column * step;
            const uint32_t bits = bitsOf(type, values[row * columns + column]);
            std::memcpy(data.data() + at * bytes, &bits, bytes);
        }
    }
    Operand operand{.matrix = {},
                    .buffer = uploaded(data, "operand"),
                    .rows = rows,
                    .columns = columns,
                    .values = std::move(values)};
    operand.matrix = {operand.buffer, layout.isTransposed ? step : stride,
                      layout.isTransposed ? stride : step};
    return operand;
}

Operand randomOperand(GemmType type, uint32_t rows, uint32_t columns, uint64_t seed, const Layout& layout) {
    Random random(seed);
    std::vector<double> values(uint64_t{rows} * columns);
    for (double& value : values) value = randomValue(type, random);
    return operandOf(type, rows, columns, std::move(values), layout);
}

Product::Product(const Operand& a, const Operand& b, GemmType type) : m_a(a), m_b(b) {
    m_problem = {
        .type = type, .m = a.rows, .n = b.columns, .k = a.columns, .a = {}, .b = {}, .c = {}, .bias = {}};
    m_problem.a = {a.buffer, a.matrix.rowStride, a.matrix.columnStride};
    m_problem.b = {b.buffer, b.matrix.rowStride, b.matrix.columnStride};
}

void Product::scale(float alpha, float beta) {
    m_problem.alpha = alpha;
    m_problem.beta = beta;
}

void Product::addBias() {
    for (uint32_t column = 0; column < m_problem.n; ++column) {
        m_biasWords.push_back(isInteger(m_problem.type)
                                  ? 0x7ffffff0u + column  // overflows
                                  : std::bit_cast<uint32_t>(0.25f * static_cast<float>(column) - 3));
    }
    m_bias = uploaded(std::as_bytes(std::span(m_biasWords)), "bias");
    m_problem.bias = engine::BufferRange(m_bias);
}

void Product::run(quant::Gemm& gemm, const quant::GemmPlan& plan) {
    const uint32_t stride = m_problem.n + gapOfC;
    m_before.assign(uint64_t{m_problem.m} * stride, gapWord);
    for (uint64_t row = 0; row < m_problem.m; ++row) {
        for (uint64_t column = 0; column < m_problem.n; ++column) {
            // Not to be read without a beta.
            m_before[row * stride + column] =
                m_problem.beta == 0 ? 0x7fc00000u
                : isInteger(m_problem.type)
                    ? 0x80000005u
                    : std::bit_cast<uint32_t>(static_cast<float>(row) - 0.5f * static_cast<float>(column));
        }
    }
    m_c = engine::Buffer(device(), std::max<uint64_t>(m_before.size() * 4, 4), engine::MemoryKind::Readback,
                         "C");
    std::ranges::copy(m_before, m_c.mappedAs<uint32_t>().begin());
    m_c.flush();
    m_problem.c = {m_c, stride, 1};
    device().wait(gemm.multiply(m_problem, plan));
    m_c.invalidate();
    const auto after = m_c.mappedAs<uint32_t>();
    m_words.clear();
    m_isGapKept = true;
    for (uint64_t i = 0; i < m_before.size(); ++i) {
        if (i % stride < m_problem.n)
            m_words.push_back(after[i]);
        else
            m_isGapKept = m_isGapKept && after[i] == gapWord;
    }
}

// Σab, scaled, and the sum of the magnitudes of all that is added.
double Product::wanted(uint64_t row, uint64_t column, double& magnitude) const {
    double sum = 0, magnitudes = 0;
    for (uint64_t k = 0; k < m_problem.k; ++k) {
        const double product = m_a.at(row, k) * m_b.at(k, column);
        sum += product;
        magnitudes += std::abs(product);
    }
    const double alpha = m_problem.alpha, beta = m_problem.beta;
    const auto valueOf = [&](uint32_t word) {
        return isInteger(m_problem.type) ? static_cast<double>(static_cast<int32_t>(word))
                                         : static_cast<double>(std::bit_cast<float>(word));
    };
    const double before = beta == 0 ? 0 : beta * valueOf(m_before[row * (m_problem.n + gapOfC) + column]);
    const double bias = m_problem.bias ? valueOf(m_biasWords[column]) : 0;
    magnitude = std::abs(alpha) * magnitudes + std::abs(before) + std::abs(bias);
    return alpha * sum + before + bias;
}

double Product::worst() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (!m_isGapKept) return infinity;
    double worst = 0;
    for (uint64_t i = 0; i < m_words.size(); ++i) {
        double magnitude = 0;
        const double expected = wanted(i / m_problem.n, i % m_problem.n, magnitude);
        if (isInteger(m_problem.type)) {
            const auto wrapped = static_cast<uint32_t>(static_cast<int64_t>(expected));
            if (m_words[i] != wrapped) return infinity;
            continue;
        }
        const double error = std::abs(double{std::bit_cast<float>(m_words[i])} - expected);
        const double bound = quant::gemmErrorBound(m_problem.k) * magnitude;
        if (error == 0) continue;
        if (!(error <= infinity)) return infinity;
        worst = std::max(worst, error / bound);
    }
    return worst;
}

}  // namespace tests
