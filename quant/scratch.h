#pragma once

#include "engine/buffer.h"

#include <cstdint>
#include <string>

namespace quant {

// A buffer of at least so many bytes in place of one that has fewer. What submitted work uses stays alive
// until the device is done with it; what is only recorded must be flushed before.
void growTo(engine::Device& device, engine::Buffer& buffer, uint64_t bytes, const std::string& name);

}  // namespace quant
