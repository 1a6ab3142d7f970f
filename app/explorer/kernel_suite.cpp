#include "app/explorer/kernel_suite.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/float_bits.h"
#include "quant/linear_histogram.h"
#include "shaders/bandwidth.h"
#include "shaders/profile.h"

#include <array>
#include <span>

namespace app {

namespace {

constexpr uint64_t ringBytes = uint64_t{64} << 20;
constexpr float clip = 2.5f;  // OCTAV's of 4 bits, about
constexpr uint32_t curveClips = 8;

std::vector<float> clipsOfCurve() {
    std::vector<float> clips;
    for (uint32_t i = 1; i <= curveClips; ++i)
        clips.push_back(SyntheticTensor::largest * static_cast<float>(i) / curveClips);
    return clips;
}

quant::NumberFormat int4() {
    return quant::integerFormat(4, true);
}

}  // namespace

KernelSuite::KernelSuite(engine::Device& device, uint64_t elements, quant::CountingPath path)
    : m_device(device),
      m_tensor(elements),
      m_stream(device, elements * sizeof(float) + ringBytes),
      m_profiles(device, path),
      m_errors(device),
      m_quantize(device),
      m_levels(device, path),
      m_curves(device, {int4()}, clipsOfCurve()) {
    m_stream.select(m_tensor, 0);
    m_profile = m_profiles.profile(m_stream);
    m_copy = engine::Buffer(device, m_stream.resident().sizeBytes, engine::MemoryKind::Device, "copy");
}

// As one invocation of a GPU takes turns with its neighbours, and as a processor walks through memory.
void KernelSuite::copy() {
    const bool isCpu = m_device.info().type == engine::DeviceType::Cpu;
    const uint32_t group = isCpu ? m_device.info().subgroupSize : 256;
    const uint64_t groups = isCpu ? 64 : 4096;
    const auto from = m_stream.resident();
    const auto quads = static_cast<uint32_t>(m_stream.elements() / 4);
    engine::Commands commands(m_device);
    const shaders::BandwidthPush push{from.address(), m_copy.address(), quads,
                                      static_cast<uint32_t>((quads + groups - 1) / groups)};
    commands.dispatch(m_device.kernel("copy_quads", {.constants = {{1, group}}}), groups * group, push,
                      {from}, {m_copy});
    commands.submit();
}

void KernelSuite::quantize() {
    const std::array grids = {quant::ClippedGrid{int4(), clip}};
    m_quantize.quantize(m_stream, quant::layoutOf(m_tensor.tensors()[0], {}, ""), grids, quant::DType::F32,
                        {}, [](std::span<const std::byte>) {});
}

std::vector<KernelSuite::Work> KernelSuite::works() {
    const double bytes = static_cast<double>(m_stream.elements() * sizeof(float));
    const float largest = m_profile.absmax();
    const quant::ClippedGrid grid{int4(), clip};
    const std::vector<uint32_t> prefixes = {quant::magnitudeBits(clip) >> shaders::level1RestBits};
    return {{"copy", 2 * bytes, [this] { copy(); }},
            {"profile", bytes, [this] { m_profiles.profile(m_stream); }},
            {"profile, refined", bytes,
             [=, this] { m_profiles.refine(m_stream, 2, quant::Sides::Both, prefixes); }},
            {"histogram, 2048 bins", bytes,
             [=, this] { m_profiles.linearHistograms().count(m_stream, quant::Sides::Both, largest); }},
            {"error, 1 clip", bytes, [=, this] { m_errors.measure(m_stream, largest, std::array{grid}); }},
            {"error curve, 8 clips", bytes, [this] { m_curves.run(m_stream, m_profile); }},
            {"levels counted", bytes,
             [=, this] { m_levels.count(m_stream, grid, quant::LevelAxis::Magnitude, largest); }},
            {"quantize and read back", 2 * bytes, [this] { quantize(); }}};
}

}  // namespace app
