#pragma once

#include "quant/analysis.h"
#include "quant/quantized_tensor.h"
#include "quant/tensor_file.h"

#include <cstddef>
#include <vector>

namespace quant {

// Whether the error of a tensor's result, which is that of rounding to nearest in float, is not what its
// output has: it is rounded stochastically, or its values once more to 16 bits.
bool hasRoundingError(const QuantizedTensor& tensor);

// Puts the error of the output into the result (mse, sqnrDb): quantizes tensor `index` of the file as it will
// be written, and adds up the squared differences of the finite elements in double. Throws InputError.
void measureRounding(Analyzer& analyzer, const TensorFile& file, size_t index, QuantizedTensor& tensor);

}  // namespace quant
