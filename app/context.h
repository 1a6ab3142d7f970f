#pragma once

#include "app/command.h"
#include "engine/device.h"
#include "engine/instance.h"

#include <string>
#include <vector>

namespace app {

// Connects to Vulkan. CLIPSCOPE_VALIDATION=1 turns the validation layers on: their messages go to stderr and
// are counted in `global`, which must outlive the instance. Throws engine::NoDevice, saying what would help,
// also when there is no device at all. extensions: as engine::Instance takes them.
engine::Instance openInstance(Global& global, const std::vector<std::string>& extensions = {});

// Throws UsageError when the device cannot count by the path asked for.
void checkPath(const Global& global, const engine::DeviceInfo& device);

// The instance and the device that the command line asks for.
struct Context {
    // Throws engine::NoDevice; UsageError when the device cannot run the path asked for.
    explicit Context(Global& global);

    engine::Instance instance;
    engine::Device device;
};

}  // namespace app
