#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace quant {

// One way to store a tensor: at some bit width and granularity.
struct BitOption {
    uint64_t costBits = 0;
    double squaredError = 0;  // Σ (Q(x) - x)², weighted as one likes; finite, at least 0
};

// A choice of one option for each tensor.
struct BitAllocation {
    std::vector<size_t> choices;  // index into each tensor's options
    uint64_t costBits = 0;
    double squaredError = 0;
    // No allocation within the limit does better than this: a squared error for leastError, bits for
    // leastCost. Where isOptimal, it is what was reached.
    double bound = 0;
    bool isOptimal = true;
};

// No choice of options keeps within the limit; says the least that can.
struct UnreachableLimit : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// How many partial allocations a search may keep: about a second's work and 64 MiB.
constexpr size_t defaultAllocationStates = size_t{1} << 20;

// The allocation of least total squared error that costs at most budgetBits. Exact unless the search needs
// more than maxStates partial allocations; then isOptimal is false and `bound` certifies the gap. Squared
// errors are added in double: sums that differ by less than 1e-12 of the total count as equal. The same input
// gives the same choices. Throws UnreachableLimit, and std::invalid_argument: a tensor without options, an
// error that is negative or not finite, costs that add up to 2^53 or more.
BitAllocation leastError(std::span<const std::vector<BitOption>> tensors, uint64_t budgetBits,
                         size_t maxStates = defaultAllocationStates);

// The cheapest allocation with a total squared error of at most errorLimit; sums within 1e-12 of the limit
// may count as above it.
BitAllocation leastCost(std::span<const std::vector<BitOption>> tensors, double errorLimit,
                        size_t maxStates = defaultAllocationStates);

}  // namespace quant
