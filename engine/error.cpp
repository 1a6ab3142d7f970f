#include "engine/error.h"

#include "engine/vulkan.h"

namespace engine {

namespace {

std::string describe(const std::string& call, int result, const std::string& place) {
    return place + ": " + call + " failed with " + string_VkResult(static_cast<VkResult>(result));
}

}  // namespace

Error::Error(const std::string& call, int result, const std::string& place)
    : std::runtime_error(describe(call, result, place)), m_result(result) {}

Timeout::Timeout(const std::string& place, uint64_t seconds)
    : std::runtime_error(place + ": the device did not answer within " + std::to_string(seconds) + " s") {}

void check(VkResult result, const char* call, const std::string& place) {
    if (result >= VK_SUCCESS) return;
    if (result == VK_ERROR_DEVICE_LOST) throw DeviceLost(call, result, place);
    if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY) {
        throw OutOfMemory(call, result, place);
    }
    throw Error(call, result, place);
}

}  // namespace engine
