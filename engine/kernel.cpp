#include "engine/kernel.h"

#include "engine/device_state.h"
#include "engine/shader_library.h"
#include "engine/spirv.h"

#include <vector>

namespace engine {

namespace {

VkPipelineLayout createLayout(const DeviceState& device, uint32_t pushSizeBytes) {
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, pushSizeBytes};
    VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    info.pushConstantRangeCount = pushSizeBytes ? 1 : 0;
    info.pPushConstantRanges = &range;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    check(device.vk.vkCreatePipelineLayout(device.handle, &info, nullptr, &layout), "vkCreatePipelineLayout",
          "kernel");
    return layout;
}

VkPipeline createPipeline(const DeviceState& device, const std::string& name, const KernelVariant& variant,
                          std::span<const uint32_t> spirv, VkPipelineLayout layout) {
    std::vector<VkSpecializationMapEntry> entries;
    std::vector<uint32_t> values;
    for (const auto& [id, value] : variant.constants) {
        entries.push_back({id, static_cast<uint32_t>(4 * values.size()), 4});
        values.push_back(value);
    }
    const VkSpecializationInfo constants{static_cast<uint32_t>(entries.size()), entries.data(),
                                         4 * values.size(), values.data()};
    // A module in the stage's chain (maintenance5) would do without the handle, but it is not in the
    // baseline.
    VkShaderModuleCreateInfo moduleInfo{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    moduleInfo.codeSize = spirv.size_bytes();
    moduleInfo.pCode = spirv.data();
    VkShaderModule module = VK_NULL_HANDLE;
    check(device.vk.vkCreateShaderModule(device.handle, &moduleInfo, nullptr, &module),
          "vkCreateShaderModule", name);
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO, nullptr,
        variant.subgroupSize};
    VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.pNext = variant.subgroupSize ? &subgroup : nullptr;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = module;
    info.stage.pName = "main";
    info.stage.pSpecializationInfo = &constants;
    info.layout = layout;
    VkPipeline pipeline = VK_NULL_HANDLE;
    const VkResult result =
        device.vk.vkCreateComputePipelines(device.handle, device.pipelineCache, 1, &info, nullptr, &pipeline);
    device.vk.vkDestroyShaderModule(device.handle, module, nullptr);
    check(result, "vkCreateComputePipelines", name);
    device.setName(VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<uint64_t>(pipeline), name);
    return pipeline;
}

}  // namespace

Kernel::Kernel(DeviceState& device, const std::string& name, const KernelVariant& variant)
    : m_device(device), m_name(name), m_variant(variant) {
    const ShaderCode code = findShader("compute/" + name + ".comp");
    const SpirvSummary summary = summarizeSpirv(code.words(), variant.constants);
    m_pushSizeBytes = summary.pushSizeBytes;
    m_workgroupSize = summary.workgroupSize;
    m_layout = createLayout(device, m_pushSizeBytes);
    m_pipeline = createPipeline(device, name, variant, code.words(), static_cast<VkPipelineLayout>(m_layout));
}

Kernel::~Kernel() {
    m_device.vk.vkDestroyPipeline(m_device.handle, static_cast<VkPipeline>(m_pipeline), nullptr);
    m_device.vk.vkDestroyPipelineLayout(m_device.handle, static_cast<VkPipelineLayout>(m_layout), nullptr);
}

}  // namespace engine
