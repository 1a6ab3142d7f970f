#pragma once

#include "quant/analysis.h"
#include "quant/bit_allocation.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace quant {

// What a recommendation may choose from, and what it must reach: exactly one of the targets.
struct RecommendOptions {
    AnalysisOptions choices;  // bits or formats, one method, granularity, sign
    std::optional<double>
        targetBits;  // bits per element at most, scales and zero points counted, over all tensors
    std::optional<double> targetSqnr;  // dB at least, over all tensors together
};

// One way to store a tensor, and what it costs.
struct FormatChoice {
    MethodResult result;
    uint64_t costBits = 0;  // codes, scales and zero points
    double squared = 0;     // Σ (Q(x) - x)², measured
};

struct TensorChoices {
    TensorInfo info;
    uint64_t finite = 0;                // elements
    double energy = 0;                  // Σx² over them
    std::vector<FormatChoice> choices;  // in the order of the formats asked for
    size_t chosen = 0;
};

struct Recommendation {
    std::vector<TensorChoices> tensors;
    BitAllocation allocation;
    uint64_t elements = 0;
    double energy = 0;

    double bitsPerElement() const;
    std::optional<double> sqnrDb() const;  // of all tensors together; none when there is no error
};

// Measures every tensor in every format and chooses one for each, so that the total squared error is least
// within the bits, or the bits are least that reach the SQNR: exactly, or with a certified bound
// (BitAllocation). Weights of different tensors count alike, by their squared error. Throws InputError,
// std::invalid_argument when the target cannot be reached.
Recommendation recommend(Analyzer& analyzer, const TensorFile& file, const std::vector<size_t>& selected,
                         const RecommendOptions& options,
                         const std::function<void(const TensorInfo&)>& onTensor);

// Bits that a result takes in a file (quantizeFile): codes, packed below 8 bits, else of 8, 16 or 32; scales,
// 32 bits, of block-scaled formats 8, and 32 for the tensor's; zero points.
uint64_t storedBits(const MethodResult& result, uint64_t elements);

}  // namespace quant
