#pragma once

#include "app/explorer/explorer.h"
#include "engine/device.h"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace app {

// An explorer and the device that it runs on. When the device is lost, both are made anew, and the session
// goes on.
class ExplorerHost {
public:
    using OpenDevice = std::function<std::unique_ptr<engine::Device>()>;

    // Throws what `open` throws. memoryBytes, path: as Explorer takes them.
    ExplorerHost(OpenDevice open, uint64_t memoryBytes, quant::CountingPath path);

    engine::Device& device() { return *m_device; }
    Explorer& explorer() { return *m_explorer; }
    // False where a device was lost and no other could be had: then only what follows is there.
    bool isOpen() const { return m_explorer != nullptr; }
    // The last that was shown.
    Session session() const;
    std::vector<std::string> recentFiles() const;  // absolute paths, the latest first

    // Called with each new device and explorer, the first ones included; and, before a lost device goes, to
    // let go what else was made on it.
    void onOpen(std::function<void()> opened, std::function<void()> closing);

    // Does something with the device. Where that is lost: gets another, shows the session on it with a
    // message, and returns false. Throws DeviceLost when devices are lost again and again, and what the work
    // or opening a device throws.
    bool attempt(const std::function<void()>& work);

private:
    void recover();
    void make();
    void makeAgain();

    OpenDevice m_open;
    uint64_t m_memoryBytes;
    quant::CountingPath m_path;
    std::function<void()> m_opened, m_closing;
    std::unique_ptr<engine::Device> m_device;
    std::unique_ptr<Explorer> m_explorer;
    Session m_lastSession;
    Explorer::Past m_lastPast;
    std::deque<std::chrono::steady_clock::time_point> m_losses;
};

}  // namespace app
