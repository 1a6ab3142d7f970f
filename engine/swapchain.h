#pragma once

#include "engine/device.h"
#include "engine/image.h"

#include <memory>

struct GLFWwindow;

namespace engine {

// Shows pictures in a window, each at the display's next beat (first in, first out). Follows the window's
// size; a surface that the system took away is made anew. Must go before its window; may go while submitted
// work still uses it.
class Swapchain {
public:
    // The instance has windowExtensions(). Throws NoDevice where the device cannot show pictures in this
    // window, Error.
    Swapchain(Device& device, const Instance& instance, GLFWwindow* window);
    ~Swapchain();
    Swapchain(const Swapchain&) = delete;
    Swapchain& operator=(const Swapchain&) = delete;

    // Hands the picture, which has been drawn on, to the display: scaled where the window has another size
    // by now. Waits while two pictures are on their way. False, and nothing is shown: the window has no
    // extent, the system takes no picture for 100 ms, or the window keeps changing; later it may. Throws
    // DeviceLost, Error.
    bool show(const Image& image);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace engine
