#include "quant/counting_path.h"

#include "shaders/profile.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>

namespace quant {

namespace {

constexpr uint32_t sharedBytesNeeded = 2 * shaders::binsPerSide * 8;
constexpr uint32_t privateWorkgroupSize = 8, gpuWorkgroupSize = 256;
// Enough workgroups to fill a large GPU, each with a run long enough to pay for clearing and adding its
// counters.
constexpr uint64_t gpuWorkgroups = 1024;
constexpr uint32_t shortestGpuRun = 16384, shortestPrivateRun = 512;

bool canShare(const engine::DeviceInfo& info) {
    return info.sharedInt64Atomics && info.sharedMemoryBytes >= sharedBytesNeeded;
}

uint32_t roundedUp(uint64_t value, uint32_t multiple) {
    return static_cast<uint32_t>((value + multiple - 1) / multiple * multiple);
}

// About `runs` runs, none shorter than `shortest`.
CountingShape spread(uint32_t elements, uint64_t runs, uint32_t shortest, uint32_t invocationsPerRun) {
    const uint32_t run =
        std::clamp(roundedUp((elements + runs - 1) / runs, 8), shortest, shaders::maxRunElements);
    return {(elements + uint64_t{run} - 1) / run * invocationsPerRun, run};
}

}  // namespace

CountingPath countingPathFrom(std::string_view name) {
    if (name == "auto") return CountingPath::Auto;
    if (name == "private") return CountingPath::Private;
    if (name == "shared") return CountingPath::Shared;
    throw std::invalid_argument("unknown path '" + std::string(name) +
                                "'; there are auto, private and shared");
}

std::vector<CountingPath> countingPaths(const engine::DeviceInfo& info) {
    if (canShare(info)) return {CountingPath::Private, CountingPath::Shared};
    return {CountingPath::Private};
}

CountingPath resolved(CountingPath path, const engine::DeviceInfo& info) {
    if (path == CountingPath::Auto) {
        const bool isCpu = info.type == engine::DeviceType::Cpu;
        return !isCpu && canShare(info) ? CountingPath::Shared : CountingPath::Private;
    }
    if (path == CountingPath::Shared && !canShare(info)) {
        throw std::invalid_argument("path 'shared' needs 64-bit atomics in shared memory, which " +
                                    info.name + " lacks");
    }
    return path;
}

// A CPU runs one subgroup per thread at a time, a GPU hides latency with many.
uint32_t privateInvocations(const engine::DeviceInfo& info) {
    if (info.type != engine::DeviceType::Cpu) return 1024;
    const uint32_t threads = std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
    return std::max(2 * threads, 4u) * 8;
}

uint32_t countingWorkgroupSize(CountingPath path) {
    return path == CountingPath::Private ? privateWorkgroupSize : gpuWorkgroupSize;
}

CountingShape countingShape(CountingPath path, const engine::DeviceInfo& info, uint32_t elements) {
    if (path == CountingPath::Private)
        return spread(elements, privateInvocations(info), shortestPrivateRun, 1);
    return spread(elements, gpuWorkgroups, shortestGpuRun, gpuWorkgroupSize);
}

uint32_t windowWorkgroupSize(const engine::DeviceInfo& info) {
    return info.type == engine::DeviceType::Cpu ? info.subgroupSize : gpuWorkgroupSize;
}

CountingShape windowShape(const engine::DeviceInfo& info, uint32_t elements) {
    const bool isCpu = info.type == engine::DeviceType::Cpu;
    const uint64_t runs = isCpu ? 4 * std::max(std::thread::hardware_concurrency(), 1u) : gpuWorkgroups;
    return spread(elements, runs, shortestGpuRun, windowWorkgroupSize(info));
}

}  // namespace quant
