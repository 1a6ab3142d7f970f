#include "engine/swapchain.h"

#include "app/explorer/window.h"
#include "engine/commands.h"
#include "engine/device_state.h"
#include "engine/error.h"
#include "engine/image.h"
#include "engine/surface.h"
#include "tests/device_fixture.h"
#include "tests/virtual_display.h"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <utility>

namespace tests {

namespace {

// What the device's own functions answer, but for the first so many calls.
PFN_vkAcquireNextImageKHR acquireNextImage = nullptr;
int lossesLeft = 0;

VkResult acquireOrLose(VkDevice device, VkSwapchainKHR chain, uint64_t timeOut, VkSemaphore semaphore,
                       VkFence fence, uint32_t* index) {
    if (lossesLeft > 0) {
        --lossesLeft;
        return VK_ERROR_SURFACE_LOST_KHR;
    }
    return acquireNextImage(device, chain, timeOut, semaphore, fence, index);
}

// What GLFW connects to from now on.
struct Connected {
    explicit Connected(const VirtualDisplay& server) {
        setenv("DISPLAY", server.name().c_str(), 1);
        unsetenv("WAYLAND_DISPLAY");
    }
};

// A window on a display of its own.
struct Shown {
    VirtualDisplay server;
    Connected connected{server};
    app::Display display;
    app::Window window;
    engine::Instance instance;
    engine::Device device;
    engine::Swapchain swapchain;

    Shown()
        : window(display, {.width = 320, .height = 240}, "swapchain"),
          instance(isValidating(), onMessage, engine::windowExtensions()),
          device(instance, engine::chooseDevice(instance.devices(), "")),
          swapchain(device, instance, window.handle()) {
        window.show();
    }

    bool show(uint32_t width, uint32_t height) {
        window.waitFor(0.1);
        const engine::Image image(device, width, height, "shown");
        engine::Commands commands(device);
        commands.beginDrawing(image, {1, 0, 0, 1}, {});
        commands.endDrawing();
        commands.submit();
        return swapchain.show(image);
    }
};

}  // namespace

TEST_CASE("A surface that is lost is made anew, and given up when it is lost again and again",
          "[cli][window]") {
    Shown shown;
    REQUIRE(waitUntil([&] { return shown.show(320, 240); }));
    VolkDeviceTable& vk = shown.device.state()->vk;
    acquireNextImage = std::exchange(vk.vkAcquireNextImageKHR, acquireOrLose);
    lossesLeft = 1;
    CHECK(shown.show(320, 240));
    CHECK(lossesLeft == 0);
    CHECK(shown.show(320, 240));
    lossesLeft = 100;
    CHECK_THROWS_AS(shown.show(320, 240), engine::Error);
    lossesLeft = 0;
    CHECK(shown.show(320, 240));
}

TEST_CASE("A picture of another size than the window is scaled to it", "[cli][window]") {
    Shown shown;
    CHECK(waitUntil([&] { return shown.show(100, 50); }));
    CHECK(waitUntil([&] { return shown.show(640, 480); }));
}

}  // namespace tests
