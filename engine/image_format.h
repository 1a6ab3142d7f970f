#pragma once

#include "engine/vulkan.h"

namespace engine {

// Of every Image, and so of every graphics pipeline. The order that windows have nearly everywhere, so that
// pictures can be copied to them.
constexpr VkFormat imageFormat = VK_FORMAT_B8G8R8A8_UNORM;

}  // namespace engine
