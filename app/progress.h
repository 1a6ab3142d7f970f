#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace app {

// Returns to the start of the line and empties it.
constexpr std::string_view eraseLine = "\r\x1b[K";

// Whether a bar stands on the last line of stderr. Async-signal-safe.
bool isProgressShown();

// Removes the bar from stderr, if there is one, so that a message can take its line.
void eraseProgress();

// A bar on stderr, for people only: nothing is drawn unless stderr is a terminal. One at a time.
class Progress {
public:
    // total: the work to do, in any unit.
    Progress(uint64_t total, bool isQuiet);
    ~Progress() { eraseProgress(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Says what comes next. Draws at most ten times a second.
    void show(std::string_view what);
    void advance(uint64_t amount) { m_done += amount; }
    void set(uint64_t done, uint64_t total) {
        m_done = done;
        m_total = total;
    }

private:
    std::string line(std::string_view what) const;

    uint64_t m_total, m_done = 0;
    bool m_isEnabled;
    std::chrono::steady_clock::time_point m_nextDraw;
};

}  // namespace app
