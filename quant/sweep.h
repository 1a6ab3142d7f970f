#pragma once

#include "quant/analysis.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace quant {

struct SweepOptions {
    uint32_t bits = 4;  // 1 to 16
    std::optional<NumberFormat>
        format;  // instead of integers of `bits` bits; neither affine nor block-scaled
    Sign sign = Sign::Auto;
    uint32_t points = 256;                           // 2 to 65536
    std::optional<std::pair<double, double>> range;  // clips 0 < low < high; by default absmax·2⁻¹² to absmax
};

// A clip and its measured mean squared error.
struct ErrorPoint {
    double clip = 0, mse = 0;
};

// Error versus clip of one tensor.
struct Sweep {
    NumberFormat format;
    std::vector<double>
        clips;  // ascending, logarithmically spaced; empty when no element is finite and nonzero
    std::vector<double> measured;  // mean squared error of the real quantizer at each clip
    // What OCTAV minimises, from the profile; formats whose noise has no closed form: ProfileError.
    std::vector<double> modelled;
    float octavClip = 0;           // the clip of method octav
    std::vector<double> iterates;  // of the Newton recursion towards it (octavIterates), where there is one
    ErrorPoint best;               // least measured error, refined between the points
    // Minima of the measured curve that stand out: between two of them it rises by at least 2% above the
    // higher.
    std::vector<ErrorPoint> minima;
};

// Sweeps tensor `index` of the file. Throws InputError when its data cannot be read, std::invalid_argument
// for options out of range.
Sweep sweep(Analyzer& analyzer, const TensorFile& file, size_t index, const SweepOptions& options);

// The prominent minima of a curve, as in Sweep::minima.
std::vector<ErrorPoint> prominentMinima(const std::vector<double>& clips, const std::vector<double>& errors);

}  // namespace quant
