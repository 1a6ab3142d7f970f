#include "app/kernel_run.h"

#include "app/number_text.h"
#include "engine/commands.h"

#include <algorithm>
#include <stdexcept>

namespace app {

using engine::Buffer;
using engine::MemoryKind;

double medianSeconds(const std::function<double()>& run, uint32_t repeat, double patience) {
    std::vector<double> seconds = {run()};
    if (seconds.front() <= patience) {
        seconds.resize(repeat);
        for (double& one : seconds) one = run();
    }
    const auto middle = seconds.begin() + static_cast<ptrdiff_t>(seconds.size() / 2);
    std::ranges::nth_element(seconds, middle);
    return *middle;
}

Buffer uploaded(engine::Device& device, std::span<const std::byte> bytes, const std::string& name) {
    Buffer buffer(device, bytes.size(), MemoryKind::Device, name);
    if (bytes.empty()) return buffer;
    if (!buffer.mapped().empty()) {
        std::ranges::copy(bytes, buffer.mapped().begin());
        buffer.flush();
        return buffer;
    }
    const Buffer staging(device, bytes.size(), MemoryKind::Upload, name);
    std::ranges::copy(bytes, staging.mapped().begin());
    staging.flush();
    engine::Commands commands(device);
    commands.copy({staging, 0, bytes.size()}, {buffer, 0, bytes.size()});
    commands.submit();
    return buffer;
}

void checkMemory(const std::string& what, uint64_t sizeBytes, const engine::DeviceInfo& device) {
    const uint64_t needed = sizeBytes * (device.unifiedMemory ? 2 : 1);
    if (needed > device.memoryBytes)
        throw std::runtime_error(what + " needs " + sizeText(needed) + " of memory, of which " + device.name +
                                 " has " + sizeText(device.memoryBytes));
}

}  // namespace app
