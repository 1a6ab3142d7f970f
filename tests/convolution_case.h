#pragma once

#include "quant/convolution.h"
#include "tests/gemm_operands.h"

#include <cstdint>
#include <vector>

namespace tests {

// A convolution of tensors whose values are known, as it comes from the device, and what it must be.
class ConvolutionCase {
public:
    // Of the values, which the types, of weights and of input, hold exactly.
    ConvolutionCase(quant::GemmTypes types, const quant::ConvolutionShape& shape, std::vector<double> input,
                    std::vector<double> weights);
    // Of pseudo-random ones: all of an 8-bit type's, else normal deviates.
    ConvolutionCase(quant::GemmTypes types, const quant::ConvolutionShape& shape, uint64_t seed);

    // What else it is made of, before run(). Biases of integers overflow.
    void addBias();
    void rectify() { m_problem.activation = quant::GemmActivation::Relu; }
    void setZeroPoint(int32_t zeroPoint) { m_problem.inputZeroPoint = zeroPoint; }

    // Into memory that holds NaNs, with guards on both sides.
    void run(quant::Convolution& convolution, quant::ConvolutionPath path);

    // The largest error of an element in units of the path's bound; of integers 0 where all are exact, else
    // infinity. Infinity where something is NaN that must not be, or where a guard has changed.
    double worst() const;
    // The root of the mean square of errors, by that of what the output must be.
    double meanError() const;
    // The words of the output, floats or integers.
    const std::vector<uint32_t>& words() const { return m_words; }
    const quant::ConvolutionProblem& problem() const { return m_problem; }

private:
    // Where an output stands.
    struct Place {
        uint32_t image, filter, y, x;
    };
    Place placeOf(uint32_t index) const;
    double inputAt(const Place& place, uint32_t channel, int64_t y, int64_t x) const;
    double tileMaximum(const Place& place, uint32_t channel) const;
    double wanted(const Place& place, double& magnitude) const;

    Operand m_input, m_weights;
    quant::ConvolutionProblem m_problem;
    quant::ConvolutionPath m_path = quant::ConvolutionPath::Direct;
    engine::Buffer m_output, m_bias;
    std::vector<uint32_t> m_biasWords, m_words;
    bool m_areGuardsKept = true;
};

}  // namespace tests
