#pragma once

#include "engine/instance.h"
#include "engine/vulkan.h"

#include <optional>
#include <span>
#include <vector>

namespace engine {

struct InstanceState {
    InstanceState() = default;
    InstanceState(const InstanceState&) = delete;
    InstanceState& operator=(const InstanceState&) = delete;
    ~InstanceState();

    VkInstance handle = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
    bool debugUtils = false;
    bool presents = false;  // has what windows need: devices turn on swapchains
    MessageHandler onMessage;
    std::vector<VkPhysicalDevice> physicalDevices;  // parallel to devices
    std::vector<DeviceInfo> devices;
};

// The queue family that does all work: one that draws and computes, else one that computes.
std::optional<uint32_t> workFamily(std::span<const VkQueueFamilyProperties> families);

bool hasExtension(VkPhysicalDevice device, const char* name);

// Reads everything that DeviceInfo holds from the driver.
DeviceInfo readDeviceInfo(VkPhysicalDevice device, uint32_t index);

}  // namespace engine
