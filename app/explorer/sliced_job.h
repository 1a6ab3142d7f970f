#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <semaphore>
#include <thread>

namespace engine {
class Device;
struct Ticket;
}  // namespace engine

namespace app {

// Work on a device that runs in turns with its owner: on a thread of its own, but only while the owner waits
// in run(), so that one thread at a time uses the device. The work pauses where it submits to the device,
// which is paced meanwhile, or calls Device::pace(). While it runs, at most two submissions are in flight;
// while it pauses, one is left, so that the device is busy during the owner's turn.
class SlicedJob {
public:
    // The device must outlive the job. The work starts with the first run.
    SlicedJob(engine::Device& device, std::function<void()> work);
    ~SlicedJob();  // as cancel()
    SlicedJob(const SlicedJob&) = delete;
    SlicedJob& operator=(const SlicedJob&) = delete;

    // Lets the work run until it is done or has used up the time, which is looked at where it may pause: it
    // takes longer by what lies between two such places. Returns isDone(). Throws what the work throws, once;
    // the job is done then.
    bool run(std::chrono::steady_clock::duration budget);
    // The same, until the work has passed that many places where it may pause: the same ones every time.
    bool runPauses(uint64_t pauses);

    bool isDone() const { return m_isDone; }

    // Unwinds the work from where it paused, once the device is idle, and leaves the job done. Exceptions of
    // the work are lost. Not to be called by the work.
    void cancel();

    // A place where the work that calls it may pause; nothing outside of jobs.
    static void pause();

private:
    struct Cancelled {};
    using Clock = std::chrono::steady_clock;

    bool takeTurn();
    void work();
    void mayPause(uint64_t ticket);

    engine::Device& m_device;
    std::function<void()> m_work;
    std::thread m_thread;
    std::binary_semaphore m_workTurn{0}, m_ownerTurn{0};
    // Each is used by the thread whose turn it is.
    Clock::time_point m_end = Clock::time_point::max();
    uint64_t m_pausesLeft = std::numeric_limits<uint64_t>::max();
    uint64_t m_lastTicket = 0;
    bool m_isDone = false, m_isCancelled = false;
    std::exception_ptr m_error;
};

}  // namespace app
