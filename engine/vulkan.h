#pragma once

// Vulkan's own headers, for engine/*.cpp alone: no public header of engine includes this one.

#include <volk.h>
#include <vulkan/vk_enum_string_helper.h>

#include <string>

// Declared, not included: the allocator's header is large and two files need it.
struct VmaAllocator_T;
struct VmaAllocation_T;

namespace engine {

// Throws Error, DeviceLost or OutOfMemory for a negative result; `place` says what was being done.
void check(VkResult result, const char* call, const std::string& place);

}  // namespace engine
