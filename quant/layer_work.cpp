#include "quant/layer_work.h"

#include "shaders/shared_types.h"

#include <stdexcept>

namespace quant {

void requireOfLayer(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

uint32_t floatElement(GemmType type) {
    switch (type) {
        case GemmType::Fp32:
            return shaders::elementF32;
        case GemmType::Fp16:
            return shaders::elementF16;
        case GemmType::Bf16:
            return shaders::elementBF16;
        default:
            throw std::invalid_argument("elements of " + std::string(name(type)) +
                                        ": this layer takes fp32, fp16 and bf16");
    }
}

uint32_t elementsOf(const std::string& which, std::initializer_list<uint32_t> extents) {
    if (std::ranges::contains(extents, 0u)) return 0;
    uint64_t elements = 1;
    for (const uint64_t extent : extents) {
        elements *= extent;
        requireOfLayer(elements < uint64_t{1} << 31, which + ": 2^31 elements or more");
    }
    return static_cast<uint32_t>(elements);
}

void checkRange(const std::string& which, const engine::BufferRange& range, uint64_t elements,
                GemmType type) {
    if (elements == 0) return;
    requireOfLayer(range.buffer != nullptr, which + ": no buffer");
    requireOfLayer(range.offset % 4 == 0, which + ": begins within a word");
    requireOfLayer(wordBytes(type, elements) <= range.sizeBytes, which + ": larger than its buffer");
}

const engine::Kernel& LayerWork::kernelOf(uint32_t workgroupSize, const std::string& name,
                                          Constants constants) const {
    constants.emplace_back(1, workgroupSize);
    return m_device.kernel(name, {.constants = std::move(constants)});
}

const engine::Kernel& LayerWork::laneKernel(const std::string& name, Constants constants) const {
    constants.emplace_back(1, lanes());
    constants.emplace_back(6, isCpu());
    return m_device.kernel(name, {.constants = std::move(constants), .subgroupSize = lanes()});
}

}  // namespace quant
