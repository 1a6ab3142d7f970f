#include "engine/commands.h"

#include "engine/device_state.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace engine {

namespace {

constexpr VkPipelineStageFlags2 workStages =
    VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
constexpr VkAccessFlags2 workReads = VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_TRANSFER_READ_BIT;
constexpr VkAccessFlags2 workWrites = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;

void barrier(const DeviceState& device, VkCommandBuffer commands, VkMemoryBarrier2 memory) {
    memory.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
    VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
    info.memoryBarrierCount = 1;
    info.pMemoryBarriers = &memory;
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
            {.srcStageMask = workStages,
             .srcAccessMask = workWrites,
             .dstStageMask = workStages,
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
    barrier(*m_device.state(), m_slot->commands,
            {.srcStageMask = workStages,
             .srcAccessMask = workWrites,
             .dstStageMask = workStages,
             .dstAccessMask = workReads | workWrites});
}

void Commands::dispatchRaw(const Kernel& kernel, uint64_t invocations, std::span<const std::byte> push,
                           Ranges reads, Ranges writes) {
    // C++ pads a struct to its alignment, 8 where it holds an address; GLSL's block ends with its last
    // member.
    const auto padded = [](size_t size) { return (size + 7) / 8 * 8; };
    if (push.size() < kernel.pushSizeBytes() || push.size() > padded(kernel.pushSizeBytes())) {
        throw std::logic_error("kernel " + kernel.name() + " takes " +
                               std::to_string(kernel.pushSizeBytes()) + " bytes of push constants, not " +
                               std::to_string(push.size()));
    }
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

Ticket Commands::submit() {
    DeviceState& state = *m_device.state();
    barrier(state, m_slot->commands,
            {.srcStageMask = workStages,
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
