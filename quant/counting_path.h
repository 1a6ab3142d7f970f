#pragma once

#include "engine/device_info.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace quant {

// How counts are kept while a kernel runs. All give the same bits.
enum class CountingPath {
    Auto,     // the fastest that the device is known for
    Private,  // a histogram per invocation in device memory: needs no optional feature, fastest on CPUs
    Shared,   // atomics in shared memory, 64-bit ones for profiles: for GPUs
};

// Throws std::invalid_argument for an unknown name: "auto", "private", "shared".
CountingPath countingPathFrom(std::string_view name);
// Every path that the device can run, Auto left out.
std::vector<CountingPath> countingPaths(const engine::DeviceInfo& info);
// What Auto stands for on the device. Throws std::invalid_argument when the device lacks what the path needs.
CountingPath resolved(CountingPath path, const engine::DeviceInfo& info);

// Invocations that count at the same time on the private path: what scratch memory must serve.
uint32_t privateInvocations(const engine::DeviceInfo& info);
uint32_t countingWorkgroupSize(CountingPath path);

// How a counting kernel spreads a chunk over runs: of one invocation (private path) or one workgroup.
struct CountingShape {
    uint64_t invocations;
    uint32_t runElements;  // a multiple of 8, at most shaders::maxRunElements
};
CountingShape countingShape(CountingPath path, const engine::DeviceInfo& info, uint32_t elements);

// The kernel of windows counts alike on every path: a run for each workgroup.
uint32_t windowWorkgroupSize(const engine::DeviceInfo& info);
CountingShape windowShape(const engine::DeviceInfo& info, uint32_t elements);

}  // namespace quant
