#include "engine/kernel.h"

#include "engine/error.h"
#include "engine/shader_library.h"
#include "engine/shader_stage.h"
#include "engine/spirv.h"

namespace engine {

namespace {

VkPipeline createPipeline(const DeviceState& device, const std::string& name, const KernelVariant& variant,
                          std::span<const uint32_t> spirv, VkPipelineLayout layout) {
    const ShaderStage stage(device, name, spirv, variant.constants);
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO, nullptr,
        variant.subgroupSize};
    VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    info.stage = stage.info(VK_SHADER_STAGE_COMPUTE_BIT);
    info.stage.pNext = variant.subgroupSize ? &subgroup : nullptr;
    info.layout = layout;
    VkPipeline pipeline = VK_NULL_HANDLE;
    check(
        device.vk.vkCreateComputePipelines(device.handle, device.pipelineCache, 1, &info, nullptr, &pipeline),
        "vkCreateComputePipelines", name);
    device.setName(VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<uint64_t>(pipeline), name);
    return pipeline;
}

}  // namespace

Kernel::Kernel(DeviceState& device, const std::string& name, const KernelVariant& variant)
    : m_device(device), m_name(name), m_variant(variant) {
    make(findShader(path()).words());
}

Kernel::~Kernel() {
    destroy();
}

void Kernel::make(std::span<const uint32_t> spirv) {
    const SpirvSummary summary = summarizeSpirv(spirv, m_variant.constants);
    const VkPipelineLayout layout =
        createPushLayout(m_device, VK_SHADER_STAGE_COMPUTE_BIT, summary.pushSizeBytes);
    m_layout = layout;
    m_pipeline = createPipeline(m_device, m_name, m_variant, spirv, layout);
    m_pushSizeBytes = summary.pushSizeBytes;
    m_workgroupSize = summary.workgroupSize;
}

void Kernel::destroy() {
    m_device.vk.vkDestroyPipeline(m_device.handle, static_cast<VkPipeline>(m_pipeline), nullptr);
    m_device.vk.vkDestroyPipelineLayout(m_device.handle, static_cast<VkPipelineLayout>(m_layout), nullptr);
}

void Kernel::remake() {
    const ShaderCode code = findShader(path());
    const uint32_t taken = summarizeSpirv(code.words(), m_variant.constants).pushSizeBytes;
    if (taken != m_pushSizeBytes) {
        throw ShaderError(path() + ": takes " + std::to_string(taken) +
                          " bytes of push constants; the program gives " + std::to_string(m_pushSizeBytes));
    }
    destroy();
    make(code.words());
}

}  // namespace engine
