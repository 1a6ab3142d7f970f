#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace tests {

// A display without a screen (Xvfb) and the hands that use it (xdotool), while the object lives.
class VirtualDisplay {
public:
    // Throws std::runtime_error where Xvfb does not start.
    VirtualDisplay();
    ~VirtualDisplay();
    VirtualDisplay(const VirtualDisplay&) = delete;
    VirtualDisplay& operator=(const VirtualDisplay&) = delete;

    const std::string& name() const { return m_name; }  // for DISPLAY

    // Runs xdotool and returns what it prints. Throws std::runtime_error where it fails.
    std::string xdotool(const std::vector<std::string>& arguments) const;
    // The visible window with that title; empty where there is none yet.
    std::string windowOf(const std::string& title) const;
    // What the clipboard holds; empty where it holds no text.
    std::string clipboard() const;
    // Starts a window manager, without which windows can be neither minimised nor maximised. Throws
    // std::runtime_error where it does not start.
    void manageWindows();

private:
    pid_t m_server = -1, m_manager = -1;
    std::string m_name;
};

// Asks until it holds or the time is over; then false.
bool waitUntil(const std::function<bool()>& holds, std::chrono::seconds limit = std::chrono::seconds(60));

}  // namespace tests
