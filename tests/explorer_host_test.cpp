#include "app/explorer/explorer_host.h"

#include "app/explorer/offscreen.h"
#include "engine/device_state.h"
#include "engine/error.h"
#include "tests/device_fixture.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

namespace tests {

using app::ExplorerHost;

namespace {

std::unique_ptr<engine::Device> openDevice() {
    const engine::Instance instance(isValidating(), onMessage);
    return std::make_unique<engine::Device>(instance, engine::chooseDevice(instance.devices(), ""));
}

// What a driver answers after a device was lost, from each call that may say so.
void lose(engine::Device& device) {
    VolkDeviceTable& vk = device.state()->vk;
    vk.vkQueueSubmit2 = [](VkQueue, uint32_t, const VkSubmitInfo2*, VkFence) { return VK_ERROR_DEVICE_LOST; };
    vk.vkWaitSemaphores = [](VkDevice, const VkSemaphoreWaitInfo*, uint64_t) { return VK_ERROR_DEVICE_LOST; };
    vk.vkGetSemaphoreCounterValue = [](VkDevice, VkSemaphore, uint64_t*) { return VK_ERROR_DEVICE_LOST; };
}

app::Session sampleSession() {
    app::Session session;
    session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
    session.tensor = "features.14.weight";
    session.chosenBits = 3;
    session.clip = 0.2;
    session.theme = app::Appearance::Light;
    return session;
}

constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr app::PictureSize size{480, 360, 1};

}  // namespace

TEST_CASE("After the loss of the device the session goes on with another", "[device][explorer_host]") {
    ExplorerHost host(openDevice, ampleBytes, quant::CountingPath::Auto);
    host.explorer().show(sampleSession());
    int opened = 0, closed = 0;
    std::optional<app::Offscreen> offscreen;
    const auto open = [&] {
        ++opened;
        offscreen.emplace(host.device(), host.explorer(), size);
    };
    const auto close = [&] {
        ++closed;
        offscreen.reset();
    };
    host.onOpen(open, close);
    const auto frame = [&] { offscreen->finished(); };
    REQUIRE(host.attempt(frame));
    auto past = host.explorer().past();
    past.savedAs = "kept.json";
    past.recentFiles = {"/recent.npy"};
    host.explorer().setPast(past);

    // In the middle of the work for another tensor.
    app::Session session = host.explorer().session();
    session.tensor = "features.0.weight";
    host.explorer().show(session);
    offscreen->afterPauses(3);
    lose(host.device());
    CHECK_FALSE(host.attempt(frame));
    CHECK(opened == 2);
    CHECK(closed == 1);
    CHECK(host.explorer().session() == session);
    CHECK(host.explorer().past().savedAs == "kept.json");
    CHECK(host.recentFiles() == std::vector<std::string>{"/recent.npy"});
    CHECK(host.attempt(frame));
    // The steps before the loss can still be taken back.
    auto history = host.explorer().past().history;
    REQUIRE(history.canUndo());
    CHECK(history.undo() == sampleSession());
    CHECK(host.explorer().workspace().problemOf(session.tensor).empty());
}

TEST_CASE("A device that is lost again and again is given up", "[device][explorer_host]") {
    ExplorerHost host(openDevice, ampleBytes, quant::CountingPath::Auto);
    const auto lost = [] { throw engine::DeviceLost("vkQueueSubmit2", VK_ERROR_DEVICE_LOST, "a test"); };
    for (int i = 0; i < 3; ++i) CHECK_FALSE(host.attempt(lost));
    CHECK_THROWS_AS(host.attempt(lost), engine::DeviceLost);
}

}  // namespace tests
