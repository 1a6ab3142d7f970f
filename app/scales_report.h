#pragma once

#include "app/output.h"
#include "quant/quantize.h"

#include <vector>

namespace app {

// The report of `quantize --scales`: what the quantized tensors are multiplied with, in JSON. Written tensor
// after tensor. Throws quant::OutputError.
void writeScales(Output& output, const quant::TensorFile& file,
                 const std::vector<quant::QuantizedTensor>& tensors);

}  // namespace app
