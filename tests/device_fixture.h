#pragma once

#include "engine/device.h"

#include <string>
#include <string_view>

namespace tests {

// The device that device tests run on, opened once, with the validation layers when CLIPSCOPE_VALIDATION
// is 1. Fails the test when there is none, or when its driver is not the one that CLIPSCOPE_TEST_DRIVER
// names. A message of the layers fails the test during which it came.
engine::Device& device();

// Whether CLIPSCOPE_VALIDATION is 1.
bool isValidating();

// Where a test's own engine::Instance sends its messages, so that they fail the test as well.
void onMessage(std::string_view message);

// The messages since the last call, a line each.
std::string takeMessages();

}  // namespace tests
