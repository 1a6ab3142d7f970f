#pragma once

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/gemm.h"
#include "shaders/gemm.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

// What the files that implement Gemm share.

namespace quant {

template <class Number>
Number quotient(Number value, Number by) {
    return (value + by - 1) / by;
}

// Specialization constant 0 of the kernels.
inline uint32_t elementOf(GemmType type) {
    constexpr uint32_t elements[] = {shaders::elementF32, shaders::elementF16, shaders::elementBF16,
                                     shaders::elementS8, shaders::elementU8};
    return elements[static_cast<size_t>(type)];
}

// One product under way.
struct Gemm::Work {
    engine::Device& device;
    const GemmProblem& problem;
    const GemmPlan& plan;
    engine::Commands commands{device};
    double operationsLeft = 0;  // in the present submission
    bool isCpu = device.info().type == engine::DeviceType::Cpu;
    // Lanes of the kernels that own a whole subgroup; a CPU driver's loads are picked from uniform ones.
    uint32_t lanes = device.info().subgroupSize;

    uint64_t operations(uint64_t rows, uint64_t depth) const { return 2 * rows * problem.n * depth; }
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
    uint32_t atOnce(uint64_t rowsEach, uint64_t depth) const {
        const double each = static_cast<double>(operations(rowsEach, depth));
        return static_cast<uint32_t>(std::clamp(operationsAtOnce() / std::max(each, 1.0), 1.0, 4e9));
    }
    void submitAfter(uint64_t operationsDone) {
        operationsLeft += static_cast<double>(operationsDone);
        if (operationsLeft < operationsAtOnce()) return;
        commands.flush();
        operationsLeft = 0;
    }

    engine::KernelVariant variant(std::vector<std::pair<uint32_t, uint32_t>> constants,
                                  bool ownsSubgroup) const {
        return {.constants = std::move(constants), .subgroupSize = ownsSubgroup ? lanes : 0};
    }
    // Of the first part of k that is added; later parts add to it.
    shaders::GemmEpilogue epilogue(bool isFirst) const {
        const bool hasBias = isFirst && problem.bias;
        return {.bias = hasBias ? problem.bias->address() : 0,
                .alpha = problem.alpha,
                .beta = isFirst ? problem.beta : 1};
    }
    // What a kernel reads as such: something else that it reads anyway where there is none.
    engine::BufferRange bias() const { return problem.bias.value_or(problem.c.data); }
    shaders::GemmPush push() const {
        return {.a = problem.a.data.address(),
                .b = problem.b.data.address(),
                .c = problem.c.data.address(),
                .epilogue = epilogue(true),
                .m = problem.m,
                .n = problem.n,
                .k = problem.k,
                .aRow = problem.a.rowStride,
                .aColumn = problem.a.columnStride,
                .bRow = problem.b.rowStride,
                .bColumn = problem.b.columnStride,
                .cRow = problem.c.rowStride,
                .firstRow = 0,
                .rows = problem.m};
    }
};

}  // namespace quant
