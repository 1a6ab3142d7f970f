#include "engine/graphics_pipeline.h"

#include "engine/error.h"
#include "engine/image_format.h"
#include "engine/shader_library.h"
#include "engine/shader_stage.h"
#include "engine/spirv.h"

#include <algorithm>
#include <array>

namespace engine {

namespace {

// Colour by the fragment's alpha; alpha adds up to full cover.
VkPipelineColorBlendAttachmentState blending() {
    VkPipelineColorBlendAttachmentState state{};
    state.blendEnable = VK_TRUE;
    state.srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA;
    state.dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
    state.colorBlendOp = VK_BLEND_OP_ADD;
    state.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
    state.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
    state.alphaBlendOp = VK_BLEND_OP_ADD;
    state.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT | VK_COLOR_COMPONENT_B_BIT |
                           VK_COLOR_COMPONENT_A_BIT;
    return state;
}

VkPipeline createPipeline(const DeviceState& device, const std::string& name,
                          std::span<const VkPipelineShaderStageCreateInfo> stages, VkPipelineLayout layout) {
    const VkPipelineVertexInputStateCreateInfo noInputs{
        VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
    VkPipelineInputAssemblyStateCreateInfo assembly{
        VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO};
    assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
    VkPipelineViewportStateCreateInfo viewport{VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO};
    viewport.viewportCount = viewport.scissorCount = 1;
    VkPipelineRasterizationStateCreateInfo raster{VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO};
    raster.lineWidth = 1;
    VkPipelineMultisampleStateCreateInfo samples{VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO};
    samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
    const auto attachment = blending();
    VkPipelineColorBlendStateCreateInfo blend{VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO};
    blend.attachmentCount = 1;
    blend.pAttachments = &attachment;
    const std::array dynamic = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR,
                                VK_DYNAMIC_STATE_PRIMITIVE_TOPOLOGY};
    VkPipelineDynamicStateCreateInfo dynamics{VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO};
    dynamics.dynamicStateCount = static_cast<uint32_t>(dynamic.size());
    dynamics.pDynamicStates = dynamic.data();
    VkPipelineRenderingCreateInfo rendering{VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO};
    rendering.colorAttachmentCount = 1;
    rendering.pColorAttachmentFormats = &imageFormat;
    VkGraphicsPipelineCreateInfo info{VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO, &rendering};
    info.stageCount = static_cast<uint32_t>(stages.size());
    info.pStages = stages.data();
    info.pVertexInputState = &noInputs;
    info.pInputAssemblyState = &assembly;
    info.pViewportState = &viewport;
    info.pRasterizationState = &raster;
    info.pMultisampleState = &samples;
    info.pColorBlendState = &blend;
    info.pDynamicState = &dynamics;
    info.layout = layout;
    VkPipeline pipeline = VK_NULL_HANDLE;
    check(device.vk.vkCreateGraphicsPipelines(device.handle, device.pipelineCache, 1, &info, nullptr,
                                              &pipeline),
          "vkCreateGraphicsPipelines", name);
    device.setName(VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<uint64_t>(pipeline), name);
    return pipeline;
}

}  // namespace

GraphicsPipeline::GraphicsPipeline(DeviceState& device, const std::string& name, const KernelVariant& variant)
    : m_device(device), m_name(name), m_variant(variant) {
    if (!device.info.hasGraphics)
        throw NoDevice(device.info.name + " computes, but does not draw: it has no graphics queue");
    make();
}

GraphicsPipeline::~GraphicsPipeline() {
    destroy();
}

void GraphicsPipeline::make() {
    const ShaderCode vertex = findShader(vertexPath()), fragment = findShader(fragmentPath());
    const uint32_t size = std::max(summarizeSpirv(vertex.words(), m_variant.constants).pushSizeBytes,
                                   summarizeSpirv(fragment.words(), m_variant.constants).pushSizeBytes);
    if (m_pipeline && size != m_pushSizeBytes) {
        throw ShaderError("draw/" + m_name + ": takes " + std::to_string(size) +
                          " bytes of push constants; the program gives " + std::to_string(m_pushSizeBytes));
    }
    const ShaderStage vertexStage(m_device, m_name, vertex.words(), m_variant.constants);
    const ShaderStage fragmentStage(m_device, m_name, fragment.words(), m_variant.constants);
    const std::array stages = {vertexStage.info(VK_SHADER_STAGE_VERTEX_BIT),
                               fragmentStage.info(VK_SHADER_STAGE_FRAGMENT_BIT)};
    const VkPipelineLayout layout =
        createPushLayout(m_device, VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, size);
    const VkPipeline pipeline = createPipeline(m_device, m_name, stages, layout);
    destroy();
    m_layout = layout;
    m_pipeline = pipeline;
    m_pushSizeBytes = size;
}

void GraphicsPipeline::destroy() {
    m_device.vk.vkDestroyPipeline(m_device.handle, static_cast<VkPipeline>(m_pipeline), nullptr);
    m_device.vk.vkDestroyPipelineLayout(m_device.handle, static_cast<VkPipelineLayout>(m_layout), nullptr);
}

void GraphicsPipeline::remake() {
    make();
}

}  // namespace engine
