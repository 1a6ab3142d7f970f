#pragma once

#include "quant/gemm.h"
#include "tests/sample_data.h"

#include <cstdint>
#include <vector>

namespace tests {

// Matrices in device memory, with the values that their elements have. Around and between them and their rows
// there are gaps, and in them what would be seen if it were read: NaN, or -1.
struct Operand {
    quant::GemmType type = quant::GemmType::Fp32;
    quant::GemmMatrix matrix;
    engine::Buffer buffer;
    uint32_t rows = 0, columns = 0;
    std::vector<double> values;  // [matrix][row][column]

    double at(uint64_t of, uint64_t row, uint64_t column) const {
        return values[(of * rows + row) * columns + column];
    }
    double at(uint64_t row, uint64_t column) const { return at(0, row, column); }  // of the first
};

// isTransposed: rows lie side by side instead of columns. gap: elements between them. step: from one element
// to the next. count: matrices. first: where the first of them begins.
struct Layout {
    bool isTransposed = false;
    uint32_t gap = 0, step = 1;
    uint32_t count = 1, first = 0;
};

// Of the values [matrix][row][column], which the type holds exactly; of tf32 those of fp32.
Operand operandOf(quant::GemmType type, uint32_t rows, uint32_t columns, std::vector<double> values,
                  const Layout& layout = {});

// Pseudo-random ones: all of an integer type's, else normal deviates rounded to the type.
Operand randomOperand(quant::GemmType type, uint32_t rows, uint32_t columns, uint64_t seed,
                      const Layout& layout = {});

// A product of two operands as it comes from the device, and what it must be.
class Product {
public:
    Product(const Operand& a, const Operand& b, uint32_t batches = 1);
    void sumInHalves() { m_problem.types.hasHalfSums = true; }

    // What else the product is made of, before run().
    void scale(float alpha, float beta);
    void addBias(quant::GemmChannels channels = quant::GemmChannels::Columns, uint32_t channelBatches = 1);
    void rectify() { m_problem.activation = quant::GemmActivation::Relu; }

    // C as it was before, in rows with gaps; then multiplies.
    void run(quant::Gemm& gemm, const quant::GemmPlan& plan);

    // The largest error of an element in units of its bound; of integers 0 where all are exact, else
    // infinity. Infinity where something is NaN that must not be, or where a gap of C has changed.
    double worst() const;
    // The words of C, [batch][m][n], floats or integers.
    const std::vector<uint32_t>& words() const { return m_words; }
    const quant::GemmProblem& problem() const { return m_problem; }

private:
    double wanted(uint64_t index, double& magnitude) const;
    uint64_t placeOf(uint64_t index) const;
    double valueOf(uint32_t word) const;

    const Operand &m_a, &m_b;
    quant::GemmProblem m_problem;
    engine::Buffer m_c, m_bias;
    std::vector<uint32_t> m_before, m_biasWords, m_words;
    bool m_isGapKept = true;
};

// What a GemmQuantizer makes of a value, from its definition.
double quantizedValue(const quant::GemmQuantizer& quantizer, quant::GemmType type, double value);

}  // namespace tests
