#pragma once

#include "engine/device_info.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

struct InstanceState;

// Receives what the validation layers report. Called on the thread that made the Vulkan call.
using MessageHandler = std::function<void(std::string_view message)>;

// The connection to the Vulkan loader. Outlives the devices made from it (they share its state).
class Instance {
public:
    // validation: turn the Khronos validation layer on, core and synchronization checks; its messages go to
    // `onMessage`. extensions: those that windows need (windowExtensions()); devices can present then. Throws
    // NoDevice without a loader, a driver or one of the extensions, Error when the layer is missing.
    Instance(bool validation, MessageHandler onMessage, const std::vector<std::string>& extensions = {});

    // Every device, in Vulkan's order, usable or not.
    const std::vector<DeviceInfo>& devices() const;

    const std::shared_ptr<InstanceState>& state() const { return m_state; }

private:
    std::shared_ptr<InstanceState> m_state;
};

}  // namespace engine
