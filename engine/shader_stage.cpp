#include "engine/shader_stage.h"

#include <stdexcept>

namespace engine {

ShaderStage::ShaderStage(const DeviceState& device, const std::string& name, std::span<const uint32_t> spirv,
                         const std::vector<std::pair<uint32_t, uint32_t>>& constants)
    : m_device(device) {
    for (const auto& [id, value] : constants) {
        m_entries.push_back({id, static_cast<uint32_t>(4 * m_values.size()), 4});
        m_values.push_back(value);
    }
    m_constants = {static_cast<uint32_t>(m_entries.size()), m_entries.data(), 4 * m_values.size(),
                   m_values.data()};
    // A module in the stage's chain (maintenance5) would do without the handle, but it is not in the
    // baseline.
    VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    info.codeSize = spirv.size_bytes();
    info.pCode = spirv.data();
    check(device.vk.vkCreateShaderModule(device.handle, &info, nullptr, &m_module), "vkCreateShaderModule",
          name);
}

ShaderStage::~ShaderStage() {
    m_device.vk.vkDestroyShaderModule(m_device.handle, m_module, nullptr);
}

VkPipelineShaderStageCreateInfo ShaderStage::info(VkShaderStageFlagBits stage) const {
    VkPipelineShaderStageCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO};
    info.stage = stage;
    info.module = m_module;
    info.pName = "main";
    info.pSpecializationInfo = &m_constants;
    return info;
}

VkPipelineLayout createPushLayout(const DeviceState& device, VkShaderStageFlags stages, uint32_t sizeBytes) {
    const VkPushConstantRange range{stages, 0, sizeBytes};
    VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    info.pushConstantRangeCount = sizeBytes ? 1 : 0;
    info.pPushConstantRanges = &range;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    check(device.vk.vkCreatePipelineLayout(device.handle, &info, nullptr, &layout), "vkCreatePipelineLayout",
          "making a pipeline");
    return layout;
}

void checkPushSize(const std::string& shader, uint32_t wanted, size_t given) {
    const auto padded = [](size_t size) { return (size + 7) / 8 * 8; };
    if (given >= wanted && given <= padded(wanted)) return;
    throw std::logic_error("shader " + shader + " takes " + std::to_string(wanted) +
                           " bytes of push constants, not " + std::to_string(given));
}

}  // namespace engine
