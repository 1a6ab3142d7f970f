#include "quant/scratch.h"

namespace quant {

void growTo(engine::Device& device, engine::Buffer& buffer, uint64_t bytes, const std::string& name) {
    // A buffer has at least some bytes, so that there is one to name even where nothing is kept in it.
    if (buffer.sizeBytes() > 0 && buffer.sizeBytes() >= bytes) return;
    buffer = engine::Buffer();
    buffer = engine::Buffer(device, bytes, engine::MemoryKind::Device, name);
}

}  // namespace quant
