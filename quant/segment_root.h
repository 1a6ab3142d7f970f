#pragma once

#include "shaders/segments.h"

#include <cstdint>
#include <optional>

namespace quant {

// OCTAV's exact root of one segment from what the kernel counted around it, or none when the kernel's
// decision, made in floats, does not stand in integers. inverseNoiseFactor: 1/γ, at most 2^36.
std::optional<float> settledRoot(const shaders::SegmentRoot& root, uint64_t inverseNoiseFactor);

}  // namespace quant
