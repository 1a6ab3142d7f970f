#include "app/devices_json.h"

#include "app/device_properties.h"

#include <nlohmann/json.hpp>

#include <format>

namespace app {

namespace {

using Json = nlohmann::ordered_json;

std::string hex(const std::array<uint8_t, 16>& bytes) {
    std::string text;
    for (const uint8_t byte : bytes) text += std::format("{:02x}", byte);
    return text;
}

Json matricesJson(const engine::DeviceInfo& info) {
    Json matrices = Json::array();
    for (const auto& [m, n, k, a, b, c, result] : info.cooperativeMatrices) {
        matrices.push_back({{"m", m}, {"n", n}, {"k", k}, {"a", a}, {"b", b}, {"c", c}, {"result", result}});
    }
    return matrices;
}

Json identityJson(const engine::DeviceInfo& info, bool isBest) {
    return {{"index", info.index},
            {"name", info.name},
            {"driver", info.driver},
            {"type", engine::name(info.type)},
            {"default", isBest},
            {"usable", info.isUsable()},
            {"missing", info.missing},
            {"api_version", apiVersionText(info.apiVersion)},
            {"vendor_id", info.vendorId},
            {"device_id", info.deviceId},
            {"driver_version", info.driverVersion},
            {"pipeline_cache_uuid", hex(info.pipelineCacheUuid)}};
}

Json limitsJson(const engine::DeviceInfo& info) {
    return {{"memory_bytes", info.memoryBytes},
            {"largest_allocation_bytes", info.largestAllocationBytes},
            {"storage_buffer_range_bytes", info.storageBufferRangeBytes},
            {"unified_memory", info.unifiedMemory},
            {"subgroup_size", info.subgroupSize},
            {"min_subgroup_size", info.minSubgroupSize},
            {"max_subgroup_size", info.maxSubgroupSize},
            {"shared_memory_bytes", info.sharedMemoryBytes},
            {"max_workgroup_invocations", info.maxWorkgroupInvocations},
            {"max_workgroup_count", info.maxWorkgroupCount},
            {"timestamp_period_ns", info.timestampPeriodNs}};
}

Json featuresJson(const engine::DeviceInfo& info) {
    return {{"int64", info.int64},
            {"buffer_int64_atomics", info.bufferInt64Atomics},
            {"shared_int64_atomics", info.sharedInt64Atomics},
            {"int8", info.int8},
            {"int16", info.int16},
            {"float16", info.float16},
            {"integer_dot_product", info.integerDotProduct},
            {"cooperative_matrices", matricesJson(info)}};
}

}  // namespace

std::string devicesJson(const std::vector<engine::DeviceInfo>& devices, const engine::DeviceInfo* best) {
    Json list = Json::array();
    for (const auto& info : devices) {
        Json device = identityJson(info, &info == best);
        device.update(limitsJson(info));
        device.update(featuresJson(info));
        list.push_back(std::move(device));
    }
    const Json tool = {{"name", "clipscope"}, {"version", CLIPSCOPE_VERSION}};
    const Json report = {{"tool", tool}, {"devices", list}};
    return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace app
