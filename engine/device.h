#pragma once

#include "engine/device_info.h"
#include "engine/instance.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace engine {

class GraphicsPipeline;
class Kernel;
struct DeviceState;

// A point on the device's timeline: the work of one submission is done when the device reaches it.
struct Ticket {
    uint64_t value = 0;
};

// How a kernel is specialized. Two requests with equal name and variant give the same kernel.
struct KernelVariant {
    std::vector<std::pair<uint32_t, uint32_t>> constants;  // (constant_id, value), value as 32 raw bits
    uint32_t subgroupSize = 0;  // required subgroup size, 0 for the driver's choice
    bool operator==(const KernelVariant&) const = default;
};

// An open device: one queue that computes and, where the device can, draws; its memory, kernels and
// pipelines. Not copyable; buffers keep its state alive. Used from one thread at a time.
class Device {
public:
    // Opens a usable device of the instance. Throws Error or NoDevice.
    Device(const Instance& instance, const DeviceInfo& info);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const DeviceInfo& info() const;

    // The kernel of shaders/compute/NAME.comp, compiled on first use and kept.
    // Throws std::logic_error for an unknown name, ShaderError for a live shader that does not compile.
    const Kernel& kernel(const std::string& name, const KernelVariant& variant = {});

    // The pipeline of shaders/draw/NAME.vert and NAME.frag, likewise. Throws NoDevice where the device cannot
    // draw.
    const GraphicsPipeline& graphicsPipeline(const std::string& name, const KernelVariant& variant = {});

    // Compiles again what was made of the shaders (paths below shaders/) that have changed, waiting for all
    // work before. What does not compile stays as it was; returns a line for each such.
    std::vector<std::string> remakeShaders(const std::function<bool(const std::string& path)>& isChanged);

    // Blocks until the ticket's work is done. Throws Timeout when no submission finishes for timeOutSeconds,
    // DeviceLost.
    void wait(Ticket ticket, uint64_t timeOutSeconds = 60);
    bool isDone(Ticket ticket) const;

    // Called after every submission with its ticket, so that work made for a single thread can give way in
    // between; it may wait, but not submit. It may throw, once the device is idle: what submitted then
    // unwinds. While there is one, submissions are kept short. Empty: none.
    void setPacer(std::function<void(Ticket)> pacer) { m_pacer = std::move(pacer); }
    // Leaves the device without one, for work that is not to be interrupted; the caller puts it back.
    std::function<void(Ticket)> takePacer() { return std::exchange(m_pacer, {}); }
    bool isPaced() const { return static_cast<bool>(m_pacer); }
    // Calls the pacer where long work of the host may give way, too; nothing where there is none.
    void pace();

    // Sum of the time that finished submissions spent on the device, by its own timestamps, in seconds; 0
    // where the device has none. A submission is added when it is waited for or its slot is used again.
    double busySeconds() const;

    // Bytes of device and host memory that buffers hold now.
    uint64_t allocatedBytes() const;

    const std::shared_ptr<DeviceState>& state() const { return m_state; }

private:
    std::shared_ptr<DeviceState> m_state;
    std::function<void(Ticket)> m_pacer;
};

}  // namespace engine
