#include "app/explorer/device_task.h"

#include "app/explorer/frame_probe.h"
#include "app/explorer/kernel_suite.h"
#include "engine/commands.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace app {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t elementsOnGpu = uint64_t{16} << 20, elementsOnCpu = uint64_t{4} << 20;
// Slow devices get less, so that one run takes no longer than frames may wait.
constexpr uint64_t leastElements = uint64_t{1} << 18;
constexpr double mostSeconds = 0.015;  // of a profile

// While it lives, submissions are of full size and nothing pauses between them.
class Unpaced {
public:
    explicit Unpaced(engine::Device& device) : m_device(device), m_pacer(device.takePacer()) {}
    ~Unpaced() { m_device.setPacer(m_pacer); }
    Unpaced(const Unpaced&) = delete;
    Unpaced& operator=(const Unpaced&) = delete;

private:
    engine::Device& m_device;
    engine::Pacer* m_pacer;
};

void waitForAll(engine::Device& device) {
    engine::Commands commands(device);
    device.wait(commands.submit());
}

}  // namespace

DeviceTask::DeviceTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device), m_memoryBytes(memoryBytes), m_path(path) {}

void DeviceTask::want() {
    if (!m_isStarted) again();
}

void DeviceTask::again() {
    m_isStarted = true;
    m_timings = {};
    start([this] { compute(); });
}

void DeviceTask::rest() {
    if (isDone()) return;
    stop();
    m_timings = {};
    m_isStarted = false;
}

uint64_t DeviceTask::fittingElements() {
    const bool isCpu = m_device.info().type == engine::DeviceType::Cpu;
    // The tensor, its copy and what is quantized of it.
    const bool isShort = m_memoryBytes < 4 * elementsOnGpu * sizeof(float);
    uint64_t elements = isCpu || isShort ? elementsOnCpu : elementsOnGpu;
    KernelSuite pilot(m_device, leastElements, m_path);
    const double seconds = secondsOf(pilot.works()[1].run) / static_cast<double>(leastElements);
    while (elements > leastElements && seconds * static_cast<double>(elements) > mostSeconds) elements /= 4;
    return elements;
}

void DeviceTask::compute() {
    const uint64_t elements = fittingElements();
    KernelSuite suite(m_device, elements, m_path);
    const auto works = suite.works();
    DeviceTimings timings{.elements = elements, .hasTimestamps = m_device.info().timestampPeriodNs > 0};
    for (const KernelSuite::Work& work : works) timings.kernels.push_back({work.name, work.bytes, {}});
    m_timings = std::move(timings);
    for (size_t i = 0; i < works.size(); ++i) m_timings.kernels[i].seconds = secondsOf(works[i].run);
    FrameProbe probe(m_device);
    m_timings.frameSeconds = secondsOf([&] { probe.draw(); });
}

double DeviceTask::secondsOf(const std::function<void()>& work) {
    constexpr size_t rounds = 5;
    std::array<double, rounds> seconds{};
    for (size_t round = 0; round <= rounds; ++round) {
        SlicedJob::pause();
        const Unpaced unpaced(m_device);
        waitForAll(m_device);
        const double busyBefore = m_device.busySeconds();
        const auto start = Clock::now();
        work();
        waitForAll(m_device);
        const double passed = std::chrono::duration<double>(Clock::now() - start).count();
        const double busy = m_device.busySeconds() - busyBefore;
        // Submissions that overlap are counted twice by the device's clock.
        if (round > 0) seconds[round - 1] = busy > 0 ? std::min(busy, passed) : passed;
    }
    std::ranges::nth_element(seconds, seconds.begin() + rounds / 2);
    return seconds[rounds / 2];
}

}  // namespace app
