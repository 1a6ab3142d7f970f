// Shows that what the fixture promises can fail: ctest's `messages_fail` runs these tests and wants all of
// them red.
#include "tests/device_fixture.h"

#include "engine/buffer.h"
#include "engine/commands.h"

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

}  // namespace tests
