#include "quant/device_time.h"

#include "engine/commands.h"

#include <algorithm>
#include <chrono>

namespace quant {

double deviceSeconds(engine::Device& device, const std::function<engine::Ticket()>& work) {
    using Clock = std::chrono::steady_clock;
    device.wait(engine::Commands(device).submit());
    const double busyBefore = device.busySeconds();
    const auto start = Clock::now();
    device.wait(work());
    const double passed = std::chrono::duration<double>(Clock::now() - start).count();
    const double busy = device.busySeconds() - busyBefore;
    // Submissions that overlap are counted twice by the device's clock.
    return busy > 0 ? std::min(busy, passed) : passed;
}

}  // namespace quant
