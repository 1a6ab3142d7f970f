#pragma once

#include "engine/device_info.h"
#include "engine/instance.h"
#include "engine/pacer.h"

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

    // The kernel of shaders/compute/NAME.comp, compiled on first use, aside of a pacer, and kept.
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

    // Lets work give way after every submission. While there is one, submissions are kept short. Null: none.
    void setPacer(Pacer* pacer) { m_pacer = pacer; }
    // Leaves the device without one, for work that is not to be interrupted; the caller puts it back.
    Pacer* takePacer() { return std::exchange(m_pacer, nullptr); }
    bool isPaced() const { return m_pacer != nullptr; }
    // Calls the pacer where long work of the host may give way, too; nothing where there is none.
    void pace();
    // Does work that leaves the device alone; where there is a pacer, others may use the device meanwhile.
    void aside(const std::function<void()>& work);

    // Sum of the time that finished submissions spent on the device, by its own timestamps, in seconds; 0
    // where the device has none. A submission is added when it is waited for or its slot is used again.
    double busySeconds() const;

    // Bytes of device and host memory that buffers hold now.
    uint64_t allocatedBytes() const;

    const std::shared_ptr<DeviceState>& state() const { return m_state; }

private:
    std::shared_ptr<DeviceState> m_state;
    Pacer* m_pacer = nullptr;
};

}  // namespace engine
