#pragma once

namespace engine {

struct DeviceState;

// Creates the device's pipeline cache from the file of an earlier run, if there is one. The file is named by
// vendor, device, driver version and the driver's cache identifier, so that another driver never reads it.
void loadPipelineCache(DeviceState& device);

// Writes the cache when it has grown. A cache that cannot be written is no error: the next run compiles
// again.
void savePipelineCache(DeviceState& device) noexcept;

}  // namespace engine
