#include "app/context.h"

#include "app/messages.h"
#include "app/usage_error.h"
#include "engine/error.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace app {

namespace {

constexpr const char* driverVariables[] = {"VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_LOADER_DRIVERS_SELECT",
                                           "VK_LOADER_DRIVERS_DISABLE"};

// What decides which drivers are found, and where to get one.
std::string driverAdvice() {
    std::string advice;
    for (const char* variable : driverVariables) {
        const char* value = std::getenv(variable);
        if (value)
            advice += std::string(advice.empty() ? "" : ", ") + variable + " is set to '" + value + "'";
    }
    if (!advice.empty()) advice += "; ";
    return advice + "Debian's package mesa-vulkan-drivers has a software driver";
}

bool isValidationWanted() {
    const char* value = std::getenv("CLIPSCOPE_VALIDATION");
    return value && std::string_view(value) == "1";
}

engine::Instance connect(Global& global, const std::vector<std::string>& extensions) {
    const auto onMessage = [&global](std::string_view message) {
        ++global.validationMessages;
        printMessage("validation", message);
    };
    try {
        return engine::Instance(isValidationWanted(), onMessage, extensions);
    } catch (const engine::NoDevice& error) {
        throw engine::NoDevice(std::string(error.what()) + "; " + driverAdvice());
    }
}

}  // namespace

engine::Instance openInstance(Global& global, const std::vector<std::string>& extensions) {
    engine::Instance instance = connect(global, extensions);
    if (instance.devices().empty()) throw engine::NoDevice("no Vulkan device was found; " + driverAdvice());
    return instance;
}

void checkPath(const Global& global, const engine::DeviceInfo& device) {
    const bool isAuto = global.path == quant::CountingPath::Auto;
    if (!isAuto && !std::ranges::contains(quant::countingPaths(device), global.path))
        throw UsageError("--path: " + device.name + " cannot run the path asked for");
}

Context::Context(Global& global)
    : instance(openInstance(global)),
      device(instance, engine::chooseDevice(instance.devices(), global.device)) {
    checkPath(global, device.info());
}

}  // namespace app
