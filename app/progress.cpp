#include "app/progress.h"

#include "app/terminal.h"
#include "app/text_table.h"
#include "quant/input_error.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace app {

namespace {

volatile sig_atomic_t progressIsShown = 0;

constexpr auto drawInterval = std::chrono::milliseconds(100);

}  // namespace

bool isProgressShown() {
    return progressIsShown != 0;
}

void eraseProgress() {
    if (!isProgressShown()) return;
    std::fwrite(eraseLine.data(), 1, eraseLine.size(), stderr);
    progressIsShown = 0;
}

Progress::Progress(uint64_t total, bool isQuiet)
    : m_total(total),
      m_isEnabled(!isQuiet && isatty(STDERR_FILENO)),
      m_nextDraw(std::chrono::steady_clock::now() + drawInterval) {}

std::string Progress::line(std::string_view what) const {
    constexpr size_t barWidth = 24;
    const double part = m_total == 0 ? 1 : static_cast<double>(m_done) / static_cast<double>(m_total);
    const auto filled = std::min(static_cast<size_t>(part * barWidth), barWidth);
    char percent[16];
    std::snprintf(percent, sizeof percent, "] %3d%% ", static_cast<int>(part * 100));
    const std::string bar = "[" + std::string(filled, '#') + std::string(barWidth - filled, '.') + percent;
    const size_t width = lineWidth(STDERR_FILENO).value_or(80);
    if (width <= bar.size() + 1) return bar.substr(0, width - 1);
    return bar + shortened(quant::printable(what, 200), width - bar.size() - 1);
}

void Progress::show(std::string_view what) {
    const auto now = std::chrono::steady_clock::now();
    if (!m_isEnabled || now < m_nextDraw) return;
    m_nextDraw = now + drawInterval;
    const std::string text = std::string(eraseLine) + line(what);
    progressIsShown = 1;
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace app
