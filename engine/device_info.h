#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

enum class DeviceType { Discrete, Integrated, Virtual, Cpu, Other };

// "discrete", "integrated", "virtual", "cpu" or "other".
std::string_view name(DeviceType type);

// One multiply-accumulate shape D = A·B + C of VK_KHR_cooperative_matrix at subgroup scope:
// A is m×k, B is k×n, C and D are m×n. Types as GLSL spells them: "float16", "int8", "uint32".
struct CooperativeMatrixShape {
    uint32_t m = 0, n = 0, k = 0;
    std::string a, b, c, result;
};

// What a Vulkan device is and can do, as plain data.
struct DeviceInfo {
    uint32_t index = 0;  // position in Vulkan's own enumeration: what `--device INDEX` means
    std::string name;
    std::string driver;  // driver's name and version, for people
    DeviceType type = DeviceType::Other;
    uint32_t apiVersion = 0;  // VK_MAKE_API_VERSION packed
    uint32_t vendorId = 0, deviceId = 0, driverVersion = 0;
    std::array<uint8_t, 16> pipelineCacheUuid{};

    uint64_t memoryBytes = 0;             // largest device-local heap
    uint64_t largestAllocationBytes = 0;  // one allocation at most
    uint64_t storageBufferRangeBytes = 0;
    bool unifiedMemory = false;  // every device-local byte can be mapped by the host

    uint32_t subgroupSize = 0, minSubgroupSize = 0, maxSubgroupSize = 0;
    uint32_t sharedMemoryBytes = 0;
    uint32_t maxWorkgroupInvocations = 0;
    uint32_t maxWorkgroupCount = 0;  // along x
    uint32_t maxImageExtent = 0;     // width and height of an Image, in pixels
    float timestampPeriodNs = 0;     // 0 where the queue has no timestamps

    bool hasGraphics = false;  // can draw
    bool int64 = false, bufferInt64Atomics = false, sharedInt64Atomics = false;
    bool int8 = false, int16 = false, float16 = false, integerDotProduct = false;
    std::vector<CooperativeMatrixShape> cooperativeMatrices;  // empty: kernels cannot use any

    std::vector<std::string> missing;  // baseline features that it lacks
    bool isUsable() const { return missing.empty(); }
};

// Picks from `devices` by `wanted`: empty (the best usable one: discrete before integrated before virtual
// before CPU), an index, or a part of a name, any case. Throws NoDevice, saying why and what there is.
const DeviceInfo& chooseDevice(const std::vector<DeviceInfo>& devices, std::string_view wanted);

}  // namespace engine
