#pragma once

#include "engine/commands.h"
#include "engine/device.h"
#include "engine/kernel.h"
#include "quant/gemm_type.h"
#include "quant/quotient.h"
#include "quant/scratch.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

// What the layers of networks beside products have in common.

namespace quant {

// Throws std::invalid_argument.
void requireOfLayer(bool holds, const std::string& what);
// Specialization constant 0 of the kernels. Throws for integers.
uint32_t floatElement(GemmType type);
// The element count of a shape; throws from 2^31 on: kernels index elements by int32.
uint32_t elementsOf(const std::string& which, std::initializer_list<uint32_t> extents);
// That a range begins on a whole word, and holds the elements and the rest of their last word.
void checkRange(const std::string& which, const engine::BufferRange& range, uint64_t elements,
                GemmType type = GemmType::Fp32);

// One layer's work under way.
class LayerWork {
public:
    explicit LayerWork(engine::Device& device) : m_device(device), m_commands(device) {}

    bool isCpu() const { return m_device.info().type == engine::DeviceType::Cpu; }
    uint32_t lanes() const { return m_device.info().subgroupSize; }
    engine::Commands& commands() { return m_commands; }

    using Constants = std::vector<std::pair<uint32_t, uint32_t>>;
    // A kernel whose invocations work alone.
    const engine::Kernel& kernel(const std::string& name, Constants constants) const {
        return kernelOf(64, name, std::move(constants));
    }
    // In workgroups of another size.
    const engine::Kernel& kernelOf(uint32_t workgroupSize, const std::string& name,
                                   Constants constants) const;
    // One whose workgroup is one whole subgroup: includes lanes.glsl.
    const engine::Kernel& laneKernel(const std::string& name, Constants constants) const;

    // Calls part(first, count) for parts of the items, and submits so often that a submission takes
    // some 50 ms at most, 3 where there is a pacer, unless a single item takes longer. operations: of an
    // item, about one per element read or written.
    template <class Part>
    void inParts(uint64_t items, double operations, const Part& part) {
        const double each = std::max(operations, 1.0);
        for (uint64_t first = 0; first < items;) {
            const double room = (operationsAtOnce() - m_operations) / each;
            const uint64_t count =
                std::min<uint64_t>(items - first, static_cast<uint64_t>(std::clamp(room, 1.0, 1e9)));
            part(static_cast<uint32_t>(first), static_cast<uint32_t>(count));
            first += count;
            m_operations += static_cast<double>(count) * each;
            if (m_operations + each > operationsAtOnce()) flush();
        }
    }

    engine::Ticket submit() { return m_commands.submit(); }

private:
    double operationsAtOnce() const { return (isCpu() ? 5e7 : 2e9) / (m_device.isPaced() ? 20 : 1); }
    void flush() {
        m_commands.flush();
        m_operations = 0;
    }

    engine::Device& m_device;
    engine::Commands m_commands;
    double m_operations = 0;  // in the present submission
};

}  // namespace quant
