#include "quant/buffer_copy.h"

#include "engine/commands.h"

#include <algorithm>

namespace quant {

engine::Buffer copied(engine::Device& device, const engine::BufferRange& range, const std::string& name) {
    constexpr uint64_t smallestBytes = 16;
    engine::Buffer copy(device, std::max(range.sizeBytes, smallestBytes), engine::MemoryKind::Device, name);
    engine::Commands commands(device);
    commands.copy(range, copy);
    commands.submit();
    return copy;
}

}  // namespace quant
