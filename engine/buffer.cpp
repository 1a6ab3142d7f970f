#include "engine/buffer.h"

#include "engine/device.h"
#include "engine/device_state.h"
#include "engine/error.h"

#include <vk_mem_alloc.h>

#include <algorithm>
#include <utility>

namespace engine {

namespace {

VmaAllocationCreateInfo allocationInfo(MemoryKind kind, bool unified) {
    VmaAllocationCreateInfo info{};
    info.flags = VMA_ALLOCATION_CREATE_MAPPED_BIT;
    if (kind == MemoryKind::Device && !unified) {
        info.flags = 0;
        info.usage = VMA_MEMORY_USAGE_AUTO_PREFER_DEVICE;
    } else if (kind == MemoryKind::Upload) {
        info.flags |= VMA_ALLOCATION_CREATE_HOST_ACCESS_SEQUENTIAL_WRITE_BIT;
        info.usage = VMA_MEMORY_USAGE_AUTO_PREFER_HOST;
    } else {
        info.flags |= VMA_ALLOCATION_CREATE_HOST_ACCESS_RANDOM_BIT;
        info.usage = unified ? VMA_MEMORY_USAGE_AUTO_PREFER_DEVICE : VMA_MEMORY_USAGE_AUTO_PREFER_HOST;
    }
    return info;
}

VkBuffer handleOf(void* buffer) {
    return static_cast<VkBuffer>(buffer);
}

}  // namespace

Buffer::Buffer(Device& device, uint64_t sizeBytes, MemoryKind kind, const std::string& name)
    : m_state(device.state()), m_sizeBytes(std::max<uint64_t>(sizeBytes, 16)) {
    const std::string place = "allocating " + std::to_string(m_sizeBytes) + " bytes for " + name;
    if (m_sizeBytes > m_state->info.largestAllocationBytes) {
        throw OutOfMemory("vkAllocateMemory", VK_ERROR_OUT_OF_DEVICE_MEMORY, place);
    }
    m_state->destroyRetired(m_state->reachedTicket());
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = m_sizeBytes;
    info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
                 VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    const VmaAllocationCreateInfo allocationWanted = allocationInfo(kind, m_state->info.unifiedMemory);
    VkBuffer buffer = VK_NULL_HANDLE;
    VmaAllocation allocation = nullptr;
    VmaAllocationInfo allocated{};
    const auto create = [&] {
        return vmaCreateBufferWithAlignment(m_state->allocator, &info, &allocationWanted, 16, &buffer,
                                            &allocation, &allocated);
    };
    VkResult result = create();
    if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY) {
        // What retired buffers hold comes free when the device is done with them.
        device.wait({m_state->lastTicket});
        result = create();
    }
    check(result, "vmaCreateBuffer", place);
    m_buffer = buffer;
    m_allocation = allocation;
    m_mapped = static_cast<std::byte*>(allocated.pMappedData);
    m_state->allocatedBytes += m_sizeBytes;
    m_state->setName(VK_OBJECT_TYPE_BUFFER, reinterpret_cast<uint64_t>(buffer), name);
    const VkBufferDeviceAddressInfo address{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, buffer};
    m_address = m_state->vk.vkGetBufferDeviceAddress(m_state->handle, &address);
}

void Buffer::release() {
    if (!m_buffer) return;
    m_state->retired.push_back({.buffer = handleOf(m_buffer),
                                .allocation = static_cast<VmaAllocation>(m_allocation),
                                .ticket = m_state->lastTicket});
    m_state->allocatedBytes -= m_sizeBytes;
    m_buffer = nullptr;
}

Buffer::~Buffer() {
    release();
}

Buffer::Buffer(Buffer&& other) noexcept {
    *this = std::move(other);
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    std::swap(m_state, other.m_state);
    std::swap(m_buffer, other.m_buffer);
    std::swap(m_allocation, other.m_allocation);
    std::swap(m_mapped, other.m_mapped);
    std::swap(m_sizeBytes, other.m_sizeBytes);
    std::swap(m_address, other.m_address);
    return *this;
}

void Buffer::flush() const {
    check(vmaFlushAllocation(m_state->allocator, static_cast<VmaAllocation>(m_allocation), 0, VK_WHOLE_SIZE),
          "vmaFlushAllocation", "making host writes visible");
}

void Buffer::invalidate() const {
    check(vmaInvalidateAllocation(m_state->allocator, static_cast<VmaAllocation>(m_allocation), 0,
                                  VK_WHOLE_SIZE),
          "vmaInvalidateAllocation", "reading device writes");
}

}  // namespace engine
