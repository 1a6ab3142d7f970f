#pragma once

#include "engine/device_state.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace engine {

// One stage of a pipeline that is being made: a shader module with its specialization constants.
class ShaderStage {
public:
    ShaderStage(const DeviceState& device, const std::string& name, std::span<const uint32_t> spirv,
                const std::vector<std::pair<uint32_t, uint32_t>>& constants);
    ~ShaderStage();
    ShaderStage(const ShaderStage&) = delete;
    ShaderStage& operator=(const ShaderStage&) = delete;

    // Points into this object.
    VkPipelineShaderStageCreateInfo info(VkShaderStageFlagBits stage) const;

private:
    const DeviceState& m_device;
    std::vector<VkSpecializationMapEntry> m_entries;
    std::vector<uint32_t> m_values;
    VkSpecializationInfo m_constants{};
    VkShaderModule m_module = VK_NULL_HANDLE;
};

// A layout of nothing but push constants; sizeBytes may be 0.
VkPipelineLayout createPushLayout(const DeviceState& device, VkShaderStageFlags stages, uint32_t sizeBytes);

// Throws std::logic_error unless `given` bytes are the push constants of a shader that takes `wanted`: C++
// pads a struct to its alignment, 8 where it holds an address; GLSL's block ends with its last member.
void checkPushSize(const std::string& shader, uint32_t wanted, size_t given);

}  // namespace engine
