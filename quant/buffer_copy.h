#pragma once

#include "engine/buffer.h"
#include "engine/device.h"

#include <string>

namespace quant {

// The range's contents after all work submitted so far, in a buffer of their own on the device: what a pass
// will use again for the next tensor. At least 16 bytes. Does not wait.
engine::Buffer copied(engine::Device& device, const engine::BufferRange& range, const std::string& name);

}  // namespace quant
