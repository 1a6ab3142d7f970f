#pragma once

#include "app/explorer/task.h"
#include "quant/counting_path.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace app {

// How long a kernel took, and what it moved meanwhile.
struct KernelTiming {
    std::string name;
    double bytes = 0;
    std::optional<double> seconds;  // none: not measured yet

    double bytesPerSecond() const { return seconds ? bytes / *seconds : 0; }
};

// What has been measured of a device so far.
struct DeviceTimings {
    uint64_t elements = 0;              // F32, of the tensor that the kernels read
    std::vector<KernelTiming> kernels;  // the plain copy first
    std::optional<double> frameSeconds;
    bool hasTimestamps =
        false;  // by the device's clock; else the host's, around the work and the wait for it

    bool isWhole() const { return frameSeconds.has_value(); }
};

// Measures the device's kernels on a synthetic tensor: 16 M elements, 4 M where the device is a processor or
// memory is short, less where that is slow. Every number is the median of five runs after one that does not
// count, each run without a pause. Everything is freed in the end.
class DeviceTask : public Task {
public:
    DeviceTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~DeviceTask() override { stop(); }

    // Measures where that has not been done yet.
    void want();
    // Measures once more.
    void again();
    // Nobody looks at the moment: what is not done is given up.
    void rest();

    const DeviceTimings& timings() const { return m_timings; }

private:
    void compute();
    uint64_t fittingElements();
    double secondsOf(const std::function<void()>& work);

    uint64_t m_memoryBytes;
    quant::CountingPath m_path;
    bool m_isStarted = false;
    DeviceTimings m_timings;
};

}  // namespace app
