#include "engine/allocator.h"

#include "engine/device_state.h"

#define VMA_IMPLEMENTATION
#define VMA_STATIC_VULKAN_FUNCTIONS 0
#define VMA_DYNAMIC_VULKAN_FUNCTIONS 1
#include <vk_mem_alloc.h>

namespace engine {

VmaAllocator_T* createAllocator(const DeviceState& state) {
    VmaVulkanFunctions functions{};
    functions.vkGetInstanceProcAddr = vkGetInstanceProcAddr;
    functions.vkGetDeviceProcAddr = vkGetDeviceProcAddr;
    VmaAllocatorCreateInfo info{};
    info.flags =
        VMA_ALLOCATOR_CREATE_BUFFER_DEVICE_ADDRESS_BIT | VMA_ALLOCATOR_CREATE_EXTERNALLY_SYNCHRONIZED_BIT;
    info.physicalDevice = state.physical;
    info.device = state.handle;
    info.instance = state.instance->handle;
    info.vulkanApiVersion = VK_API_VERSION_1_3;
    info.pVulkanFunctions = &functions;
    VmaAllocator allocator = nullptr;
    check(vmaCreateAllocator(&info, &allocator), "vmaCreateAllocator", "opening " + state.info.name);
    return allocator;
}

void destroyAllocator(VmaAllocator_T* allocator) {
    vmaDestroyAllocator(allocator);
}

void destroyBuffer(VmaAllocator_T* allocator, VkBuffer buffer, VmaAllocation_T* allocation) {
    vmaDestroyBuffer(allocator, buffer, allocation);
}

void destroyImage(VmaAllocator_T* allocator, VkImage image, VmaAllocation_T* allocation) {
    vmaDestroyImage(allocator, image, allocation);
}

}  // namespace engine
