#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tests {

namespace {

std::mutex messageMutex;
std::vector<std::string> messages;

bool isSet(const char* name) {
    const char* value = std::getenv(name);
    return value && std::string_view(value) == "1";
}

std::unique_ptr<engine::Device> openDevice() {
    const engine::Instance instance(isSet("CLIPSCOPE_VALIDATION"), [](std::string_view message) {
        const std::lock_guard lock(messageMutex);
        messages.emplace_back(message);
    });
    return std::make_unique<engine::Device>(instance, engine::chooseDevice(instance.devices(), ""));
}

std::string takeMessages() {
    const std::lock_guard lock(messageMutex);
    std::string all;
    for (const auto& message : messages) all += message + "\n";
    messages.clear();
    return all;
}

// Checks after every test case that the layers stayed silent.
class ValidationListener : public Catch::EventListenerBase {
public:
    using EventListenerBase::EventListenerBase;
    void testCasePartialEnded(const Catch::TestCaseStats&, uint64_t) {}
    void sectionEnded(const Catch::SectionStats& stats) override {
        const std::string all = takeMessages();
        INFO(stats.sectionInfo.name);
        INFO(all);
        CHECK(all.empty());
    }
};

CATCH_REGISTER_LISTENER(ValidationListener)

}  // namespace

engine::Device& device() {
    static const std::unique_ptr<engine::Device> opened = openDevice();
    if (const char* wanted = std::getenv("CLIPSCOPE_TEST_DRIVER")) {
        const std::string name = opened->info().name + " " + opened->info().driver;
        INFO(name);
        REQUIRE(name.contains(std::string(wanted) == "lavapipe" ? "llvmpipe" : "SwiftShader"));
    }
    return *opened;
}

}  // namespace tests
