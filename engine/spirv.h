#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace engine {

// What the host must know about a compute shader, read from its SPIR-V so that nothing is stated twice.
struct SpirvSummary {
    uint32_t pushSizeBytes = 0;               // end of the last member of the push constant block
    std::vector<uint32_t> pushMemberOffsets;  // bytes, in declaration order
    uint32_t workgroupSize = 1;               // invocations along x, after specialization
};

// constants: (constant_id, value) pairs that specialize the workgroup size.
// Throws std::runtime_error when the words are not SPIR-V.
SpirvSummary summarizeSpirv(std::span<const uint32_t> words,
                            const std::vector<std::pair<uint32_t, uint32_t>>& constants = {});

}  // namespace engine
