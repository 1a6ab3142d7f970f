#pragma once

#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace fuzz {

// An input file of these bytes, in memory; valid until the next call.
quant::InputFile fileOf(std::span<const uint8_t> bytes);

// Opens a file of tensors and reads from the front, the middle and the end of each tensor what fits 64 KiB.
// InputError is what a hostile file is expected to end in; anything else ends the process.
void readTensors(const std::function<std::unique_ptr<quant::TensorFile>()>& open);

}  // namespace fuzz
