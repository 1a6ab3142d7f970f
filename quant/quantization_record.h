#pragma once

#include "quant/quantize.h"
#include "quant/record_text.h"

#include <span>
#include <vector>

namespace quant {

// Throws InputError for a job on a tensor that the file's own record says is quantized, or holds the scales
// of one: levels without their scales could not be read any more.
void refuseQuantized(const TensorFile& file, const std::vector<QuantizeJob>& jobs);

// The file's own record, with the quantized tensors added. Throws InputError: what it has is no JSON object.
QuantizationRecord recordOf(const TensorFile& file, const std::vector<QuantizedTensor>& tensors);

// Adds to the description of a tensor which of the arrays that belong to it (`written`) hold the bits of a
// type that numpy lacks.
void addNumpyBits(QuantizationRecord& record, const QuantizedTensor& tensor, const TensorInfo& written);

// The file's metadata with that record.
std::map<std::string, std::string> metadataWith(const TensorFile& file, const QuantizationRecord& record);

}  // namespace quant
