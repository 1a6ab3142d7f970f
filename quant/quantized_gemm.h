#pragma once

#include "engine/buffer.h"
#include "quant/gemm.h"
#include "quant/gemm_finishing.h"

#include <cstdint>
#include <vector>

namespace quant {

// What a quantized matrix stands for: real = scale * (q - zeroPoint). Of each one entry, or one for each
// channel of C.
struct AffineGrid {
    std::vector<float> scales{1};
    std::vector<int32_t> zeroPoints{0};
};

enum class QuantizedOutput { Int8, Uint8, Fp32 };

// How 8-bit outputs come from sums: the real multiplier scaleA * scaleB / scaleC is a float, with ties to
// even, or integers (FixedMultiplier), with halves upwards and the same bits on every device.
enum class Requantization { Float, Fixed };

// A product of quantized matrices and what becomes of it. Of `product` types are integers of at most 8 bits,
// the bias is int32 in units of scaleA * scaleB, alpha and beta do not count, and C is of the output's type.
// The sums are modulo 2^32.
//   total = sum_k (a - zeroA) (b - zeroB) + bias
//   C = clip(round(total * scaleA * scaleB / scaleC) + zeroC), or total * scaleA * scaleB in fp32
// The total is exact. In fp32 it goes through three roundings of 2^-24 (to float, of the multiplier, of their
// product); by Requantization::Float 8-bit levels are those of that product, so that one may differ where the
// product is that close to a tie; by Fixed they are exact.
// A has a scale and zero point for each channel where channels are rows of C, B where they are columns.
struct QuantizedGemmProblem {
    GemmProblem product;
    AffineGrid a, b;
    QuantizedOutput output = QuantizedOutput::Int8;
    float scaleC = 1;        // of 8-bit outputs
    int32_t zeroPointC = 0;  // within the output's range
    Requantization requantization = Requantization::Float;
};

// Products of quantized matrices by any path of Gemm. Zero points cost sums of the rows of A and the columns
// of B, read once more where the other matrix has a zero point other than 0.
class QuantizedGemm {
public:
    explicit QuantizedGemm(engine::Device& device) : m_device(device), m_gemm(device) {}

    const Gemm& gemm() const { return m_gemm; }

    // As Gemm::multiply. Throws std::invalid_argument as well for scales that are not positive and finite,
    // zero points outside of their type, grids of neither one entry nor one for each channel, and multipliers
    // that do not fit.
    engine::Ticket multiply(const QuantizedGemmProblem& problem, const GemmPlan& plan);
    engine::Ticket multiply(const QuantizedGemmProblem& problem) {
        return multiply(problem, m_gemm.planFor(problem.product));
    }

    // What turns the sums of the product into C, for others who compute them: it is on the device once what
    // was submitted is done, and lasts until the next call. Throws as multiply().
    const GemmFinishing& prepare(const QuantizedGemmProblem& problem);

private:
    void addSums(const GemmProblem& product, bool isA, uint64_t offset);

    engine::Device& m_device;
    Gemm m_gemm;
    engine::Buffer m_sums, m_grids;
    GemmFinishing m_finishing;
};

}  // namespace quant
