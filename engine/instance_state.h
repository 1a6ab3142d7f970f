#pragma once

#include "engine/instance.h"
#include "engine/vulkan.h"

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
    MessageHandler onMessage;
    std::vector<VkPhysicalDevice> physicalDevices;  // parallel to devices
    std::vector<DeviceInfo> devices;
};

// Reads everything that DeviceInfo holds from the driver.
DeviceInfo readDeviceInfo(VkPhysicalDevice device, uint32_t index);

}  // namespace engine
