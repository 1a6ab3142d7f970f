#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tests {

namespace {

// What the layers said and no test has answered for yet.
class Messages {
public:
    // The device goes last of all; what the layers say then (an object left behind) fails the run.
    ~Messages() {
        const std::string left = take();
        if (left.empty()) return;
        std::fprintf(stderr, "validation messages after the last test:\n%s", left.c_str());
        std::_Exit(EXIT_FAILURE);
    }

    void add(std::string_view message) {
        const std::lock_guard lock(m_mutex);
        m_all += message;
        m_all += '\n';
    }

    std::string take() {
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_all, {});
    }

private:
    std::mutex m_mutex;
    std::string m_all;
};

Messages& messages() {
    static Messages messages;
    return messages;
}

// Takes the messages that came while a section ran, the whole test case being the outermost. Catch2 sends
// this event before it adds up the test's assertions, so the CHECK counts; device_fixture_test.cpp holds it
// to that.
class ValidationListener : public Catch::EventListenerBase {
public:
    using EventListenerBase::EventListenerBase;
    void sectionEnded(const Catch::SectionStats&) override {
        const std::string validationMessages = messages().take();
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
    messages().add(message);
}

engine::Device& device() {
    messages();  // outlives the device
    static const std::unique_ptr<engine::Device> opened = openDevice();
    if (const char* wanted = std::getenv("CLIPSCOPE_TEST_DRIVER")) {
        const std::string name = opened->info().name + " " + opened->info().driver;
        INFO(name);
        REQUIRE(name.contains(std::string(wanted) == "lavapipe" ? "llvmpipe" : "SwiftShader"));
    }
    return *opened;
}

}  // namespace tests
