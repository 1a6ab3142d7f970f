#pragma once

#include "engine/device_info.h"
#include "engine/instance.h"

#include <memory>
#include <string>
#include <vector>

struct GLFWwindow;

namespace engine {

// The extensions of Instance without which nothing can be shown in a window here. GLFW must be initialized.
// Throws NoDevice where there is no Vulkan loader or no driver that knows windows.
std::vector<std::string> windowExtensions();

// Whether the device can show pictures in windows of this display, by the queue that does all work. The
// instance has windowExtensions().
bool canPresent(const Instance& instance, const DeviceInfo& info);

// The part of a window that a swapchain presents to. The window must outlive it.
class Surface {
public:
    // Throws Error.
    Surface(const Instance& instance, GLFWwindow* window);
    ~Surface();
    Surface(const Surface&) = delete;
    Surface& operator=(const Surface&) = delete;

    void* vulkanHandle() const { return m_surface; }  // a VkSurfaceKHR

private:
    std::shared_ptr<InstanceState> m_instance;
    void* m_surface = nullptr;
};

}  // namespace engine
