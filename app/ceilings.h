#pragma once

#include "engine/device.h"
#include "quant/gemm_type.h"

namespace app {

// What the device does at most.
struct Ceilings {
    double floatRate = 0, dotRate = 0;  // operations per second; 0 for dot products that it lacks
    double bandwidth = 0;               // bytes per second of a plain copy

    // Integers may be multiplied as such or as floats: the faster of both.
    double rateOf(quant::GemmTypes types) const;
};

// hasIntegers: whether dot products matter.
Ceilings measureCeilings(engine::Device& device, bool hasIntegers);

}  // namespace app
