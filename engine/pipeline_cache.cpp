#include "engine/pipeline_cache.h"

#include "engine/cache_folder.h"
#include "engine/device_state.h"

#include <unistd.h>

#include <format>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace engine {

namespace {

std::filesystem::path cacheFile(const DeviceInfo& info) {
    const auto folder = cacheFolder();
    if (folder.empty()) return {};
    std::string uuid;
    for (const uint8_t byte : info.pipelineCacheUuid) uuid += std::format("{:02x}", byte);
    return folder / std::format("pipelines-{:x}-{:x}-{:x}-{}.bin", info.vendorId, info.deviceId,
                                info.driverVersion, uuid);
}

}  // namespace

void loadPipelineCache(DeviceState& device) {
    std::vector<char> bytes;
    if (const auto path = cacheFile(device.info); !path.empty()) {
        if (std::ifstream file(path, std::ios::binary); file)
            bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    VkPipelineCacheCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    info.initialDataSize = bytes.size();
    info.pInitialData = bytes.data();
    // Drivers check the header and start empty when the data is not theirs.
    check(device.vk.vkCreatePipelineCache(device.handle, &info, nullptr, &device.pipelineCache),
          "vkCreatePipelineCache", "pipelines");
    device.loadedCacheBytes = bytes.size();
    device.vk.vkGetPipelineCacheData(device.handle, device.pipelineCache, &device.heldCacheBytes, nullptr);
}

void savePipelineCache(DeviceState& device) noexcept try {
    if (!device.pipelineCache || device.kernels.empty()) return;
    size_t size = 0;
    if (device.vk.vkGetPipelineCacheData(device.handle, device.pipelineCache, &size, nullptr) != VK_SUCCESS)
        return;
    const bool wasLoaded = device.loadedCacheBytes >= sizeof(VkPipelineCacheHeaderVersionOne);
    if (wasLoaded && size <= device.heldCacheBytes) return;
    std::vector<char> bytes(size);
    if (device.vk.vkGetPipelineCacheData(device.handle, device.pipelineCache, &size, bytes.data()) !=
        VK_SUCCESS)
        return;
    const auto path = cacheFile(device.info);
    if (path.empty()) return;
    std::filesystem::create_directories(path.parent_path());
    const auto partial = std::format("{}.{}", path.string(), getpid());
    bool written = false;
    {
        std::ofstream file(partial, std::ios::binary);
        file.write(bytes.data(), static_cast<std::streamsize>(size));
        written = static_cast<bool>(file.flush());
    }
    if (written)
        std::filesystem::rename(partial, path);
    else
        std::filesystem::remove(partial);
} catch (...) {  // best effort, as the header says
}

}  // namespace engine
