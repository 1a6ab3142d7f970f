#include "app/explorer/sliced_job.h"

#include "engine/device.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace app {

namespace {

thread_local SlicedJob* current = nullptr;

}  // namespace

SlicedJob::SlicedJob(engine::Device& device, std::function<void()> work)
    : m_device(device), m_work(std::move(work)) {}

SlicedJob::~SlicedJob() {
    cancel();
}

bool SlicedJob::run(Clock::duration budget) {
    m_end = Clock::now() + budget;
    m_pausesLeft = std::numeric_limits<uint64_t>::max();
    return takeTurn();
}

bool SlicedJob::runPauses(uint64_t pauses) {
    if (pauses == 0) return m_isDone;
    m_end = Clock::time_point::max();
    m_pausesLeft = pauses;
    return takeTurn();
}

bool SlicedJob::takeTurn() {
    assert(current == nullptr);
    if (m_isDone) return true;
    if (!m_thread.joinable()) m_thread = std::thread([this] { work(); });
    // Work that has gone aside comes back to a turn, too, if it does so in time.
    while (!m_isDone && isBack()) {
        m_device.setPacer(this);
        m_workTurn.release();
        m_ownerTurn.acquire();
        m_device.setPacer(nullptr);
        if (!m_wentAside) break;
    }
    if (m_isDone) m_thread.join();
    if (const auto error = std::exchange(m_error, nullptr)) std::rethrow_exception(error);
    return m_isDone;
}

// Waits until nothing is done aside, or the time is over.
bool SlicedJob::isBack() {
    std::unique_lock lock(m_asideMutex);
    const auto isOver = [this] { return !m_isAside; };
    if (m_end != Clock::time_point::max()) return m_back.wait_until(lock, m_end, isOver);
    m_back.wait(lock, isOver);
    return true;
}

// The thread, from the first turn to the last.
void SlicedJob::work() {
    m_workTurn.acquire();
    m_stepStart = Clock::now();
    current = this;
    try {
        m_work();
    } catch (const Cancelled&) {
    } catch (...) {
        m_error = std::current_exception();
    }
    m_work = {};
    m_isDone = true;
    m_ownerTurn.release();
}

void SlicedJob::pace(engine::Ticket ticket) {
    // Destructors that run while the work unwinds are not stopped again.
    if (std::uncaught_exceptions() > 0) return;
    m_device.wait(std::exchange(m_lastTicket, ticket));
    if (m_pausesLeft > 0) --m_pausesLeft;
    const auto now = Clock::now();
    // Long steps are soon forgotten, lest a kernel that was compiled shortens every turn.
    m_longestStep = std::max(now - m_stepStart, m_longestStep * 3 / 4);
    const bool isOver = m_end != Clock::time_point::max() && now + m_longestStep >= m_end;
    if (!m_isCancelled && (m_pausesLeft == 0 || isOver)) {
        m_ownerTurn.release();
        m_workTurn.acquire();
    }
    m_stepStart = Clock::now();
    if (!m_isCancelled) return;
    m_device.wait(ticket);
    throw Cancelled();
}

void SlicedJob::aside(const std::function<void()>& work) {
    if (std::uncaught_exceptions() > 0) return work();
    {
        const std::scoped_lock lock(m_asideMutex);
        m_isAside = true;
    }
    m_wentAside = true;
    m_ownerTurn.release();
    std::exception_ptr error;
    try {
        work();
    } catch (...) {
        error = std::current_exception();
    }
    {
        const std::scoped_lock lock(m_asideMutex);
        m_isAside = false;
    }
    m_back.notify_one();
    m_workTurn.acquire();
    m_stepStart = Clock::now();
    m_wentAside = false;
    if (m_isCancelled) {
        m_device.wait(m_lastTicket);
        throw Cancelled();
    }
    if (error) std::rethrow_exception(error);
}

void SlicedJob::cancel() {
    if (!m_thread.joinable()) {
        m_isDone = true;
        return;
    }
    m_isCancelled = true;
    m_end = Clock::time_point::max();
    try {
        takeTurn();
    } catch (...) {
        // Of a job that nobody wants any more.
        m_error = nullptr;
    }
    assert(m_isDone);
}

void SlicedJob::pause() {
    if (current != nullptr) current->m_device.pace();
}

}  // namespace app
