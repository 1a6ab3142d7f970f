#include "app/explorer/task.h"

#include "engine/error.h"
#include "quant/input_error.h"

#include <stdexcept>

namespace app {

void Task::start(std::function<void()> work) {
    stop();
    m_problem.clear();
    m_job = std::make_unique<SlicedJob>(m_device, [this, work = std::move(work)] {
        try {
            work();
        } catch (const quant::InputError& error) {
            m_problem = error.what();
        } catch (const std::invalid_argument& error) {
            m_problem = error.what();
        } catch (const engine::OutOfMemory& error) {
            m_problem = error.what();
        }
    });
}

void Task::stop() {
    m_job.reset();
}

void Task::run(std::chrono::steady_clock::duration budget) {
    if (!isDone()) m_job->run(budget);
}

void Task::runPauses(uint64_t pauses) {
    if (!isDone()) m_job->runPauses(pauses);
}

}  // namespace app
