#pragma once

#include "engine/buffer.h"
#include "shaders/gemm.h"

#include <cstdint>

namespace quant {

struct GemmProblem;

// How the sums of an integer product become C of another type: GemmFinish in shaders/gemm.h. Gemm fills in
// addend, m, n, k, matricesA and matricesB, and takes the bias of its problem.
struct GemmFinishing {
    uint32_t kind = shaders::finishRequantize;  // or finishFixed, finishDequantize
    shaders::GemmFinish values{};
    // What the addresses among the values point into.
    engine::BufferRange parameters, sums;
};

// The GemmFinish of a product that has a finishing, in memory that the device reads. Its addend may still be
// written.
engine::Buffer uploadFinish(engine::Device& device, const GemmProblem& problem);

inline bool isEightBit(const GemmFinishing& finishing) {
    return finishing.kind != shaders::finishDequantize;
}

}  // namespace quant
