#include "tests/convolution_case.h"

#include "tests/device_fixture.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace tests {

using quant::ConvolutionPath;
using quant::ConvolutionShape;
using quant::GemmTypes;

namespace {

constexpr uint32_t guardWords = 64, guardWord = 0x5a5a5a5a;

}  // namespace

ConvolutionCase::ConvolutionCase(GemmTypes types, const ConvolutionShape& shape, std::vector<double> input,
                                 std::vector<double> weights)
    : m_input(operandOf(types.b, 1, static_cast<uint32_t>(input.size()), input)),
      m_weights(operandOf(types.a, 1, static_cast<uint32_t>(weights.size()), weights)) {
    m_problem = {.types = types,
                 .shape = shape,
                 .input = m_input.buffer,
                 .weights = m_weights.buffer,
                 .output = {},
                 .bias = {}};
}

ConvolutionCase::ConvolutionCase(GemmTypes types, const ConvolutionShape& shape, uint64_t seed)
    : ConvolutionCase(
          types, shape, randomOperand(types.b, 1, static_cast<uint32_t>(inputElements(shape)), seed).values,
          randomOperand(types.a, 1, static_cast<uint32_t>(weightElements(shape)), seed + 1000).values) {}

void ConvolutionCase::addBias() {
    const uint32_t filters = m_problem.shape.filters;
    for (uint32_t filter = 0; filter < filters; ++filter) {
        m_biasWords.push_back(isInteger(m_problem.types)
                                  ? 0x7fffff00u + filter
                                  : std::bit_cast<uint32_t>(0.25f * static_cast<float>(filter) - 3));
    }
    m_bias = engine::Buffer(device(), std::max(filters * 4, 16u), engine::MemoryKind::Upload, "bias");
    std::ranges::copy(m_biasWords, m_bias.mappedAs<uint32_t>().begin());
    m_bias.flush();
    m_problem.bias = engine::BufferRange(m_bias);
}

void ConvolutionCase::run(quant::Convolution& convolution, ConvolutionPath path) {
    m_path = path;
    const uint64_t elements = outputElements(m_problem.shape), words = elements + uint64_t{2} * guardWords;
    if (m_output.sizeBytes() == 0)
        m_output = engine::Buffer(device(), words * 4, engine::MemoryKind::Readback, "output");
    const auto mapped = m_output.mappedAs<uint32_t>();
    std::ranges::fill(mapped, guardWord);
    std::ranges::fill(mapped.subspan(guardWords, elements), 0x7fc00000u);
    m_output.flush();
    m_problem.output = {m_output, guardWords * 4, elements * 4};
    device().wait(convolution.convolve(m_problem, path));
    m_output.invalidate();
    const auto outputs = mapped.subspan(guardWords, elements);
    m_words.assign(outputs.begin(), outputs.end());
    const auto isKept = [](std::span<uint32_t> guard) {
        return std::ranges::all_of(guard, [](uint32_t word) { return word == guardWord; });
    };
    m_areGuardsKept = isKept(mapped.first(guardWords)) && isKept(mapped.last(guardWords));
}

// Padding where it is outside of the input.
double ConvolutionCase::inputAt(const Place& place, uint32_t channel, int64_t y, int64_t x) const {
    const ConvolutionShape& shape = m_problem.shape;
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return m_problem.inputZeroPoint;
    const uint64_t plane = uint64_t{place.image} * shape.channels + channel;
    return m_input
        .values[(plane * shape.height + static_cast<uint64_t>(y)) * shape.width + static_cast<uint64_t>(x)];
}

// The largest magnitude of what a Winograd path's tile sees of a channel.
double ConvolutionCase::tileMaximum(const Place& place, uint32_t channel) const {
    const uint32_t tile = m_path == ConvolutionPath::Winograd2 ? 2 : 4;
    const int64_t firstY = int64_t{place.y / tile * tile} - m_problem.shape.padTop;
    const int64_t firstX = int64_t{place.x / tile * tile} - m_problem.shape.padLeft;
    double most = 0;
    for (int64_t y = firstY; y < firstY + tile + 2; ++y) {
        for (int64_t x = firstX; x < firstX + tile + 2; ++x)
            most = std::max(most, std::abs(inputAt(place, channel, y, x)));
    }
    return most;
}

// What the definition says, and what the bound is a multiple of.
double ConvolutionCase::wanted(const Place& place, double& magnitude) const {
    const ConvolutionShape& shape = m_problem.shape;
    const bool isWinograd = m_path == ConvolutionPath::Winograd2 || m_path == ConvolutionPath::Winograd4;
    const uint32_t channels = groupChannels(shape);
    const uint32_t firstChannel = place.filter / groupFilters(shape) * channels;
    double sum = 0;
    magnitude = 0;
    uint64_t weight = uint64_t{place.filter} * depthOf(shape);
    for (uint32_t c = 0; c < channels; ++c) {
        double weights = 0, products = 0;
        for (uint32_t ky = 0; ky < shape.kernelHeight; ++ky) {
            for (uint32_t kx = 0; kx < shape.kernelWidth; ++kx) {
                const int64_t y =
                    int64_t{place.y} * shape.strideY + int64_t{ky} * shape.dilationY - shape.padTop;
                const int64_t x =
                    int64_t{place.x} * shape.strideX + int64_t{kx} * shape.dilationX - shape.padLeft;
                const double w = m_weights.values[weight++], v = inputAt(place, firstChannel + c, y, x);
                sum += w * v;
                products += std::abs(w * v);
                weights += std::abs(w);
            }
        }
        magnitude += isWinograd ? weights * tileMaximum(place, c) : products;
    }
    if (!m_problem.bias) return sum;
    const uint32_t word = m_biasWords[place.filter];
    const double bias = isInteger(m_problem.types) ? static_cast<double>(static_cast<int32_t>(word))
                                                   : double{std::bit_cast<float>(word)};
    magnitude += std::abs(bias);
    return sum + bias;
}

ConvolutionCase::Place ConvolutionCase::placeOf(uint32_t index) const {
    const ConvolutionShape& shape = m_problem.shape;
    const uint32_t width = outputWidth(shape), plane = outputHeight(shape) * width;
    return {index / plane / shape.filters, index / plane % shape.filters, index % plane / width,
            index % width};
}

double ConvolutionCase::meanError() const {
    double errors = 0, squares = 0, magnitude = 0;
    for (uint32_t i = 0; i < m_words.size(); ++i) {
        const double expected = wanted(placeOf(i), magnitude);
        const double error = double{std::bit_cast<float>(m_words[i])} - expected;
        errors += error * error;
        squares += expected * expected;
    }
    return std::sqrt(errors / squares);
}

double ConvolutionCase::worst() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const ConvolutionShape& shape = m_problem.shape;
    if (!m_areGuardsKept) return infinity;
    const bool isWinograd = m_path == ConvolutionPath::Winograd2 || m_path == ConvolutionPath::Winograd4;
    const double factor = isWinograd ? quant::winogradErrorBound(m_path, shape.channels)
                                     : quant::convolutionErrorBound(depthOf(shape));
    const bool isRectified = m_problem.activation == quant::GemmActivation::Relu;
    double worst = 0;
    for (uint32_t i = 0; i < m_words.size(); ++i) {
        double magnitude = 0;
        double expected = wanted(placeOf(i), magnitude);
        if (isRectified) expected = std::max(expected, 0.0);
        if (isInteger(m_problem.types)) {
            if (m_words[i] != static_cast<uint32_t>(static_cast<int64_t>(expected))) return infinity;
            continue;
        }
        const double error = std::abs(double{std::bit_cast<float>(m_words[i])} - expected);
        if (error == 0) continue;
        if (!(error <= infinity)) return infinity;
        worst = std::max(worst, error / (factor * magnitude));
    }
    return worst;
}

}  // namespace tests
