#pragma once

#include "quant/quantize.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace app {

// The report of `quantize` for people: a row for every quantized tensor, and what all take together. output:
// the file written, empty for none. width: columns of the terminal, if it is one.
std::string quantizeTable(const quant::TensorFile& file, const std::vector<quant::QuantizedTensor>& tensors,
                          const std::string& output, std::optional<size_t> width, bool hasColour);

// Says on stderr what the numbers alone do not: NaN and Inf, negative values in a format without a sign,
// formats that an ONNX model holds as plain values.
void warnOfLosses(const std::string& path, const std::vector<quant::QuantizedTensor>& tensors,
                  bool isFakeAsked);

}  // namespace app
