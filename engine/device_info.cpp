#include "engine/device_info.h"

#include "engine/error.h"
#include "engine/instance_state.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

namespace engine {

namespace {

DeviceType typeOf(VkPhysicalDeviceType type) {
    switch (type) {
        case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
            return DeviceType::Discrete;
        case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
            return DeviceType::Integrated;
        case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
            return DeviceType::Virtual;
        case VK_PHYSICAL_DEVICE_TYPE_CPU:
            return DeviceType::Cpu;
        default:
            return DeviceType::Other;
    }
}

const char* componentName(VkComponentTypeKHR type) {
    switch (type) {
        case VK_COMPONENT_TYPE_FLOAT16_KHR:
            return "float16";
        case VK_COMPONENT_TYPE_FLOAT32_KHR:
            return "float32";
        case VK_COMPONENT_TYPE_FLOAT64_KHR:
            return "float64";
        case VK_COMPONENT_TYPE_SINT8_KHR:
            return "int8";
        case VK_COMPONENT_TYPE_SINT16_KHR:
            return "int16";
        case VK_COMPONENT_TYPE_SINT32_KHR:
            return "int32";
        case VK_COMPONENT_TYPE_UINT8_KHR:
            return "uint8";
        case VK_COMPONENT_TYPE_UINT16_KHR:
            return "uint16";
        case VK_COMPONENT_TYPE_UINT32_KHR:
            return "uint32";
        default:
            return "other";
    }
}

std::vector<CooperativeMatrixShape> cooperativeMatrices(VkPhysicalDevice device) {
    // Loaded by name: the entry point exists only where some driver has the extension.
    if (!vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR) return {};
    uint32_t count = 0;
    if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR(device, &count, nullptr) != VK_SUCCESS) return {};
    std::vector<VkCooperativeMatrixPropertiesKHR> found(
        count, {VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR});
    if (vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR(device, &count, found.data()) != VK_SUCCESS)
        return {};
    std::vector<CooperativeMatrixShape> shapes;
    for (const auto& p : found) {
        if (p.scope != VK_SCOPE_SUBGROUP_KHR) continue;
        shapes.push_back({p.MSize, p.NSize, p.KSize, componentName(p.AType), componentName(p.BType),
                          componentName(p.CType), componentName(p.ResultType)});
    }
    return shapes;
}

void readMemory(VkPhysicalDevice device, DeviceInfo& info) {
    VkPhysicalDeviceMemoryProperties memory;
    vkGetPhysicalDeviceMemoryProperties(device, &memory);
    std::vector<bool> mappable(memory.memoryHeapCount, false);
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
        const auto& type = memory.memoryTypes[i];
        if (type.propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) mappable[type.heapIndex] = true;
    }
    info.unifiedMemory = info.type == DeviceType::Cpu || info.type == DeviceType::Integrated;
    for (uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
        if (!(memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)) continue;
        info.memoryBytes = std::max(info.memoryBytes, uint64_t{memory.memoryHeaps[i].size});
        info.unifiedMemory = info.unifiedMemory && mappable[i];
    }
}

void readFeatures(VkPhysicalDevice device, DeviceInfo& info) {
    VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
    VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &v13};
    VkPhysicalDeviceVulkan11Features v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &v12};
    VkPhysicalDeviceFeatures2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v11, {}};
    vkGetPhysicalDeviceFeatures2(device, &all);
    const auto need = [&](VkBool32 has, const char* what) {
        if (!has) info.missing.emplace_back(what);
    };
    need(v12.bufferDeviceAddress, "buffer device address");
    need(v12.scalarBlockLayout, "scalar block layout");
    need(v12.timelineSemaphore, "timeline semaphores");
    need(v12.hostQueryReset, "host query reset");
    need(v13.synchronization2, "synchronization2");
    need(v13.subgroupSizeControl, "subgroup size control");
    need(v13.maintenance4, "maintenance4");
    need(v13.dynamicRendering, "dynamic rendering");
    VkPhysicalDeviceVulkan11Properties properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
    VkPhysicalDeviceProperties2 allProperties{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &properties, {}};
    vkGetPhysicalDeviceProperties2(device, &allProperties);
    const bool inCompute = (properties.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    const bool hasArithmetic =
        (properties.subgroupSupportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT) != 0;
    need(inCompute && hasArithmetic, "subgroup arithmetic");
    const bool hasQuads = (properties.subgroupSupportedOperations & VK_SUBGROUP_FEATURE_QUAD_BIT) != 0;
    need(inCompute && hasQuads, "subgroup quad operations");
    need(allProperties.properties.limits.maxComputeWorkGroupInvocations >= 256,
         "workgroups of 256 invocations");
    info.int64 = all.features.shaderInt64;
    info.bufferInt64Atomics = info.int64 && v12.shaderBufferInt64Atomics;
    info.sharedInt64Atomics = info.int64 && v12.shaderSharedInt64Atomics;
    info.int16 = all.features.shaderInt16 && v11.storageBuffer16BitAccess;
    info.int8 = v12.shaderInt8 && v12.storageBuffer8BitAccess;
    info.float16 = v12.shaderFloat16;
    info.integerDotProduct = v13.shaderIntegerDotProduct;
}

void readQueue(VkPhysicalDevice device, DeviceInfo& info, float periodNs) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    const auto chosen = workFamily(families);
    if (!chosen) {
        info.missing.emplace_back("a compute queue");
        return;
    }
    const auto& family = families[*chosen];
    info.hasGraphics = (family.queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0;
    if (family.timestampValidBits > 0) info.timestampPeriodNs = periodNs;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

// Describes what there is, for the messages of chooseDevice.
std::string listing(const std::vector<DeviceInfo>& devices) {
    std::string text;
    for (const auto& device : devices) {
        text += (text.empty() ? "" : ", ") + std::to_string(device.index) + " " + device.name;
        if (device.isUsable()) continue;
        text += " (lacks";
        for (const auto& feature : device.missing)
            text += (feature == device.missing.front() ? " " : ", ") + feature;
        text += ")";
    }
    return text;
}

}  // namespace

bool hasExtension(VkPhysicalDevice device, const char* name) {
    uint32_t count = 0;
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> found(count);
    vkEnumerateDeviceExtensionProperties(device, nullptr, &count, found.data());
    return std::ranges::any_of(found, [&](const auto& e) { return !std::strcmp(e.extensionName, name); });
}

std::string_view name(DeviceType type) {
    switch (type) {
        case DeviceType::Discrete:
            return "discrete";
        case DeviceType::Integrated:
            return "integrated";
        case DeviceType::Virtual:
            return "virtual";
        case DeviceType::Cpu:
            return "cpu";
        case DeviceType::Other:
            break;
    }
    return "other";
}

DeviceInfo readDeviceInfo(VkPhysicalDevice device, uint32_t index) {
    DeviceInfo info;
    info.index = index;
    VkPhysicalDeviceVulkan13Properties v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
    VkPhysicalDeviceVulkan12Properties v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES, &v13};
    VkPhysicalDeviceVulkan11Properties v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, &v12};
    VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, nullptr, {}};
    vkGetPhysicalDeviceProperties2(device, &all);
    const auto& properties = all.properties;
    info.name = properties.deviceName;
    info.type = typeOf(properties.deviceType);
    info.apiVersion = properties.apiVersion;
    info.vendorId = properties.vendorID;
    info.deviceId = properties.deviceID;
    info.driverVersion = properties.driverVersion;
    std::ranges::copy(properties.pipelineCacheUUID, info.pipelineCacheUuid.begin());
    if (properties.apiVersion < VK_API_VERSION_1_3) {
        info.driver = "Vulkan " + std::to_string(VK_API_VERSION_MAJOR(properties.apiVersion)) + "." +
                      std::to_string(VK_API_VERSION_MINOR(properties.apiVersion));
        info.missing.emplace_back("Vulkan 1.3");
        return info;
    }
    all.pNext = &v11;
    vkGetPhysicalDeviceProperties2(device, &all);
    info.driver = std::string(v12.driverName) + " " + v12.driverInfo;
    info.largestAllocationBytes = v11.maxMemoryAllocationSize;
    info.storageBufferRangeBytes = properties.limits.maxStorageBufferRange;
    info.subgroupSize = v11.subgroupSize;
    info.minSubgroupSize = v13.minSubgroupSize;
    info.maxSubgroupSize = v13.maxSubgroupSize;
    info.sharedMemoryBytes = properties.limits.maxComputeSharedMemorySize;
    info.maxWorkgroupInvocations = properties.limits.maxComputeWorkGroupInvocations;
    info.maxWorkgroupCount = properties.limits.maxComputeWorkGroupCount[0];
    info.maxImageExtent =
        std::min(properties.limits.maxImageDimension2D, properties.limits.maxFramebufferWidth);
    readMemory(device, info);
    readFeatures(device, info);
    readQueue(device, info, properties.limits.timestampPeriod);
    if (hasExtension(device, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME))
        info.cooperativeMatrices = cooperativeMatrices(device);
    return info;
}

std::optional<uint32_t> workFamily(std::span<const VkQueueFamilyProperties> families) {
    const auto find = [&](VkQueueFlags wanted) {
        return std::ranges::find_if(families,
                                    [&](const auto& f) { return (f.queueFlags & wanted) == wanted; });
    };
    auto found = find(VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT);
    if (found == families.end()) found = find(VK_QUEUE_COMPUTE_BIT);
    if (found == families.end()) return std::nullopt;
    return static_cast<uint32_t>(found - families.begin());
}

const DeviceInfo& chooseDevice(const std::vector<DeviceInfo>& devices, std::string_view wanted) {
    if (devices.empty()) throw NoDevice("no Vulkan device was found; `clipscope devices` explains");
    if (wanted.empty()) {
        const auto best = std::ranges::min_element(
            devices, {}, [](const DeviceInfo& device) { return std::pair(!device.isUsable(), device.type); });
        if (!best->isUsable()) throw NoDevice("no usable Vulkan device: " + listing(devices));
        return *best;
    }
    uint32_t index = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
    const bool isIndex = error == std::errc() && end == wanted.data() + wanted.size();
    const auto found = std::ranges::find_if(devices, [&](const DeviceInfo& device) {
        return isIndex ? device.index == index : lower(device.name).contains(lower(wanted));
    });
    if (found == devices.end()) {
        throw NoDevice("no device matches '" + std::string(wanted) + "'; there is: " + listing(devices));
    }
    if (!found->isUsable()) throw NoDevice("the device cannot be used: " + listing({*found}));
    return *found;
}

}  // namespace engine
