#include "engine/device_info.h"

#include "engine/error.h"
#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace tests {

using engine::chooseDevice;
using engine::DeviceInfo;
using engine::DeviceType;
using engine::NoDevice;

namespace {

DeviceInfo deviceOf(uint32_t index, const char* name, DeviceType type,
                    std::vector<std::string> missing = {}) {
    DeviceInfo info;
    info.index = index;
    info.name = name;
    info.type = type;
    info.missing = std::move(missing);
    return info;
}

const std::vector<DeviceInfo>& someDevices() {
    static const std::vector<DeviceInfo> devices = {
        deviceOf(0, "llvmpipe (LLVM 19)", DeviceType::Cpu),
        deviceOf(1, "Arc A770", DeviceType::Integrated),
        deviceOf(2, "Old Card", DeviceType::Discrete, {"Vulkan 1.3"}),
        deviceOf(3, "GeForce RTX", DeviceType::Discrete),
        deviceOf(4, "GeForce GTX", DeviceType::Discrete),
    };
    return devices;
}

std::string refusal(const std::vector<DeviceInfo>& devices, std::string_view wanted) {
    try {
        return "chose " + chooseDevice(devices, wanted).name;
    } catch (const NoDevice& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("By default the first usable device of the best type is chosen", "[device_info]") {
    auto devices = someDevices();
    CHECK(chooseDevice(devices, "").index == 3);
    devices.resize(3);
    CHECK(chooseDevice(devices, "").index == 1);
    devices.resize(1);
    CHECK(chooseDevice(devices, "").index == 0);
}

TEST_CASE("Discrete comes before integrated, virtual, CPU and other", "[device_info]") {
    std::vector<DeviceInfo> devices;
    uint32_t index = 0;
    for (const DeviceType type : {DeviceType::Other, DeviceType::Cpu, DeviceType::Virtual,
                                  DeviceType::Integrated, DeviceType::Discrete}) {
        devices.push_back(deviceOf(index, "x", type));
        CHECK(chooseDevice(devices, "").index == index);
        ++index;
    }
}

TEST_CASE("A number chooses by index, whatever the type", "[device_info]") {
    CHECK(chooseDevice(someDevices(), "0").name == "llvmpipe (LLVM 19)");
    CHECK(chooseDevice(someDevices(), "4").name == "GeForce GTX");
}

TEST_CASE("A number means an index, not a part of a name", "[device_info]") {
    CHECK(refusal(someDevices(), "19").contains("no device matches '19'"));
}

TEST_CASE("A part of the name chooses the first match in any case", "[device_info]") {
    CHECK(chooseDevice(someDevices(), "geforce").index == 3);
    CHECK(chooseDevice(someDevices(), "GTX").index == 4);
    CHECK(chooseDevice(someDevices(), "LLVMPIPE").index == 0);
}

TEST_CASE("What matches nothing is refused with the list of devices", "[device_info]") {
    for (const char* wanted : {"radeon", "5", "-1", "99999999999"}) {
        const std::string message = refusal(someDevices(), wanted);
        CHECK(message.contains(wanted));
        for (const DeviceInfo& device : someDevices())
            CHECK(message.contains(std::to_string(device.index) + " " + device.name));
        CHECK(message.contains("lacks Vulkan 1.3"));
    }
}

TEST_CASE("An unusable device is refused with what it lacks", "[device_info]") {
    for (const char* wanted : {"2", "old"}) {
        const std::string message = refusal(someDevices(), wanted);
        CHECK(message.contains("cannot be used"));
        CHECK(message.contains("Old Card (lacks Vulkan 1.3)"));
        CHECK_FALSE(message.contains("GeForce"));
    }
}

TEST_CASE("Without a usable device the message says what each lacks", "[device_info]") {
    const std::vector<DeviceInfo> devices = {
        deviceOf(0, "A", DeviceType::Discrete, {"scalar block layout", "timeline semaphores"}),
        deviceOf(1, "B", DeviceType::Cpu, {"Vulkan 1.3"})};
    const std::string message = refusal(devices, "");
    CHECK(message.contains("0 A (lacks scalar block layout, timeline semaphores)"));
    CHECK(message.contains("1 B (lacks Vulkan 1.3)"));
}

TEST_CASE("Without any device the message says so", "[device_info]") {
    CHECK(refusal({}, "").contains("no Vulkan device"));
    CHECK(refusal({}, "0").contains("no Vulkan device"));
}

TEST_CASE("Device types have names", "[device_info]") {
    CHECK(name(DeviceType::Discrete) == "discrete");
    CHECK(name(DeviceType::Integrated) == "integrated");
    CHECK(name(DeviceType::Virtual) == "virtual");
    CHECK(name(DeviceType::Cpu) == "cpu");
    CHECK(name(DeviceType::Other) == "other");
}

TEST_CASE("The device of this run describes itself", "[device][device_info]") {
    const DeviceInfo& info = device().info();
    CHECK(info.isUsable());
    CHECK_FALSE(info.name.empty());
    CHECK_FALSE(info.driver.empty());
    CHECK(info.memoryBytes > 0);
    CHECK(info.largestAllocationBytes >= uint64_t{1} << 30);  // Vulkan's minimum
    CHECK(info.sharedMemoryBytes >= 16384);
    CHECK(info.maxWorkgroupInvocations >= 128);
    CHECK(info.maxWorkgroupCount >= 65535);
    CHECK(info.minSubgroupSize <= info.subgroupSize);
    CHECK(info.subgroupSize <= info.maxSubgroupSize);
}

}  // namespace tests
