#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/counting_path.h"
#include "quant/magnitude_query.h"
#include "quant/profile.h"
#include "quant/tensor_stream.h"

#include <memory>
#include <vector>

namespace quant {

class LinearHistogramPass;

// Computes profiles and their refinements: one read of the tensor each. Keeps its buffers from tensor to
// tensor.
class ProfilePass {
public:
    // Throws std::invalid_argument when the device lacks what the path needs.
    explicit ProfilePass(engine::Device& device, CountingPath path = CountingPath::Auto);
    ~ProfilePass();

    Profile profile(TensorStream& stream);

    // Splits the bins `prefixes` of level 2 or 3, in the given order. Eight bins cost one dispatch per chunk.
    std::vector<RefinedBin> refine(TensorStream& stream, uint32_t level, Sides sides,
                                   const std::vector<uint32_t>& prefixes);

    // Counts windows of shaders::windowValues magnitudes from `firsts` on, each inside one bin of the
    // profile. The tensor must have fewer than 2^32 elements.
    std::vector<CountedWindow> countWindows(TensorStream& stream, Sides sides,
                                            const std::vector<uint32_t>& firsts);

    // Counts on equal bins instead, on the same path; made at first use.
    LinearHistogramPass& linearHistograms();

    CountingPath path() const { return m_path; }

    // Counts of the profile made last, or being made, on the device: 64 bits a bin, low word first,
    // shaders::binsPerSide bins of the elements above zero, then as many of those below it. The next profile
    // uses the range again.
    engine::BufferRange counts() const;

private:
    CountingShape shapeFor(uint32_t elements) const;
    const engine::Kernel& kernel(const char* privateName, const char* sharedName, uint32_t elementType) const;
    void countEight(TensorStream& stream, Sides sides, std::span<const uint32_t> firsts);
    void refineEight(TensorStream& stream, uint32_t level, Sides sides, std::span<const uint32_t> prefixes);

    engine::Device& m_device;
    CountingPath m_path;
    uint32_t m_privateInvocations = 0;
    std::unique_ptr<LinearHistogramPass> m_linearHistograms;
    engine::Buffer m_profile, m_refined, m_scratch, m_refineScratch, m_windows, m_windowCounts;
};

}  // namespace quant
