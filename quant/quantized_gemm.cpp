#include "quant/quantized_gemm.h"

#include "quant/gemm_finishing.h"
#include "quant/gemm_work.h"
#include "quant/requantization.h"
#include "quant/scratch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

using engine::Buffer;
using engine::MemoryKind;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

struct Limits {
    int32_t low = 0, high = 0;
};

Limits limitsOf(GemmType type) {
    if (type == GemmType::Uint8) return {0, 255};
    if (type == GemmType::Binary) return {-1, 1};
    const int32_t half = 1 << (elementBits(type) - 1);
    return {-half, half - 1};
}

void checkGrid(const char* which, const AffineGrid& grid, GemmType type, uint64_t channels) {
    const std::string prefix = std::string("matrix ") + which;
    for (const size_t size : {grid.scales.size(), grid.zeroPoints.size()})
        require(size > 0 && (size == 1 || size == channels), prefix + " has " + std::to_string(size) +
                                                                 " scales or zero points, and not one or " +
                                                                 std::to_string(channels));
    for (const float scale : grid.scales)
        require(std::isfinite(scale) && scale > 0,
                prefix + " has a scale of " + std::to_string(scale) + ", which is not positive and finite");
    const auto [low, high] = limitsOf(type);
    for (const int32_t zeroPoint : grid.zeroPoints)
        require(zeroPoint >= low && zeroPoint <= high, prefix + " has a zero point of " +
                                                           std::to_string(zeroPoint) + ", beyond " +
                                                           std::string(name(type)));
}

// What quantizes a matrix on the way says what its integers stand for.
void checkSame(const char* which, const AffineGrid& grid, const GemmMatrix& matrix) {
    if (!matrix.quantizer) return;
    const auto& [elements, scale, zeroPoint] = *matrix.quantizer;
    require(grid.scales == std::vector{scale} && grid.zeroPoints == std::vector{zeroPoint},
            std::string("matrix ") + which + " is quantized to another grid than it is multiplied with");
}

bool isEightBit(QuantizedOutput output) {
    return output != QuantizedOutput::Fp32;
}

void checkQuantized(const QuantizedGemmProblem& problem) {
    const GemmProblem& product = problem.product;
    const auto isByte = [](GemmType type) { return isInteger(type) && elementBits(type) <= 8; };
    require(isByte(product.types.a) && isByte(product.types.b),
            "quantized products are of integers of at most 8 bits, not of " + name(product.types));
    const uint64_t channels = uint64_t{product.channelsOfBatch()} * product.channelBatches;
    const bool isAlongRows = product.channels == GemmChannels::Rows;
    checkGrid("A", problem.a, product.types.a, isAlongRows ? channels : 1);
    checkGrid("B", problem.b, product.types.b, isAlongRows ? 1 : channels);
    checkSame("A", problem.a, product.a);
    checkSame("B", problem.b, product.b);
    if (!isEightBit(problem.output)) return;
    checkGrid("C", {{problem.scaleC}, {problem.zeroPointC}},
              problem.output == QuantizedOutput::Int8 ? GemmType::Int8 : GemmType::Uint8, 1);
}

uint32_t kindOf(const QuantizedGemmProblem& problem) {
    if (!isEightBit(problem.output)) return shaders::finishDequantize;
    return problem.requantization == Requantization::Fixed ? shaders::finishFixed : shaders::finishRequantize;
}

bool isAllZero(const std::vector<int32_t>& values) {
    return std::ranges::all_of(values, [](int32_t value) { return value == 0; });
}

// What every total is multiplied by: one, or one for each channel.
std::vector<double> multipliersOf(const QuantizedGemmProblem& problem) {
    const auto &ofA = problem.a.scales, &ofB = problem.b.scales;
    const double scaleC = isEightBit(problem.output) ? problem.scaleC : 1;
    std::vector<double> multipliers(std::max(ofA.size(), ofB.size()));
    for (size_t i = 0; i < multipliers.size(); ++i)
        multipliers[i] = double{ofA[ofA.size() > 1 ? i : 0]} * ofB[ofB.size() > 1 ? i : 0] / scaleC;
    return multipliers;
}

// The arrays of a GemmFinish, one after the other in one buffer.
class Parameters {
public:
    uint64_t add(const std::vector<uint32_t>& words) {  // returns their offset
        const uint64_t offset = m_words.size() * sizeof(uint32_t);
        m_words.insert(m_words.end(), words.begin(), words.end());
        return offset;
    }
    Buffer upload(engine::Device& device) const {
        Buffer buffer(device, m_words.size() * sizeof(uint32_t), MemoryKind::Upload, "grids of a product");
        std::ranges::copy(m_words, buffer.mappedAs<uint32_t>().begin());
        buffer.flush();
        return buffer;
    }

private:
    std::vector<uint32_t> m_words;
};

std::vector<uint32_t> wordsOf(const std::vector<int32_t>& values) {
    return {values.begin(), values.end()};
}

struct MultiplierWords {
    std::vector<uint32_t> multipliers, shifts;
};

MultiplierWords multiplierWords(const QuantizedGemmProblem& problem) {
    MultiplierWords words;
    for (const double multiplier : multipliersOf(problem)) {
        if (kindOf(problem) == shaders::finishFixed) {
            const FixedMultiplier fixed = fixedMultiplier(multiplier);
            words.multipliers.push_back(static_cast<uint32_t>(fixed.multiplier));
            words.shifts.push_back(static_cast<uint32_t>(fixed.shift));
            continue;
        }
        const auto single = static_cast<float>(multiplier);
        require(std::isnormal(single),
                "a multiplier of " + std::to_string(multiplier) + " is no normal float");
        words.multipliers.push_back(std::bit_cast<uint32_t>(single));
    }
    return words;
}

// The addresses are offsets until there is a buffer.
GemmFinishing finishingOf(const QuantizedGemmProblem& problem, Parameters& parameters) {
    const MultiplierWords words = multiplierWords(problem);
    const bool isSigned = problem.output == QuantizedOutput::Int8;
    const bool isRelu = problem.product.activation == GemmActivation::Relu;
    GemmFinishing finishing{.kind = kindOf(problem), .parameters = {}, .sums = {}};
    shaders::GemmFinish& values = finishing.values;
    values.zeroPointsA = parameters.add(wordsOf(problem.a.zeroPoints));
    values.zeroPointsB = parameters.add(wordsOf(problem.b.zeroPoints));
    values.multipliers = parameters.add(words.multipliers);
    values.shifts = parameters.add(words.shifts);
    values.hasChannelsA = problem.a.zeroPoints.size() > 1;
    values.hasChannelsB = problem.b.zeroPoints.size() > 1;
    values.hasChannelMultipliers = words.multipliers.size() > 1;
    values.zeroPointC = problem.zeroPointC;
    values.low = isSigned ? -128 : 0;
    values.high = values.low + 255;
    if (isRelu) values.low = problem.zeroPointC;
    values.lowest = isRelu ? 0 : -HUGE_VALF;
    return finishing;
}

}  // namespace

// Of the lines of one operand, from the offset on.
void QuantizedGemm::addSums(const GemmProblem& product, bool isA, uint64_t offset) {
    const GemmMatrix& matrix = isA ? product.a : product.b;
    const GemmType type = isA ? product.types.a : product.types.b;
    if (!matrix.data.buffer) return;  // there are no elements
    const auto quantizer = matrix.quantizer.value_or(GemmQuantizer{});
    const shaders::GemmLineSumsPush push{.matrix = matrix.data.address(),
                                         .sums = m_sums.address() + offset,
                                         .lines = isA ? product.m : product.n,
                                         .depth = product.k,
                                         .outerStride = isA ? matrix.rowStride : matrix.columnStride,
                                         .depthStride = isA ? matrix.columnStride : matrix.rowStride,
                                         .first = matrix.firstElement,
                                         .matrices = std::min(matrix.count, product.batches),
                                         .matrixStride = matrix.batchStride,
                                         .inverseScale = 1 / quantizer.scale,
                                         .zeroPoint = quantizer.zeroPoint,
                                         .window = windowOf(matrix)};
    const bool isAlongDepth = !matrix.window && push.outerStride != 1;
    const uint32_t lanes = m_device.info().subgroupSize;
    const auto& kernel = m_device.kernel(
        "gemm_line_sums", {.constants = {{0, elementOf(matrix.quantizer ? quantizer.elements : type)},
                                         {1, lanes},
                                         {4, matrix.quantizer ? elementOf(type) : shaders::elementF32},
                                         {5, isAlongDepth},
                                         {6, matrix.window.has_value()}},
                           .subgroupSize = lanes});
    const uint64_t lines = uint64_t{push.lines} * push.matrices;
    engine::Commands commands(m_device);
    commands.dispatch(kernel, isAlongDepth ? lines * lanes : lines, push, {matrix.data}, {m_sums});
    commands.submit();
}

const GemmFinishing& QuantizedGemm::prepare(const QuantizedGemmProblem& problem) {
    checkQuantized(problem);
    Parameters parameters;
    m_finishing = finishingOf(problem, parameters);
    GemmProblem product = problem.product;
    product.finishing = &m_finishing;
    checkProblem(product);
    const uint64_t linesOfA = uint64_t{product.m} * std::min(product.a.count, product.batches);
    const uint64_t linesOfB = uint64_t{product.n} * std::min(product.b.count, product.batches);
    const uint64_t bytes = (linesOfA + linesOfB) * sizeof(int32_t);
    growTo(m_device, m_sums, bytes, "sums of rows and columns");
    shaders::GemmFinish& values = m_finishing.values;
    if (!isAllZero(problem.b.zeroPoints)) {
        addSums(product, true, 0);
        values.rowSums = m_sums.address();
    }
    if (!isAllZero(problem.a.zeroPoints)) {
        addSums(product, false, linesOfA * sizeof(int32_t));
        values.columnSums = m_sums.address() + linesOfA * sizeof(int32_t);
    }
    m_grids = parameters.upload(m_device);
    for (uint64_t* address : {&values.zeroPointsA, &values.zeroPointsB, &values.multipliers, &values.shifts})
        *address += m_grids.address();
    m_finishing.parameters = m_grids;
    m_finishing.sums = m_sums;
    return m_finishing;
}

engine::Ticket QuantizedGemm::multiply(const QuantizedGemmProblem& problem, const GemmPlan& plan) {
    GemmProblem product = problem.product;
    product.finishing = &prepare(problem);
    return m_gemm.multiply(product, plan);
}

}  // namespace quant
