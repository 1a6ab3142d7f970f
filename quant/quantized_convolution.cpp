#include "quant/quantized_convolution.h"

#include <stdexcept>

namespace quant {

engine::Ticket QuantizedConvolution::convolve(const QuantizedConvolutionProblem& problem,
                                              ConvolutionPath path) {
    ConvolutionProblem convolution = problem.convolution;
    if (problem.input.zeroPoints.size() != 1 || problem.input.scales.size() != 1)
        throw std::invalid_argument("convolution: the input has not one scale and one zero point");
    convolution.inputZeroPoint = problem.input.zeroPoints.front();
    check(convolution.shape);
    const GemmFinishing& finishing = m_finishing.prepare({.product = productOf(convolution),
                                                          .a = problem.weights,
                                                          .b = problem.input,
                                                          .output = problem.output,
                                                          .scaleC = problem.scaleOutput,
                                                          .zeroPointC = problem.zeroPointOutput,
                                                          .requantization = problem.requantization});
    convolution.finishing = &finishing;
    return m_convolution.convolve(convolution, path);
}

engine::Ticket QuantizedConvolution::convolve(const QuantizedConvolutionProblem& problem) {
    const ConvolutionPath path = m_convolution.pathFor(problem.convolution);
    return convolve(problem, path == ConvolutionPath::Direct ? path : ConvolutionPath::Implicit);
}

}  // namespace quant
