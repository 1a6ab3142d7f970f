#pragma once

#include "engine/device.h"

#include <cstdint>
#include <string>

namespace engine {

// A compute pipeline made from shaders/compute/NAME.comp. Get one from Device::kernel.
class Kernel {
public:
    Kernel(DeviceState& device, const std::string& name, const KernelVariant& variant);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    const std::string& name() const { return m_name; }
    const KernelVariant& variant() const { return m_variant; }
    uint32_t pushSizeBytes() const { return m_pushSizeBytes; }  // of the shader's push constant block
    uint32_t workgroupSize() const { return m_workgroupSize; }  // invocations along x
    void* pipeline() const { return m_pipeline; }               // a VkPipeline
    void* layout() const { return m_layout; }                   // a VkPipelineLayout

private:
    DeviceState& m_device;
    std::string m_name;
    KernelVariant m_variant;
    uint32_t m_pushSizeBytes = 0;
    uint32_t m_workgroupSize = 1;
    void* m_pipeline = nullptr;
    void* m_layout = nullptr;
};

}  // namespace engine
