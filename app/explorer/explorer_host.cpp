#include "app/explorer/explorer_host.h"

#include "engine/error.h"
#include "quant/input_error.h"

#include <stdexcept>
#include <thread>

namespace app {

namespace {

// A driver that has been reset needs a moment; one that fails again and again will not come back.
constexpr size_t mostLosses = 3;
constexpr std::chrono::seconds lossWindow(30);
constexpr std::chrono::milliseconds resetTime(200);

}  // namespace

ExplorerHost::ExplorerHost(OpenDevice open, uint64_t memoryBytes, quant::CountingPath path)
    : m_open(std::move(open)), m_memoryBytes(memoryBytes), m_path(path) {
    make();
}

void ExplorerHost::onOpen(std::function<void()> opened, std::function<void()> closing) {
    m_opened = std::move(opened);
    m_closing = std::move(closing);
    if (m_opened) m_opened();
}

void ExplorerHost::make() {
    auto device = m_open();
    m_explorer = std::make_unique<Explorer>(*device, m_memoryBytes, m_path);
    m_device = std::move(device);
}

bool ExplorerHost::attempt(const std::function<void()>& work) {
    try {
        work();
        return true;
    } catch (const engine::DeviceLost&) {
        const auto now = std::chrono::steady_clock::now();
        while (!m_losses.empty() && now - m_losses.front() > lossWindow) m_losses.pop_front();
        m_losses.push_back(now);
        if (m_losses.size() > mostLosses) throw;
    }
    recover();
    return false;
}

// A driver that is being reset may have no device for a moment.
void ExplorerHost::makeAgain() {
    for (size_t attempt = 1;; ++attempt) {
        std::this_thread::sleep_for(resetTime);
        try {
            return make();
        } catch (const engine::Error&) {
            if (attempt == mostLosses) throw;
        } catch (const engine::NoDevice&) {
            if (attempt == mostLosses) throw;
        }
    }
}

Session ExplorerHost::session() const {
    return m_explorer ? m_explorer->session() : m_lastSession;
}

std::vector<std::string> ExplorerHost::recentFiles() const {
    return m_explorer ? m_explorer->past().recentFiles : m_lastPast.recentFiles;
}

void ExplorerHost::recover() {
    m_explorer->finishWriting();
    m_lastSession = m_explorer->session();
    m_lastPast = m_explorer->past();
    const std::string name = m_device->info().name;
    if (m_closing) m_closing();
    m_explorer.reset();
    m_device.reset();
    makeAgain();
    if (m_opened) m_opened();
    m_explorer->setPast(m_lastPast);
    std::string message = "The device (" + name + ") was lost and has been opened again.";
    try {
        m_explorer->show(m_lastSession);
    } catch (const quant::InputError& error) {
        message += std::string(" ") + error.what();
    } catch (const std::invalid_argument& error) {
        message += std::string(" ") + error.what();
    }
    m_explorer->notify(NoticeKind::Warning, message);
}

}  // namespace app
