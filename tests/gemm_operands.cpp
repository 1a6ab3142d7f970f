#include "tests/gemm_operands.h"

#include "engine/commands.h"
#include "quant/float_bits.h"
#include "tests/device_fixture.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

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
        case GemmType::Tf32:
            return bits;
        case GemmType::Binary:
            return value > 0;
        default:
            return static_cast<uint32_t>(static_cast<int32_t>(value)) & ((1u << elementBits(type)) - 1);
    }
}

// Of a normal deviate, or of all values of 8 bits.
double randomValue(GemmType type, Random& random) {
    if (type == GemmType::Uint8) return random.below(256);
    if (type == GemmType::Binary) return random.below(2) ? 1 : -1;
    if (isInteger(type)) {
        const uint32_t values = 1u << elementBits(type);
        return static_cast<double>(random.below(values)) - values / 2;
    }
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

namespace {

// The value that a product is made of.
double multipliedValue(GemmType type, double value) {
    if (type != GemmType::Tf32 || !std::isfinite(value)) return value;
    // The nearest multiple of 2^-10 of the power of two below; halves to even ones.
    const int exponent = value == 0 ? 0 : std::ilogb(value);
    return std::ldexp(std::nearbyint(std::ldexp(value, 10 - exponent)), exponent - 10);
}

}  // namespace

Operand operandOf(GemmType type, uint32_t rows, uint32_t columns, std::vector<double> values,
                  const Layout& layout) {
    const uint32_t step = layout.step, bits = elementBits(type);
    const uint32_t outer = layout.isTransposed ? columns : rows, inner = layout.isTransposed ? rows : columns;
    const uint32_t stride = inner * step + layout.gap, batchStride = outer * stride + layout.gap;
    std::vector<std::byte> data((uint64_t{batchStride} * layout.count + layout.first) * bits / 8 + 1,
                                std::byte{0xff});
    Operand operand{.type = type, .matrix = {}, .buffer = {}, .rows = rows, .columns = columns, .values = {}};
    operand.matrix.rowStride = layout.isTransposed ? step : stride;
    operand.matrix.columnStride = layout.isTransposed ? stride : step;
    operand.matrix.batchStride = batchStride;
    operand.matrix.count = layout.count;
    operand.matrix.firstElement = layout.first;
    for (uint64_t i = 0; i < values.size(); ++i) {
        const uint64_t column = i % columns, row = i / columns % rows, of = i / columns / rows;
        const uint64_t at = layout.first + of * batchStride + row * operand.matrix.rowStride +
                            column * operand.matrix.columnStride;
        const uint32_t code = bitsOf(type, values[i]);
        for (uint32_t bit = 0; bit < bits; ++bit) {
            const uint64_t place = at * bits + bit;
            const auto mask = static_cast<std::byte>(1u << place % 8);
            data[place / 8] = code >> bit & 1 ? data[place / 8] | mask : data[place / 8] & ~mask;
        }
        values[i] = multipliedValue(type, values[i]);
    }
    // Not a byte more than there are elements.
    const uint64_t last = layout.first + uint64_t{layout.count - 1} * batchStride +
                          (rows && columns ? uint64_t{outer - 1} * stride + (inner - 1) * step + 1 : 0);
    data.resize((last * bits + 7) / 8);
    operand.buffer = uploaded(data, "operand");
    operand.matrix.data = operand.buffer;
    operand.values = std::move(values);
    return operand;
}

Operand randomOperand(GemmType type, uint32_t rows, uint32_t columns, uint64_t seed, const Layout& layout) {
    Random random(seed);
    std::vector<double> values(uint64_t{rows} * columns * layout.count);
    for (double& value : values) value = randomValue(type, random);
    return operandOf(type, rows, columns, std::move(values), layout);
}

Product::Product(const Operand& a, const Operand& b, uint32_t batches) : m_a(a), m_b(b) {
    m_problem = {.types = {a.type, b.type},
                 .m = a.rows,
                 .n = b.columns,
                 .k = a.columns,
                 .batches = batches,
                 .a = a.matrix,
                 .b = b.matrix,
                 .c = {},
                 .bias = {}};
    m_problem.a.data = a.buffer;
    m_problem.b.data = b.buffer;
}

void Product::scale(float alpha, float beta) {
    m_problem.alpha = alpha;
    m_problem.beta = beta;
}

void Product::addBias(quant::GemmChannels channels, uint32_t channelBatches) {
    m_problem.channels = channels;
    m_problem.channelBatches = channelBatches;
    for (uint32_t channel = 0; channel < m_problem.channelsOfBatch() * channelBatches; ++channel) {
        m_biasWords.push_back(isInteger(m_problem.types)
                                  ? 0x7ffffff0u + channel  // overflows
                                  : std::bit_cast<uint32_t>(0.25f * static_cast<float>(channel) - 3));
    }
    m_bias = uploaded(std::as_bytes(std::span(m_biasWords)), "bias");
    m_problem.bias = engine::BufferRange(m_bias);
}

// Of an element [batch][row][column] among the words of C.
uint64_t Product::placeOf(uint64_t index) const {
    const uint64_t column = index % m_problem.n, row = index / m_problem.n % m_problem.m;
    return m_problem.c.firstElement + index / m_problem.n / m_problem.m * m_problem.c.batchStride +
           row * m_problem.c.rowStride + column;
}

double Product::valueOf(uint32_t word) const {
    return isInteger(m_problem.types) ? static_cast<double>(static_cast<int32_t>(word))
                                      : static_cast<double>(std::bit_cast<float>(word));
}

void Product::run(quant::Gemm& gemm, const quant::GemmPlan& plan) {
    const uint64_t elements = uint64_t{m_problem.m} * m_problem.n * m_problem.batches;
    m_problem.c.rowStride = m_problem.n + gapOfC;
    m_problem.c.batchStride = m_problem.m * m_problem.c.rowStride + gapOfC;
    m_problem.c.firstElement = gapOfC;
    m_before.assign(uint64_t{m_problem.batches} * m_problem.c.batchStride + gapOfC, gapWord);
    for (uint64_t i = 0; i < elements; ++i) {
        // Not to be read without a beta.
        m_before[placeOf(i)] = m_problem.beta == 0 ? 0x7fc00000u
                               : isInteger(m_problem.types)
                                   ? 0x80000005u
                                   : std::bit_cast<uint32_t>(0.5f * static_cast<float>(i % 23) - 5);
    }
    m_c = engine::Buffer(device(), m_before.size() * 4, engine::MemoryKind::Readback, "C");
    std::ranges::copy(m_before, m_c.mappedAs<uint32_t>().begin());
    m_c.flush();
    m_problem.c.data = m_c;
    device().wait(gemm.multiply(m_problem, plan));
    m_c.invalidate();
    std::vector<uint32_t> after(m_before.size());
    std::ranges::copy_n(m_c.mappedAs<uint32_t>().begin(), static_cast<ptrdiff_t>(after.size()),
                        after.begin());
    m_words.clear();
    for (uint64_t i = 0; i < elements; ++i) m_words.push_back(std::exchange(after[placeOf(i)], gapWord));
    m_isGapKept = std::ranges::all_of(after, [](uint32_t word) { return word == gapWord; });
}

// Σab, scaled, and the sum of the magnitudes of all that is added.
double Product::wanted(uint64_t index, double& magnitude) const {
    const uint64_t column = index % m_problem.n, row = index / m_problem.n % m_problem.m;
    const uint64_t batch = index / m_problem.n / m_problem.m;
    double sum = 0, magnitudes = 0;
    for (uint64_t k = 0; k < m_problem.k; ++k) {
        const double product =
            m_a.at(batch % m_problem.a.count, row, k) * m_b.at(batch % m_problem.b.count, k, column);
        sum += product;
        magnitudes += std::abs(product);
    }
    const double alpha = m_problem.alpha, beta = m_problem.beta;
    const double before = beta == 0 ? 0 : beta * valueOf(m_before[placeOf(index)]);
    const uint64_t channel = batch % m_problem.channelBatches * m_problem.channelsOfBatch() +
                             (m_problem.channels == quant::GemmChannels::Rows ? row : column);
    const double bias = m_problem.bias ? valueOf(m_biasWords[channel]) : 0;
    magnitude = std::abs(alpha) * magnitudes + std::abs(before) + std::abs(bias);
    return alpha * sum + before + bias;
}

double Product::worst() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (!m_isGapKept) return infinity;
    const bool isRectified = m_problem.activation == quant::GemmActivation::Relu;
    double worst = 0;
    for (uint64_t i = 0; i < m_words.size(); ++i) {
        double magnitude = 0;
        double expected = wanted(i, magnitude);
        if (isInteger(m_problem.types)) {
            auto wrapped = static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(expected)));
            if (isRectified) wrapped = std::max(wrapped, 0);
            if (m_words[i] != static_cast<uint32_t>(wrapped)) return infinity;
            continue;
        }
        if (isRectified) expected = std::max(expected, 0.0);
        const double error = std::abs(double{std::bit_cast<float>(m_words[i])} - expected);
        const double lost = m_problem.types.hasHalfSums ? 0x1p-25 * (m_problem.k + 2.0) : 0;
        const double bound = quant::gemmErrorBound(m_problem.k, m_problem.types) * magnitude + lost;
        if (error == 0) continue;
        if (!(error <= infinity)) return infinity;
        worst = std::max(worst, error / bound);
    }
    return worst;
}

double quantizedValue(const quant::GemmQuantizer& quantizer, GemmType type, double value) {
    const double low = type == GemmType::Int8 ? -128 : 0;
    if (std::isnan(value)) return quantizer.zeroPoint;
    const float inverse = 1 / quantizer.scale;
    const double level = std::nearbyint(double{static_cast<float>(value) * inverse}) + quantizer.zeroPoint;
    return std::clamp(level, low, low + 255);
}

}  // namespace tests
