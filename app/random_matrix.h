#pragma once

#include "quant/gemm_type.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace app {

// So many pseudo-random elements, a function of seed and place alone: floats are normal deviates, rounded to
// the type; integers take each of their values alike, ternary ones 0 twice as often. Whole words: zeros may
// follow.
std::vector<std::byte> randomMatrix(quant::GemmType type, uint64_t elements, uint64_t seed);

// Integers of 32 bits, each alike.
std::vector<std::byte> randomWords(uint64_t elements, uint64_t seed);

}  // namespace app
