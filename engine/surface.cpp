#include "engine/surface.h"

#include "engine/error.h"
#include "engine/instance_state.h"
#include "engine/vulkan.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace engine {

std::vector<std::string> windowExtensions() {
    uint32_t count = 0;
    const char** names = glfwGetRequiredInstanceExtensions(&count);
    if (names == nullptr) throw NoDevice("no Vulkan driver here can show pictures in a window");
    return {names, names + count};
}

bool canPresent(const Instance& instance, const DeviceInfo& info) {
    const InstanceState& state = *instance.state();
    const VkPhysicalDevice device = state.physicalDevices.at(info.index);
    if (!info.isUsable() || !info.hasGraphics || !hasExtension(device, VK_KHR_SWAPCHAIN_EXTENSION_NAME))
        return false;
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    const auto family = workFamily(families);
    return family && glfwGetPhysicalDevicePresentationSupport(state.handle, device, *family) == GLFW_TRUE;
}

Surface::Surface(const Instance& instance, GLFWwindow* window) : m_instance(instance.state()) {
    VkSurfaceKHR surface = VK_NULL_HANDLE;
    check(glfwCreateWindowSurface(m_instance->handle, window, nullptr, &surface), "glfwCreateWindowSurface",
          "opening a window");
    m_surface = surface;
}

Surface::~Surface() {
    vkDestroySurfaceKHR(m_instance->handle, static_cast<VkSurfaceKHR>(m_surface), nullptr);
}

}  // namespace engine
