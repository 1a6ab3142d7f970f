#pragma once

#include "engine/device_info.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace app {

// Names and values, for people. Several in a row may have one name, as the shapes of matrices.
using DeviceProperties = std::vector<std::pair<std::string, std::string>>;

// What a device is and what it can do; of one that is too old to be asked, what it lacks.
DeviceProperties devicePropertiesOf(const engine::DeviceInfo& info);

// What it is limited to besides.
DeviceProperties deviceLimitsOf(const engine::DeviceInfo& info);

// "1.3.290"
std::string apiVersionText(uint32_t packed);

}  // namespace app
