#pragma once

#include "engine/vulkan.h"

namespace engine {

struct DeviceState;

// The memory allocator of an open device; buffers are the only users.
VmaAllocator_T* createAllocator(const DeviceState& state);
void destroyAllocator(VmaAllocator_T* allocator);
void destroyBuffer(VmaAllocator_T* allocator, VkBuffer buffer, VmaAllocation_T* allocation);

}  // namespace engine
