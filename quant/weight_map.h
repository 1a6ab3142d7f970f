#pragma once

#include "quant/input_file.h"

#include <map>
#include <string>

namespace quant {

// The name of the shard of each tensor, by tensor.
using WeightMap = std::map<std::string, std::string>;

// Reads the weight_map of a safetensors index: for each tensor the name of its shard. Throws InputError: not
// JSON, more than 100 MB, no weight_map, a tensor that appears twice, a shard that is not a string.
WeightMap readWeightMap(const InputFile& index);

}  // namespace quant
