#pragma once

#include "engine/device_info.h"

#include <string>
#include <vector>

namespace app {

// Everything that is known of the devices, as one JSON object. best: the one used by default, null when there
// is none.
std::string devicesJson(const std::vector<engine::DeviceInfo>& devices, const engine::DeviceInfo* best);

}  // namespace app
