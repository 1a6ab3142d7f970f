// Shows that what the fixture promises can fail: ctest's `messages_fail` and `bounds_fail` run these tests
// and want all of them red.
#include "tests/device_fixture.h"

#include "engine/buffer.h"
#include "engine/commands.h"
#include "shaders/gemm.h"

#include <catch2/catch_test_macros.hpp>

namespace tests {

TEST_CASE("A message fails the test during which it came", "[misuse]") {
    onMessage("made up");
}

TEST_CASE("A message fails the test when it came in a section", "[misuse]") {
    SECTION("silent") {}
    SECTION("loud") {
        onMessage("made up");
    }
}

TEST_CASE("A message of the validation layers reaches the test", "[misuse]") {
    const engine::Buffer buffer(device(), 64, engine::MemoryKind::Device, "misused");
    engine::Commands commands(device());
    // An offset that is not a whole word is against vkCmdFillBuffer's rules. Recorded, never submitted.
    if (isValidating())
        commands.fill({buffer, 2, 4}, 0);
    else
        onMessage("no layers in this run");
}

TEST_CASE("A read beyond a buffer reaches the test", "[misuse_bounds]") {
    const engine::Buffer slices(device(), 64, engine::MemoryKind::Device, "slices"),
        c(device(), 64, engine::MemoryKind::Device, "C");
    engine::Commands commands(device());
    const shaders::GemmSumPush push{.slices = slices.address(),
                                    .c = c.address(),
                                    .epilogue = {.alpha = 1, .channels = 16, .channelBatches = 1},
                                    .elements = 1u << 28,  // a second slice would be a GiB away
                                    .n = 16,
                                    .sliceCount = 2,
                                    .cRow = 16};
    commands.dispatch(device().kernel("gemm_sum", {.constants = {{1, 64}}}), 16, push, {slices}, {c});
    device().wait(commands.submit());
}

}  // namespace tests
