#include "quant/peak_rate.h"

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/device_time.h"
#include "shaders/bandwidth.h"
#include "shaders/peak_rate.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <functional>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;

// Twelve vectors and two operands stay in the 16 registers of an x86 processor, and hide the four cycles of
// latency of its two multiply-add units. At 32 steps a turn the loop itself costs next to nothing.
constexpr uint32_t chains = 12, unroll = 32;
constexpr double wantedSeconds = 0.02;
constexpr int rounds = 4;

struct Grid {
    uint32_t workgroup;
    uint64_t groups;
    uint64_t invocations() const { return workgroup * groups; }
};

// A processor runs a subgroup at a time, a GPU thousands of invocations side by side.
Grid gridOf(const engine::DeviceInfo& info) {
    if (info.type == engine::DeviceType::Cpu) return {info.subgroupSize, 256};
    return {std::min(256u, info.maxWorkgroupInvocations), 4096};
}

// Starts small and doubles, so that a slow device is not held up; short submissions count as well.
double bestRate(const std::function<double(uint32_t turns)>& secondsOf, double operationsPerTurn) {
    double best = 0;
    uint32_t turns = 1;
    for (int round = 0; round < rounds;) {
        const double seconds = secondsOf(turns);
        best = std::max(best, operationsPerTurn * turns / seconds);
        if (seconds < wantedSeconds && turns < UINT32_MAX / 2)
            turns *= 2;
        else
            ++round;
    }
    return best;
}

}  // namespace

double peakRate(engine::Device& device, Arithmetic arithmetic) {
    const bool isDot = arithmetic == Arithmetic::Dot4x8;
    assert(!isDot || device.info().integerDotProduct);
    const Grid grid = gridOf(device.info());
    const auto& kernel = device.kernel(isDot ? "peak_rate_dot" : "peak_rate",
                                       {.constants = {{1, grid.workgroup}, {2, chains}, {3, unroll}}});
    const Buffer results(device, grid.invocations() * sizeof(uint32_t), engine::MemoryKind::Device,
                         "peak rate");
    shaders::PeakRatePush push{.results = results.address(),
                               .factor = isDot ? 0x7f03f925u : std::bit_cast<uint32_t>(0.999f),
                               .addend = isDot ? 0x9e3779b9u : std::bit_cast<uint32_t>(0.5f)};
    const auto run = [&](uint32_t turns) {
        push.turns = turns;
        return deviceSeconds(device, [&] {
            Commands commands(device);
            commands.dispatch(kernel, grid.invocations(), push, {}, {results});
            return commands.submit();
        });
    };
    const double steps = static_cast<double>(grid.invocations() * chains * unroll);
    return bestRate(run, steps * (isDot ? 8 : 2));
}

double copyBandwidth(engine::Device& device) {
    const engine::DeviceInfo& info = device.info();
    const Grid grid = gridOf(info);
    const uint64_t bytes =
        std::min({uint64_t{64} << 20, info.memoryBytes / 8, info.largestAllocationBytes}) / 16 * 16;
    const Buffer from(device, bytes, engine::MemoryKind::Device, "copied from");
    const Buffer to(device, bytes, engine::MemoryKind::Device, "copied to");
    const auto& kernel = device.kernel("copy_quads", {.constants = {{1, grid.workgroup}}});
    const uint64_t quads = bytes / 16;
    const shaders::BandwidthPush push{from.address(), to.address(), static_cast<uint32_t>(quads),
                                      static_cast<uint32_t>((quads + grid.groups - 1) / grid.groups)};
    {
        // Memory that nothing was ever written to may be one page of zeros.
        Commands commands(device);
        commands.fill(from, 0x3f800000);
        commands.submit();
    }
    double best = HUGE_VAL;
    for (int round = 0; round < rounds; ++round) {
        best = std::min(best, deviceSeconds(device, [&] {
                            Commands commands(device);
                            commands.dispatch(kernel, grid.invocations(), push, {from}, {to});
                            return commands.submit();
                        }));
    }
    return 2 * static_cast<double>(bytes) / best;
}

}  // namespace quant
