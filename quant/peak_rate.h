#pragma once

#include "engine/device.h"

namespace quant {

// The two ceilings of the roofline model (S. Williams, A. Waterman, D. Patterson, "Roofline: An Insightful
// Visual Performance Model for Multicore Architectures", CACM 2009): measured, not read from data sheets,
// and so what is left under the load that the device is under. Each takes about a quarter of a second.

enum class Arithmetic {
    Float32,  // multiply-adds of float32
    Dot4x8,   // packed dot products of four bytes, accumulated in int32; needs DeviceInfo::integerDotProduct
};

// Operations per second, a multiply-add being two and a dot product of four bytes eight, of a kernel that
// works in registers alone: 12 independent chains of operations an invocation, on enough invocations for
// every core. The best of several submissions of about 20 ms. The units of cooperative matrices, where a
// device has such, can be faster. Throws engine::OutOfMemory.
double peakRate(engine::Device& device, Arithmetic arithmetic);

// Bytes per second, read and written, of a plain copy from 64 MiB to 64 MiB, or less where the device has no
// room for that. The best of several. Throws engine::OutOfMemory.
double copyBandwidth(engine::Device& device);

}  // namespace quant
