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
    const bool isPrivate = path == CountingPath::Private;
    const uint64_t runs = isPrivate ? privateInvocations(info) : gpuWorkgroups;
    const uint32_t run = std::clamp(roundedUp((elements + runs - 1) / runs, 8),
                                    isPrivate ? shortestPrivateRun : shortestGpuRun, shaders::maxRunElements);
    const uint64_t used = (elements + uint64_t{run} - 1) / run;
    return {isPrivate ? used : used * countingWorkgroupSize(path), run};
}

}  // namespace quant
