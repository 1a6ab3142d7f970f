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

// A clip, its measured mean squared error and the one that OCTAV models.
struct SweepPoint {
    double clip = 0, measured = 0, modelled = 0;
};

// Error versus clip of one tensor.
struct Sweep {
    NumberFormat format;
    std::vector<double>
        clips;  // ascending, logarithmically spaced; empty when no element is finite and nonzero
    std::vector<double> measured;  // mean squared error of the real quantizer at each clip
    // What OCTAV minimises, within 2^-17 of it. Of formats whose noise has no closed form: the
    // estimate of the real error from the profile (ProfileError).
    std::vector<double> modelled;
    SweepPoint octav;              // at the clip of method octav
    std::vector<double> iterates;  // of the Newton recursion, where there is one: exactOctavIterates()
    SweepPoint best;               // least measured error, refined between the points
    // Minima of the measured curve that stand out: between two of them it rises by at least 2% above the
    // higher.
    std::vector<ErrorPoint> minima;
};

// Throws std::invalid_argument for options out of range.
void checkSweep(const SweepOptions& options);

// Sweeps tensor `index` of the file. Throws InputError when its data cannot be read, std::invalid_argument
// as checkSweep() does.
Sweep sweep(Analyzer& analyzer, const TensorFile& file, size_t index, const SweepOptions& options);

// The prominent minima of a curve, as in Sweep::minima.
std::vector<ErrorPoint> prominentMinima(const std::vector<double>& clips, const std::vector<double>& errors);

}  // namespace quant
