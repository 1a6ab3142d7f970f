#pragma once

#include "engine/vulkan.h"

namespace engine {

// Of every Image, and so of every graphics pipeline.
constexpr VkFormat imageFormat = VK_FORMAT_R8G8B8A8_UNORM;

}  // namespace engine
