#pragma once

#include "engine/pacer.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <semaphore>
#include <thread>

namespace engine {
class Device;
}  // namespace engine

namespace app {

// Work on a device that runs in turns with its owner: on a thread of its own, but only while the owner waits
// in run(), so that one thread at a time uses the device. The work pauses where it submits to the device,
// which is paced meanwhile, or calls Device::pace(). While it runs, at most two submissions are in flight;
// while it pauses, one is left, so that the device is busy during the owner's turn. What it does aside, such
// as reading files, goes on while the owner has its turn.
class SlicedJob : private engine::Pacer {
public:
    // The device must outlive the job. The work starts with the first run.
    SlicedJob(engine::Device& device, std::function<void()> work);
    ~SlicedJob() override;  // as cancel()
    SlicedJob(const SlicedJob&) = delete;
    SlicedJob& operator=(const SlicedJob&) = delete;

    // Lets the work run until it is done or would use up the time before the next place where it may pause,
    // as far as what lay between the last ones tells. Waits for what is done aside as long as there is time.
    // Returns isDone(). Throws what the work throws, once; the job is done then.
    bool run(std::chrono::steady_clock::duration budget);
    // The same, until the work has passed that many places where it may pause: the same ones every time.
    bool runPauses(uint64_t pauses);

    bool isDone() const { return m_isDone; }

    // Unwinds the work from where it paused, once the device is idle and what is done aside is over, and
    // leaves the job done. Exceptions of the work are lost. Not to be called by the work.
    void cancel();

    // A place where the work that calls it may pause; nothing outside of jobs.
    static void pause();

private:
    struct Cancelled {};
    using Clock = std::chrono::steady_clock;

    bool takeTurn();
    bool isBack();
    void work();
    void pace(engine::Ticket ticket) override;
    void aside(const std::function<void()>& work) override;

    engine::Device& m_device;
    std::function<void()> m_work;
    std::thread m_thread;
    std::binary_semaphore m_workTurn{0}, m_ownerTurn{0};
    std::mutex m_asideMutex;
    std::condition_variable m_back;
    bool m_isAside = false;  // guarded by m_asideMutex
    // Each is used by the thread whose turn it is.
    Clock::time_point m_end = Clock::time_point::max();
    Clock::time_point m_stepStart;  // of what lies between two places where the work may pause
    Clock::duration m_longestStep{};
    uint64_t m_pausesLeft = std::numeric_limits<uint64_t>::max();
    engine::Ticket m_lastTicket;
    bool m_isDone = false, m_isCancelled = false, m_wentAside = false;
    std::exception_ptr m_error;
};

}  // namespace app
