#pragma once

#include "engine/vulkan.h"

namespace engine {

struct DeviceState;

// The memory allocator of an open device, for buffers and images.
VmaAllocator_T* createAllocator(const DeviceState& state);
void destroyAllocator(VmaAllocator_T* allocator);
void destroyBuffer(VmaAllocator_T* allocator, VkBuffer buffer, VmaAllocation_T* allocation);
void destroyImage(VmaAllocator_T* allocator, VkImage image, VmaAllocation_T* allocation);

}  // namespace engine
