#pragma once

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/gemm.h"
#include "quant/gemm_finishing.h"
#include "quant/quotient.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

// What the files that implement Gemm share.

namespace quant {

// The elements' name in the kernels.
inline uint32_t elementOf(GemmType type) {
    constexpr uint32_t none = ~0u;
    constexpr uint32_t elements[] = {shaders::elementF32,
                                     shaders::elementTF32,
                                     shaders::elementF16,
                                     shaders::elementBF16,
                                     none,
                                     shaders::elementS8,
                                     shaders::elementU8,
                                     shaders::elementS4,
                                     shaders::elementS2,
                                     shaders::elementSign};
    return elements[static_cast<size_t>(type)];
}

// As the kernels have it.
inline shaders::GemmWindow windowOf(const GemmMatrix& matrix) {
    if (!matrix.window) return {};
    const GemmWindow& window = *matrix.window;
    return {.height = window.height,
            .width = window.width,
            .kernelHeight = window.kernelHeight,
            .kernelWidth = window.kernelWidth,
            .outWidth = window.outWidth,
            .strideY = window.strideY,
            .strideX = window.strideX,
            .dilationY = window.dilationY,
            .dilationX = window.dilationX,
            .padTop = window.padTop,
            .padLeft = window.padLeft,
            .padding = static_cast<uint32_t>(window.padding)};
}

// A part of k: only the first one adds what C held and the bias, only the last one finishes.
struct DepthPart {
    bool isFirst = true, isLast = true;
};

// One product under way.
struct Gemm::Work {
    engine::Device& device;
    GemmProblem problem;
    GemmPlan plan;
    engine::Commands& commands;
    engine::Buffer finish{};    // the GemmFinish, where there is a finishing
    double operationsDone = 0;  // in the present submission
    bool isCpu = device.info().type == engine::DeviceType::Cpu;
    // Lanes of the kernels that own a whole subgroup; a CPU driver's loads are picked from uniform ones.
    uint32_t lanes = device.info().subgroupSize;
    uint32_t batch = 0;  // of the paths that take one at a time

    uint64_t operations(uint64_t rows, uint64_t depth) const { return operations(rows, depth, problem.n); }
    static uint64_t operations(uint64_t rows, uint64_t depth, uint64_t columns) {
        return 2 * rows * columns * depth;
    }
    // What some 50 ms do, from measurements on llvmpipe; cautious guesses elsewhere.
    double operationsAtOnce() const {
        switch (plan.path) {
            case GemmPath::Reference:
                return isCpu ? 1e8 : 4e9;
            case GemmPath::Shared:
            case GemmPath::Coopmat:
                return isCpu ? 4e8 : 5e10;
            default:
                return isCpu ? 2e9 : 5e10;
        }
    }
    // Rows, or panels of so many rows, that one dispatch may take.
    uint32_t atOnce(uint64_t rowsEach, uint64_t depth) const { return atOnce(rowsEach, depth, problem.n); }
    uint32_t atOnce(uint64_t rowsEach, uint64_t depth, uint64_t columns) const {
        const double each = static_cast<double>(operations(rowsEach, depth, columns));
        return static_cast<uint32_t>(std::clamp(operationsAtOnce() / std::max(each, 1.0), 1.0, 4e9));
    }
    void submitAfter(uint64_t operationsMore) {
        operationsDone += static_cast<double>(operationsMore);
        if (operationsDone < operationsAtOnce()) return;
        commands.flush();
        operationsDone = 0;
    }

    engine::KernelVariant variant(std::vector<std::pair<uint32_t, uint32_t>> constants,
                                  bool ownsSubgroup) const {
        return {.constants = std::move(constants), .subgroupSize = ownsSubgroup ? lanes : 0};
    }
    // Specialization constant 9 of a kernel that stores the last part of C.
    std::pair<uint32_t, uint32_t> finishing(DepthPart part = {}) const {
        return {9, problem.finishing && part.isLast ? problem.finishing->kind : shaders::finishPlain};
    }
    uint32_t bytesOfC() const { return problem.finishing && isEightBit(*problem.finishing) ? 1 : 4; }
    uint64_t addressOfC(uint32_t ofBatch) const {
        const uint64_t first = problem.c.firstElement + uint64_t{ofBatch} * problem.c.batchStride;
        return problem.c.data.address() + first * bytesOfC();
    }
    shaders::GemmEpilogue epilogue(DepthPart part = {}) const {
        const bool isFinishing = problem.finishing && part.isLast;
        const bool isRelu = !isFinishing && part.isLast && problem.activation == GemmActivation::Relu;
        const bool hasBias = problem.bias && (problem.finishing ? part.isLast : part.isFirst);
        const bool isAlongRows = problem.channels == GemmChannels::Rows;
        return {.bias = hasBias ? problem.bias->address() : 0,
                .finish = isFinishing ? finish.address() : 0,
                .alpha = problem.finishing ? 1 : problem.alpha,
                .beta = !part.isFirst       ? 1
                        : problem.finishing ? 0
                                            : problem.beta,
                .flags = (isRelu ? shaders::flagRelu : 0) | (isAlongRows ? shaders::flagRowChannels : 0),
                .firstBatch = batch,
                .channels = problem.channelsOfBatch(),
                .channelBatches = problem.channelBatches};
    }
    // Without elements there may be no memory.
    engine::BufferRange a() const { return problem.a.data.buffer ? problem.a.data : problem.c.data; }
    engine::BufferRange b() const { return problem.b.data.buffer ? problem.b.data : problem.c.data; }
    // What a kernel reads as such: something else that it reads anyway where there is none.
    engine::BufferRange bias() const { return problem.bias.value_or(problem.c.data); }
    engine::BufferRange parameters() const {
        return problem.finishing ? problem.finishing->parameters : problem.c.data;
    }
    engine::BufferRange sums() const { return problem.finishing ? problem.finishing->sums : problem.c.data; }
    engine::BufferRange finishRange() const {
        return problem.finishing ? engine::BufferRange(finish) : problem.c.data;
    }

    static uint32_t firstOf(const GemmMatrix& matrix, uint32_t ofBatch) {
        return matrix.firstElement + ofBatch % matrix.count * matrix.batchStride;
    }
    shaders::GemmPush push() const {
        return {.a = a().address(),
                .b = b().address(),
                .c = addressOfC(batch),
                .epilogue = epilogue(),
                .m = problem.m,
                .n = problem.n,
                .k = problem.k,
                .aRow = problem.a.rowStride,
                .aColumn = problem.a.columnStride,
                .bRow = problem.b.rowStride,
                .bColumn = problem.b.columnStride,
                .cRow = problem.c.rowStride,
                .firstRow = 0,
                .rows = problem.m,
                .aFirst = firstOf(problem.a, batch),
                .bFirst = firstOf(problem.b, batch)};
    }
};

}  // namespace quant
