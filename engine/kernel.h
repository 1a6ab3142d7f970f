#pragma once

#include "engine/device.h"

#include <cstdint>
#include <span>
#include <string>

namespace engine {

// A compute pipeline made from shaders/compute/NAME.comp. Get one from Device::kernel.
class Kernel {
public:
    Kernel(DeviceState& device, const std::string& name, const KernelVariant& variant);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // Compiles the shader again, as after an edit. Nothing that uses the kernel may be in flight. Throws
    // ShaderError, with the kernel as it was.
    void remake();

    const std::string& name() const { return m_name; }
    std::string path() const { return "compute/" + m_name + ".comp"; }  // below shaders/
    const KernelVariant& variant() const { return m_variant; }
    uint32_t pushSizeBytes() const { return m_pushSizeBytes; }  // of the shader's push constant block
    uint32_t workgroupSize() const { return m_workgroupSize; }  // invocations along x
    void* pipeline() const { return m_pipeline; }               // a VkPipeline
    void* layout() const { return m_layout; }                   // a VkPipelineLayout

private:
    void make(std::span<const uint32_t> spirv);
    void destroy();

    DeviceState& m_device;
    std::string m_name;
    KernelVariant m_variant;
    uint32_t m_pushSizeBytes = 0;
    uint32_t m_workgroupSize = 1;
    void* m_pipeline = nullptr;
    void* m_layout = nullptr;
};

}  // namespace engine
