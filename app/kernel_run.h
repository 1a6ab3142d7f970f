#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/element_check.h"
#include "quant/gemm_type.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Running kernels of products to measure them: what `gemm` and `conv` have in common.

namespace app {

// What was computed, how fast and, where it was checked, how exactly.
struct Measurement {
    quant::GemmTypes types = quant::GemmType::Fp32;
    double operations = 0;
    double bytes = 0;      // that must move even if each element of the operands moves once
    uint64_t outputs = 0;  // elements
    double seconds = 0;
    std::optional<quant::ElementCheck> check;

    double rate() const { return operations / seconds; }  // not finite where there was nothing to do
    double intensity() const { return operations / bytes; }
};

// Runs once uncounted, since kernels are compiled for it, and then `repeat` times: the median of the seconds
// that each run returns. The uncounted time is the answer where it exceeds `patience` seconds.
double medianSeconds(const std::function<double()>& run, uint32_t repeat, double patience = HUGE_VAL);

// A copy of the bytes in device memory. Throws engine::OutOfMemory.
engine::Buffer uploaded(engine::Device& device, std::span<const std::byte> bytes, const std::string& name);

// Throws std::runtime_error where the device has less memory than the operands need, which the host keeps as
// well where both share it. what: "the product".
void checkMemory(const std::string& what, uint64_t sizeBytes, const engine::DeviceInfo& device);

}  // namespace app
