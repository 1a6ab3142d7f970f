#pragma once

#include "quant/convolution_shape.h"
#include "quant/gemm_type.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quant {

// A convolution in host memory, as ConvolutionProblem has it on the device; elements of fewer than 8 bits lie
// end to end, lowest bits first.
struct HostConvolution {
    GemmTypes types = GemmType::Fp32;  // of weights (a) and input (b)
    ConvolutionShape shape;
    std::vector<std::byte> input, weights;
    int32_t inputZeroPoint = 0;
};

}  // namespace quant
