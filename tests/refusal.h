#pragma once

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <stdexcept>
#include <string>

namespace tests {

// That the action throws std::invalid_argument with a message that contains `why`.
inline void checkRefused(const std::function<void()>& action, const std::string& why) {
    try {
        action();
        FAIL("was not refused: " << why);
    } catch (const std::invalid_argument& error) {
        INFO(error.what());
        CHECK(std::string(error.what()).contains(why));
    }
}

}  // namespace tests
