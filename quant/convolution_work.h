#pragma once

#include "engine/kernel.h"
#include "quant/convolution.h"
#include "quant/gemm_work.h"
#include "quant/scratch.h"
#include "shaders/convolution.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

// What the files that implement Convolution share.

namespace quant {

// One convolution under way.
struct Convolution::Work {
    engine::Device& device;
    const ConvolutionProblem& problem;
    const ConvolutionShape& shape = problem.shape;
    engine::Commands commands{device};
    engine::Buffer finish{};  // the GemmFinish, where there is a finishing
    bool isCpu = device.info().type == engine::DeviceType::Cpu;
    // Of the kernels that own a whole subgroup; a CPU driver's loads are picked from uniform ones.
    uint32_t lanes = device.info().subgroupSize;
    uint32_t outHeight = outputHeight(shape), outWidth = outputWidth(shape);

    uint32_t outPlane() const { return outHeight * outWidth; }

    const engine::Kernel& kernel(const char* name, std::vector<std::pair<uint32_t, uint32_t>> constants,
                                 bool ownsSubgroup) const {
        constants.emplace_back(1, ownsSubgroup ? lanes : 64);
        if (ownsSubgroup) constants.emplace_back(6, isCpu);
        return device.kernel(name,
                             {.constants = std::move(constants), .subgroupSize = ownsSubgroup ? lanes : 0});
    }
    shaders::ConvEpilogue epilogue() const {
        const bool isRelu = problem.activation == GemmActivation::Relu;
        return {.bias = problem.bias ? problem.bias->address() : 0,
                .finish = problem.finishing ? finish.address() : 0,
                .flags = isRelu ? shaders::flagRelu : 0,
                .groups = shape.groups};
    }
    // What a kernel reads as such: something else that it may read anyway where there is none.
    engine::BufferRange bias() const { return problem.bias.value_or(problem.weights); }
    // An element of padding; 0 of a float has the bits of the integer.
    uint32_t zeroPoint() const { return static_cast<uint32_t>(problem.inputZeroPoint); }

    shaders::ConvGeometry geometry() const {
        return {.channels = shape.channels,
                .height = shape.height,
                .width = shape.width,
                .filters = shape.filters,
                .outHeight = outHeight,
                .outWidth = outWidth,
                .kernelHeight = shape.kernelHeight,
                .kernelWidth = shape.kernelWidth,
                .strideY = shape.strideY,
                .strideX = shape.strideX,
                .padTop = shape.padTop,
                .padLeft = shape.padLeft,
                .dilationY = shape.dilationY,
                .dilationX = shape.dilationX,
                .groups = shape.groups};
    }
    // Scratch memory of at least so many bytes; what was there stays alive until the device is done with it.
    const engine::Buffer& scratch(engine::Buffer& buffer, uint64_t bytes) const {
        growTo(device, buffer, bytes, "scratch of convolutions");
        return buffer;
    }
};

}  // namespace quant
