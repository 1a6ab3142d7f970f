#include "quant/quantized_convolution.h"

#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/requantized.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

QuantizedConvolution& convolutions() {
    static QuantizedConvolution convolutions(device());
    return convolutions;
}

// Tensors, grids and bias of a convolution, and what it must be.
class Case {
public:
    Case(GemmTypes types, const ConvolutionShape& shape, QuantizedOutput output, uint64_t seed)
        : m_weights(randomOperand(types.a, 1, static_cast<uint32_t>(weightElements(shape)), seed)),
          m_input(randomOperand(types.b, 1, static_cast<uint32_t>(inputElements(shape)), seed + 1)) {
        Random random(seed + 2);
        m_problem.convolution = {.types = types,
                                 .shape = shape,
                                 .input = m_input.buffer,
                                 .weights = m_weights.buffer,
                                 .output = {},
                                 .bias = {},
                                 .activation = seed % 3 ? GemmActivation::None : GemmActivation::Relu};
        const bool isPerFilter = seed % 2 == 1;
        m_problem.weights = {{}, {}};
        for (uint32_t i = 0; i < (isPerFilter ? shape.filters : 1); ++i) {
            m_problem.weights.scales.push_back(0.001f * static_cast<float>(1 + random.below(50)));
            m_problem.weights.zeroPoints.push_back(seed % 5 ? 0 : static_cast<int32_t>(random.below(8)) - 4);
        }
        m_problem.input = {{0.02f}, {types.b == GemmType::Int8 ? -11 : 100}};
        m_problem.output = output;
        m_problem.scaleOutput =
            0.003f * static_cast<float>(std::sqrt(depthOf(shape)) * (1 << (elementBits(types.a) - 1)));
        m_problem.zeroPointOutput = output == QuantizedOutput::Int8 ? 7 : 90;
        m_problem.requantization = seed % 4 < 2 ? Requantization::Float : Requantization::Fixed;
        m_bias = engine::Buffer(device(), shape.filters * 4, engine::MemoryKind::Upload, "bias");
        for (uint32_t i = 0; i < shape.filters; ++i)
            m_biases.push_back(static_cast<int32_t>(random.below(4001)) - 2000);
        std::ranges::copy(m_biases, m_bias.mappedAs<int32_t>().begin());
        m_bias.flush();
        m_problem.convolution.bias = engine::BufferRange(m_bias);
    }

    QuantizedConvolutionProblem& problem() { return m_problem; }

    bool isRight(ConvolutionPath path) {
        const uint64_t elements = outputElements(m_problem.convolution.shape);
        const uint64_t bytes =
            m_problem.output == QuantizedOutput::Fp32 ? elements * 4 : (elements + 3) / 4 * 4;
        const engine::Buffer output(device(), bytes, engine::MemoryKind::Readback, "output");
        std::ranges::fill(output.mapped(), std::byte{0x5a});
        output.flush();
        m_problem.convolution.output = {output, 0, bytes};
        device().wait(convolutions().convolve(m_problem, path));
        output.invalidate();
        std::vector<std::byte> expected(output.sizeBytes(), std::byte{0x5a});
        for (uint32_t i = 0; i < elements; ++i) store(expected, i);
        return std::ranges::equal(expected, output.mapped());
    }

private:
    int64_t total(uint32_t index) const {
        const ConvolutionShape& shape = m_problem.convolution.shape;
        const uint32_t width = outputWidth(shape), plane = outputHeight(shape) * width;
        const uint32_t filter = index / plane % shape.filters, image = index / plane / shape.filters;
        const uint32_t firstChannel = filter / groupFilters(shape) * groupChannels(shape);
        const int64_t zeroWeight =
            m_problem.weights.zeroPoints[m_problem.weights.zeroPoints.size() > 1 ? filter : 0];
        int64_t sum = m_biases[filter];
        for (uint32_t k = 0; k < depthOf(shape); ++k) {
            const uint32_t area = shape.kernelHeight * shape.kernelWidth, inKernel = k % area;
            const int64_t y = int64_t{index % plane / width} * shape.strideY - shape.padTop +
                              int64_t{inKernel / shape.kernelWidth} * shape.dilationY;
            const int64_t x = int64_t{index % width} * shape.strideX - shape.padLeft +
                              int64_t{inKernel % shape.kernelWidth} * shape.dilationX;
            if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) continue;  // a real zero
            const uint64_t at = ((uint64_t{image} * shape.channels + firstChannel + k / area) * shape.height +
                                 static_cast<uint64_t>(y)) *
                                    shape.width +
                                static_cast<uint64_t>(x);
            sum +=
                (static_cast<int64_t>(m_weights.values[uint64_t{filter} * depthOf(shape) + k]) - zeroWeight) *
                (static_cast<int64_t>(m_input.values[at]) - m_problem.input.zeroPoints[0]);
        }
        return sum;
    }

    void store(std::vector<std::byte>& bytes, uint32_t index) const {
        const ConvolutionShape& shape = m_problem.convolution.shape;
        const uint32_t filter = index / (outputHeight(shape) * outputWidth(shape)) % shape.filters;
        const bool isRelu = m_problem.convolution.activation == GemmActivation::Relu;
        const auto& scales = m_problem.weights.scales;
        const double scale = double{scales[scales.size() > 1 ? filter : 0]} * m_problem.input.scales[0];
        const Requantized requantized{m_problem.output, m_problem.requantization, m_problem.scaleOutput,
                                      m_problem.zeroPointOutput, isRelu};
        requantized.store(bytes, index, total(index), scale);
    }

    Operand m_weights, m_input;
    QuantizedConvolutionProblem m_problem;
    engine::Buffer m_bias;
    std::vector<int32_t> m_biases;
};

constexpr ConvolutionShape padded{.images = 2,
                                  .channels = 3,
                                  .height = 9,
                                  .width = 7,
                                  .filters = 5,
                                  .kernelHeight = 3,
                                  .kernelWidth = 3,
                                  .padTop = 1,
                                  .padLeft = 2,
                                  .padBottom = 1};
constexpr ConvolutionShape strided{.channels = 6,
                                   .height = 11,
                                   .width = 10,
                                   .filters = 4,
                                   .kernelHeight = 2,
                                   .kernelWidth = 3,
                                   .strideY = 2,
                                   .padRight = 1,
                                   .dilationX = 2,
                                   .groups = 2};
constexpr ConvolutionShape depthwise{.images = 3,
                                     .channels = 7,
                                     .height = 6,
                                     .width = 13,
                                     .filters = 7,
                                     .kernelHeight = 3,
                                     .kernelWidth = 3,
                                     .padTop = 1,
                                     .padLeft = 1,
                                     .padBottom = 1,
                                     .padRight = 1,
                                     .groups = 7};

}  // namespace

TEST_CASE("Quantized convolutions are those of the real numbers, zero where padded",
          "[device][convolution]") {
    uint64_t seed = 1;
    for (const ConvolutionShape& shape : {padded, strided, depthwise}) {
        for (const GemmTypes types : {GemmTypes(GemmType::Int8), GemmTypes(GemmType::Int8, GemmType::Uint8),
                                      GemmTypes(GemmType::Int4, GemmType::Uint8)}) {
            for (const QuantizedOutput output :
                 {QuantizedOutput::Int8, QuantizedOutput::Uint8, QuantizedOutput::Fp32}) {
                Case one(types, shape, output, seed++);
                for (const ConvolutionPath path : {ConvolutionPath::Direct, ConvolutionPath::Implicit}) {
                    INFO(name(types) << " " << name(path) << " " << shape.channels << " channels, seed "
                                     << seed);
                    CHECK(one.isRight(path));
                }
            }
        }
    }
}

TEST_CASE("No quantized convolution reads or writes beyond its tensors", "[device][convolution][bounds]") {
    Case one(GemmType::Int8, strided, QuantizedOutput::Int8, 5);  // with zero points on both sides
    for (const ConvolutionPath path : {ConvolutionPath::Direct, ConvolutionPath::Implicit})
        CHECK(one.isRight(path));
}

TEST_CASE("Rows as long as several subgroups are stored by words and by bytes", "[device][convolution]") {
    for (const uint32_t width : {132u, 133u}) {
        const ConvolutionShape shape{.channels = 2,
                                     .height = 3,
                                     .width = width,
                                     .filters = 3,
                                     .kernelHeight = 3,
                                     .kernelWidth = 3,
                                     .padTop = 1,
                                     .padLeft = 1,
                                     .padBottom = 1,
                                     .padRight = 1};
        Case one(GemmType::Int8, shape, QuantizedOutput::Int8, 9);
        for (const ConvolutionPath path : {ConvolutionPath::Direct, ConvolutionPath::Implicit}) {
            INFO(name(path) << " width " << width);
            CHECK(one.isRight(path));
        }
    }
}

TEST_CASE("What is chosen for a quantized convolution takes it", "[device][convolution]") {
    for (const ConvolutionShape& shape : {padded, depthwise}) {
        Case one(GemmType::Int8, shape, QuantizedOutput::Fp32, 3);
        const engine::Buffer output(device(), outputElements(shape) * 4, engine::MemoryKind::Device,
                                    "output");
        one.problem().convolution.output = output;
        CHECK_NOTHROW(device().wait(convolutions().convolve(one.problem())));
    }
}

TEST_CASE("Quantized convolutions that make no sense are refused, saying why", "[device][convolution]") {
    const auto refuses = [](const auto& change, ConvolutionPath path, const std::string& why) {
        Case one(GemmType::Int8, padded, QuantizedOutput::Int8, 1);
        change(one.problem());
        try {
            one.isRight(path);
            FAIL("was not refused: " << why);
        } catch (const std::invalid_argument& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).contains(why));
        }
    };
    using Problem = QuantizedConvolutionProblem;
    refuses([](Problem& problem) { problem.weights.scales[0] = NAN; }, ConvolutionPath::Direct,
            "scale of nan");
    refuses([](Problem& problem) { problem.input.zeroPoints = {128}; }, ConvolutionPath::Implicit,
            "zero point of 128, beyond int8");
    refuses([](Problem& problem) { problem.input.scales = {1, 1, 1}; }, ConvolutionPath::Direct,
            "not one scale");
    refuses([](Problem& problem) { problem.weights.scales.resize(3, 1); }, ConvolutionPath::Direct,
            "3 scales");
    refuses([](Problem&) {}, ConvolutionPath::Im2col, "'im2col' does not requantize");
    refuses([](Problem& problem) { problem.convolution.types = GemmType::Fp32; }, ConvolutionPath::Direct,
            "not of fp32");
    const auto narrow = [](Problem& problem) {
        problem.convolution.types = {GemmType::Int8, GemmType::Int4};
        problem.input.zeroPoints = {0};
    };
    refuses(narrow, ConvolutionPath::Direct, "weights of int8 and inputs of int4");
}

}  // namespace tests
