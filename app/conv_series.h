#pragma once

#include "app/conv_inputs.h"
#include "app/conv_report.h"
#include "engine/device.h"

#include <cstdint>

namespace app {

// Adds the convolution of the source's shape by every path of every type, compared with the host, and what is
// skipped. Shows progress unless isQuiet.
void addEveryPath(ConvRun& run, engine::Device& device, const ConvSource& source, uint32_t repeat,
                  bool isQuiet);

}  // namespace app
