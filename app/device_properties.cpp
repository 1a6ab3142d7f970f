#include "app/device_properties.h"

#include "app/number_text.h"

#include <format>

namespace app {

namespace {

std::string joined(const std::vector<std::string>& parts, const char* empty) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
    return text.empty() ? empty : text;
}

std::string subgroupText(const engine::DeviceInfo& info) {
    if (info.minSubgroupSize == info.maxSubgroupSize) return std::to_string(info.subgroupSize);
    return std::to_string(info.subgroupSize) + " (" + std::to_string(info.minSubgroupSize) + " to " +
           std::to_string(info.maxSubgroupSize) + ")";
}

std::string atomicsText(const engine::DeviceInfo& info) {
    std::vector<std::string> kinds;
    if (info.bufferInt64Atomics) kinds.emplace_back("buffers");
    if (info.sharedInt64Atomics) kinds.emplace_back("shared memory");
    return joined(kinds, "no");
}

// "8x8x8 float16 -> float32": m×n×k, type of A (and B), type of the result.
std::vector<std::string> matrixTexts(const engine::DeviceInfo& info) {
    std::vector<std::string> texts;
    for (const auto& [m, n, k, a, b, c, result] : info.cooperativeMatrices) {
        const std::string factors = a == b ? a : a + "*" + b;
        const std::string sum = c == result ? result : c + " -> " + result;
        texts.push_back(shapeText({m, n, k}) + " " + factors + " -> " + sum);
    }
    if (texts.empty()) texts.emplace_back("no");
    return texts;
}

// The element types that kernels may use besides 32-bit ones.
std::string smallTypesText(const engine::DeviceInfo& info) {
    std::vector<std::string> types;
    if (info.int8) types.emplace_back("int8");
    if (info.int16) types.emplace_back("int16");
    if (info.float16) types.emplace_back("float16");
    if (info.int64) types.emplace_back("int64");
    return joined(types, "32-bit alone");
}

}  // namespace

std::string apiVersionText(uint32_t packed) {
    return std::format("{}.{}.{}", packed >> 22 & 0x7f, packed >> 12 & 0x3ff, packed & 0xfff);
}

DeviceProperties devicePropertiesOf(const engine::DeviceInfo& info) {
    DeviceProperties rows = {{"driver", info.driver}, {"type", std::string(engine::name(info.type))}};
    if (!info.isUsable()) rows.emplace_back("unusable, lacks", joined(info.missing, ""));
    if (info.subgroupSize == 0) return rows;  // too old to be asked
    rows.emplace_back("memory",
                      sizeText(info.memoryBytes) + (info.unifiedMemory ? ", shared with the host" : ""));
    rows.emplace_back("shared memory", sizeText(info.sharedMemoryBytes));
    rows.emplace_back("subgroup size", subgroupText(info));
    rows.emplace_back("int64 atomics", atomicsText(info));
    rows.emplace_back("dot product", info.integerDotProduct ? "yes" : "no");
    for (const auto& text : matrixTexts(info)) rows.emplace_back("cooperative matrix", text);
    return rows;
}

DeviceProperties deviceLimitsOf(const engine::DeviceInfo& info) {
    return {{"Vulkan", apiVersionText(info.apiVersion)},
            {"largest allocation", sizeText(info.largestAllocationBytes)},
            {"storage buffer", sizeText(info.storageBufferRangeBytes)},
            {"workgroup", std::to_string(info.maxWorkgroupInvocations) + " invocations"},
            {"types", smallTypesText(info)},
            {"timestamps", info.timestampPeriodNs > 0
                               ? "every " + significant(double{info.timestampPeriodNs}, 3) + " ns"
                               : "no"}};
}

}  // namespace app
