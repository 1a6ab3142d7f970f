#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace tests {

namespace {

std::mutex messageMutex;
std::string messages;  // what the layers said and no test has answered for yet

// Takes the messages that came while a section ran, the whole test case being the outermost. Catch2 sends
// this event before it adds up the test's assertions, so the CHECK counts; device_fixture_test.cpp holds it
// to that.
class ValidationListener : public Catch::EventListenerBase {
public:
    using EventListenerBase::EventListenerBase;
    void sectionEnded(const Catch::SectionStats&) override {
        const std::string validationMessages = takeMessages();
        if (!validationMessages.empty()) CHECK(validationMessages == "");
    }
};

CATCH_REGISTER_LISTENER(ValidationListener)

std::unique_ptr<engine::Device> openDevice() {
    const engine::Instance instance(isValidating(), onMessage);
    return std::make_unique<engine::Device>(instance, engine::chooseDevice(instance.devices(), ""));
}

}  // namespace

bool isValidating() {
    const char* value = std::getenv("CLIPSCOPE_VALIDATION");
    return value && std::string_view(value) == "1";
}

void onMessage(std::string_view message) {
    // What GPU-assisted validation says of features that it turns on for itself.
    if (std::getenv("CLIPSCOPE_GPU_ASSISTED") && message.contains("Internal Warning")) return;
    const std::lock_guard lock(messageMutex);
    messages += message;
    messages += '\n';
}

std::string takeMessages() {
    const std::lock_guard lock(messageMutex);
    return std::exchange(messages, {});
}

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
