#pragma once

#include "quant/convolution.h"
#include "quant/quantized_gemm.h"

#include <cstdint>
#include <vector>

namespace quant {

// A convolution of quantized tensors and what becomes of it: as QuantizedGemmProblem has it, with filters for
// channels. Padding stands for the real number zero. The bias is int32 in units of the weights' scale times
// the input's; the output [images][filters][outputHeight][outputWidth] is of the output's type.
struct QuantizedConvolutionProblem {
    ConvolutionProblem convolution;  // of integers; its inputZeroPoint does not count, that of `input` does
    AffineGrid weights;              // one, or one for each filter
    AffineGrid input;                // one
    QuantizedOutput output = QuantizedOutput::Int8;
    float scaleOutput = 1;        // of 8-bit outputs
    int32_t zeroPointOutput = 0;  // within the output's range
    Requantization requantization = Requantization::Float;
};

// Convolutions of quantized tensors, by the paths direct and implicit.
class QuantizedConvolution {
public:
    explicit QuantizedConvolution(engine::Device& device) : m_convolution(device), m_finishing(device) {}

    // As Convolution::convolve and QuantizedGemm::multiply; for other paths std::invalid_argument.
    engine::Ticket convolve(const QuantizedConvolutionProblem& problem, ConvolutionPath path);
    // Depthwise and other convolutions of few filters by the direct path, the rest by the implicit one.
    engine::Ticket convolve(const QuantizedConvolutionProblem& problem);

private:
    Convolution m_convolution;
    QuantizedGemm m_finishing;
};

}  // namespace quant
