#include "engine/commands.h"

#include "engine/device_state.h"
#include "engine/shader_stage.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace engine {

namespace {

VkPipelineStageFlags2 workStages(const DeviceState& device) {
    const VkPipelineStageFlags2 always =
        VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    return device.info.hasGraphics
               ? always | VK_PIPELINE_STAGE_2_VERTEX_SHADER_BIT | VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT
               : always;
}
constexpr VkAccessFlags2 workReads = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_TRANSFER_READ_BIT;
constexpr VkAccessFlags2 workWrites = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;

void barrier(const DeviceState& device, VkCommandBuffer commands, VkMemoryBarrier2 memory) {
    memory.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
    VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
    info.memoryBarrierCount = 1;
    info.pMemoryBarriers = &memory;
    device.vk.vkCmdPipelineBarrier2(commands, &info);
}

void barrier(const DeviceState& device, VkCommandBuffer commands, VkImageMemoryBarrier2 image) {
    image.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2;
    image.srcQueueFamilyIndex = image.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    image.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
    info.imageMemoryBarrierCount = 1;
    info.pImageMemoryBarriers = &image;
    device.vk.vkCmdPipelineBarrier2(commands, &info);
}

std::vector<AddressRange> addresses(std::span<const BufferRange> ranges) {
    std::vector<AddressRange> result;
    for (const BufferRange& range : ranges) {
        if (range.sizeBytes) result.push_back({range.address(), range.address() + range.sizeBytes});
    }
    return result;
}

VkBuffer handleOf(const BufferRange& range) {
    return static_cast<VkBuffer>(range.buffer->vulkanHandle());
}

}  // namespace

Commands::Commands(Device& device) : m_device(device) {
    begin();
}

void Commands::begin() {
    DeviceState& state = *m_device.state();
    m_slot = &state.acquireSlot();
    m_barriers = {};
    VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(state.vk.vkBeginCommandBuffer(m_slot->commands, &info), "vkBeginCommandBuffer", "recording");
    if (state.queries) {
        state.vk.vkResetQueryPool(state.handle, state.queries, m_slot->firstQuery, 2);
        state.vk.vkCmdWriteTimestamp2(m_slot->commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, state.queries,
                                      m_slot->firstQuery);
    }
    // Orders this submission after the earlier ones; host writes are visible by the submission itself.
    barrier(state, m_slot->commands,
            VkMemoryBarrier2{.srcStageMask = workStages(state),
                             .srcAccessMask = workWrites,
                             .dstStageMask = workStages(state),
                             .dstAccessMask = workReads | workWrites});
}

Commands::~Commands() {
    if (!m_slot) return;
    // Never submitted, as when an exception passes: the slot is free again at once.
    m_device.state()->vk.vkResetCommandBuffer(m_slot->commands, 0);
    m_slot->recording = false;
}

void Commands::orderAfter(std::span<const BufferRange> reads, std::span<const BufferRange> writes) {
    if (!m_barriers.needsBarrier(addresses(reads), addresses(writes))) return;
    const DeviceState& state = *m_device.state();
    barrier(state, m_slot->commands,
            VkMemoryBarrier2{.srcStageMask = workStages(state),
                             .srcAccessMask = workWrites,
                             .dstStageMask = workStages(state),
                             .dstAccessMask = workReads | workWrites});
}

void Commands::dispatchRaw(const Kernel& kernel, uint64_t invocations, std::span<const std::byte> push,
                           Ranges reads, Ranges writes) {
    checkPushSize(kernel.path(), kernel.pushSizeBytes(), push.size());
    if (invocations == 0) return;
    orderAfter(std::span(reads.begin(), reads.size()), std::span(writes.begin(), writes.size()));
    const DeviceState& state = *m_device.state();
    const uint64_t groups = (invocations + kernel.workgroupSize() - 1) / kernel.workgroupSize();
    const uint64_t x = std::min<uint64_t>(groups, state.info.maxWorkgroupCount);
    const uint64_t y = (groups + x - 1) / x;
    if (y > 65535) throw std::logic_error("kernel " + kernel.name() + ": too many workgroups");
    state.vk.vkCmdBindPipeline(m_slot->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                               static_cast<VkPipeline>(kernel.pipeline()));
    state.vk.vkCmdPushConstants(m_slot->commands, static_cast<VkPipelineLayout>(kernel.layout()),
                                VK_SHADER_STAGE_COMPUTE_BIT, 0, kernel.pushSizeBytes(), push.data());
    state.vk.vkCmdDispatch(m_slot->commands, static_cast<uint32_t>(x), static_cast<uint32_t>(y), 1);
}

void Commands::copy(const BufferRange& from, const BufferRange& to) {
    if (from.sizeBytes == 0) return;
    orderAfter({&from, 1}, {&to, 1});
    const VkBufferCopy region{from.offset, to.offset, from.sizeBytes};
    m_device.state()->vk.vkCmdCopyBuffer(m_slot->commands, handleOf(from), handleOf(to), 1, &region);
}

void Commands::fill(const BufferRange& range, uint32_t word) {
    if (range.sizeBytes == 0) return;
    orderAfter({}, {&range, 1});
    m_device.state()->vk.vkCmdFillBuffer(m_slot->commands, handleOf(range), range.offset, range.sizeBytes,
                                         word);
}

void Commands::beginDrawing(const Image& image, const std::array<float, 4>& background,
                            std::span<const BufferRange> reads) {
    const DeviceState& state = *m_device.state();
    orderAfter(reads, {});
    // What it held is not needed, but copies of it must be over.
    barrier(state, m_slot->commands,
            VkImageMemoryBarrier2{.srcStageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT |
                                                  VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                                  .srcAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
                                  .dstStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                                  .dstAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT |
                                                   VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
                                  .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
                                  .newLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                                  .image = static_cast<VkImage>(image.vulkanHandle())});
    VkRenderingAttachmentInfo attachment{VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO};
    attachment.imageView = static_cast<VkImageView>(image.vulkanView());
    attachment.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    attachment.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
    attachment.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
    std::ranges::copy(background, attachment.clearValue.color.float32);
    VkRenderingInfo info{VK_STRUCTURE_TYPE_RENDERING_INFO};
    info.renderArea.extent = {image.width(), image.height()};
    info.layerCount = 1;
    info.colorAttachmentCount = 1;
    info.pColorAttachments = &attachment;
    state.vk.vkCmdBeginRendering(m_slot->commands, &info);
    m_image = &image;
    const VkViewport viewport{0, 0, static_cast<float>(image.width()), static_cast<float>(image.height()),
                              0, 1};
    state.vk.vkCmdSetViewport(m_slot->commands, 0, 1, &viewport);
    clipTo({0, 0, static_cast<int32_t>(image.width()), static_cast<int32_t>(image.height())});
}

void Commands::clipTo(const PixelRect& rect) {
    const auto inside = [](int32_t at, uint32_t extent) {
        return std::clamp(at, 0, static_cast<int32_t>(extent));
    };
    const int32_t left = inside(rect.left, m_image->width()), top = inside(rect.top, m_image->height());
    const int32_t right = std::max(left, inside(rect.right, m_image->width()));
    const int32_t bottom = std::max(top, inside(rect.bottom, m_image->height()));
    const VkRect2D scissor{{left, top},
                           {static_cast<uint32_t>(right - left), static_cast<uint32_t>(bottom - top)}};
    m_device.state()->vk.vkCmdSetScissor(m_slot->commands, 0, 1, &scissor);
}

void Commands::drawRaw(const GraphicsPipeline& pipeline, Shape shape, uint32_t vertices, uint32_t instances,
                       std::span<const std::byte> push) {
    checkPushSize("draw/" + pipeline.name(), pipeline.pushSizeBytes(), push.size());
    if (vertices == 0 || instances == 0) return;
    const DeviceState& state = *m_device.state();
    state.vk.vkCmdBindPipeline(m_slot->commands, VK_PIPELINE_BIND_POINT_GRAPHICS,
                               static_cast<VkPipeline>(pipeline.pipeline()));
    state.vk.vkCmdPushConstants(m_slot->commands, static_cast<VkPipelineLayout>(pipeline.layout()),
                                VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT, 0,
                                pipeline.pushSizeBytes(), push.data());
    state.vk.vkCmdSetPrimitiveTopology(m_slot->commands, shape == Shape::Strip
                                                             ? VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP
                                                             : VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST);
    state.vk.vkCmdDraw(m_slot->commands, vertices, instances, 0, 0);
}

void Commands::endDrawing() {
    const DeviceState& state = *m_device.state();
    state.vk.vkCmdEndRendering(m_slot->commands);
    barrier(state, m_slot->commands,
            VkImageMemoryBarrier2{.srcStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
                                  .srcAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
                                  .dstStageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                                  .dstAccessMask = VK_ACCESS_2_TRANSFER_READ_BIT,
                                  .oldLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                                  .newLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                  .image = static_cast<VkImage>(m_image->vulkanHandle())});
    m_image = nullptr;
}

void Commands::copy(const Image& from, const BufferRange& to) {
    if (to.sizeBytes < from.sizeBytes()) throw std::logic_error("a picture does not fit its buffer");
    orderAfter({}, {&to, 1});
    VkBufferImageCopy region{};
    region.bufferOffset = to.offset;
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageExtent = {from.width(), from.height(), 1};
    m_device.state()->vk.vkCmdCopyImageToBuffer(m_slot->commands, static_cast<VkImage>(from.vulkanHandle()),
                                                VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, handleOf(to), 1,
                                                &region);
}

Ticket Commands::submit() {
    DeviceState& state = *m_device.state();
    barrier(state, m_slot->commands,
            VkMemoryBarrier2{.srcStageMask = workStages(state),
                             .srcAccessMask = workWrites,
                             .dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT,
                             .dstAccessMask = VK_ACCESS_2_HOST_READ_BIT});
    if (state.queries) {
        state.vk.vkCmdWriteTimestamp2(m_slot->commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, state.queries,
                                      m_slot->firstQuery + 1);
        m_slot->timed = true;
    }
    check(state.vk.vkEndCommandBuffer(m_slot->commands), "vkEndCommandBuffer", "recording");
    VkCommandBufferSubmitInfo commands{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, nullptr,
                                       m_slot->commands, 0};
    VkSemaphoreSubmitInfo signal{
        VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO, nullptr, state.timeline, state.lastTicket + 1,
        VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,    0};
    VkSubmitInfo2 info{VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
    info.commandBufferInfoCount = 1;
    info.pCommandBufferInfos = &commands;
    info.signalSemaphoreInfoCount = 1;
    info.pSignalSemaphoreInfos = &signal;
    check(state.vk.vkQueueSubmit2(state.queue, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit2",
          "submitting work");
    m_slot->ticket = ++state.lastTicket;
    m_slot->recording = false;
    m_slot = nullptr;
    const Ticket ticket{state.lastTicket};
    m_device.pace();
    return ticket;
}

Ticket Commands::flush() {
    const Ticket ticket = submit();
    begin();
    return ticket;
}

void readBack(Device& device, const BufferRange& range, std::span<std::byte> to) {
    const auto size = std::min<uint64_t>(range.sizeBytes, to.size());
    if (size == 0) return;
    if (!range.buffer->mapped().empty()) {
        device.wait({device.state()->lastTicket});
        range.buffer->invalidate();
        std::memcpy(to.data(), range.buffer->mapped().data() + range.offset, size);
        return;
    }
    const Buffer staging(device, size, MemoryKind::Readback, "read back");
    Commands commands(device);
    commands.copy({*range.buffer, range.offset, size}, staging);
    device.wait(commands.submit());
    staging.invalidate();
    std::memcpy(to.data(), staging.mapped().data(), size);
}

}  // namespace engine
