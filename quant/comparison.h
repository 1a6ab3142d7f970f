#pragma once

#include "quant/analysis.h"
#include "quant/method.h"
#include "quant/number_format.h"
#include "quant/segments.h"
#include "quant/tensor_file.h"

#include <optional>
#include <string>
#include <vector>

namespace quant {

// What to compare on every tensor: every method on every format at every granularity.
struct ComparisonOptions {
    std::vector<uint32_t> bits = {4, 8};
    std::vector<NumberFormat> formats;  // instead of integers of `bits` bits, unless empty
    std::vector<Method> methods;
    std::vector<Granularity> granularities = {Granularity()};
    Sign sign = Sign::Auto;
    // Whole tensors of more elements are answered from their profile, others measured on the data.
    uint64_t mostMeasured = uint64_t{1} << 20;
};

// One cell of the table.
struct ComparisonCell {
    Method method;
    NumberFormat format;
    Granularity granularity;
    double squared = 0;            // Σ (Q(x) - x)² over the finite elements
    std::optional<double> sqnrDb;  // none when Σx² or the error is 0
    bool isMeasured = false;       // else estimated from the profile (ProfileError)
    // The least and the largest clip of all segments; those without nonzero elements have 0.
    float leastClip = 0, largestClip = 0;
};

struct TensorComparison {
    TensorInfo info;
    Profile profile;
    double energy = 0;  // Σx² over the finite elements; estimated where no cell is measured
    // Granularities in the order asked for, within each the methods, within each the formats. A block-scaled
    // format has its own granularity and stands under the first alone.
    std::vector<ComparisonCell> cells;
};

// Σx² over the finite elements, to a few parts in 2^24.
double energyOf(const TensorAnalysis& analysis);

// Compares on tensor `index` of the file. One read serves every method and format of whole tensors that are
// not measured; channels, groups and block-scaled formats always are. Throws InputError, and
// std::invalid_argument (checkMethod).
TensorComparison compareTensor(Analyzer& analyzer, const TensorFile& file, size_t index,
                               const ComparisonOptions& options);
// The same where the stream has the tensor selected and its profile is known: for parts of a table, one after
// another.
TensorComparison compareTensor(Analyzer& analyzer, const TensorFile& file, size_t index,
                               const ComparisonOptions& options, const Profile& profile);

}  // namespace quant
