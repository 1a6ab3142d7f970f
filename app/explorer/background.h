#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace app {

// Work that leaves the device alone and that no frame is to wait for, such as opening a file: one piece after
// another, each on a thread of its own.
template <class Result>
class Background {
public:
    // What the work uses must outlive this object, which waits for what has begun and forgets the rest.
    void begin(std::function<Result()> work) {
        m_waiting.push_back(std::move(work));
        startNext();
    }

    bool isBusy() const { return m_present.valid(); }

    // The next result, once, when it is there: waits for at most so long. Throws what the work throws.
    std::optional<Result> take(std::chrono::steady_clock::duration patience) {
        if (!isBusy() || m_present.wait_for(patience) != std::future_status::ready) return std::nullopt;
        std::future<Result> present = std::move(m_present);
        startNext();
        return present.get();
    }

private:
    void startNext() {
        if (isBusy() || m_waiting.empty()) return;
        m_present = std::async(std::launch::async, std::move(m_waiting.front()));
        m_waiting.pop_front();
    }

    std::deque<std::function<Result()>> m_waiting;
    std::future<Result> m_present;
};

}  // namespace app
