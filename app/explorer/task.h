#pragma once

#include "app/explorer/sliced_job.h"
#include "engine/device.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace app {

// Something that a view wants to know, computed in slices between its frames. Bad input ends it with a
// problem to show; what is wrong with the device itself passes through to whoever runs it.
class Task {
public:
    explicit Task(engine::Device& device) : m_device(device) {}
    virtual ~Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    bool isDone() const { return !m_job || m_job->isDone(); }
    // Lets it go on for about so long, or past so many places where it may pause: see SlicedJob. Nothing
    // where it is done.
    void run(std::chrono::steady_clock::duration budget);
    void runPauses(uint64_t pauses);
    void stop();

    const std::string& problem() const { return m_problem; }  // one line; empty where there is none

protected:
    // Ends what still runs, and begins anew.
    void start(std::function<void()> work);

    engine::Device& m_device;

private:
    std::string m_problem;
    std::unique_ptr<SlicedJob> m_job;
};

}  // namespace app
