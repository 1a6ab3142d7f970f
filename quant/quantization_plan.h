#pragma once

#include "quant/input_file.h"
#include "quant/method.h"
#include "quant/number_format.h"
#include "quant/segments.h"

#include <string>
#include <vector>

namespace quant {

// How one tensor is to be stored.
struct PlannedTensor {
    std::string name;
    NumberFormat format;
    Granularity granularity;
    Method method;
};

// Reads a plan of mixed precision, {"options": {...}, "tensors": [{"name": "w", "format": "int4", ...},
// ...]}, as `recommend --json` and `quantize --scales` write it. Every tensor has a name and a format; its
// granularity and method are its own, else those of the options, else tensor and octav. All else is skipped.
// Throws InputError that names tensor and field: not JSON, no tensors, a tensor twice, a word that is no
// format, granularity or method.
std::vector<PlannedTensor> readQuantizationPlan(const InputFile& file);

}  // namespace quant
