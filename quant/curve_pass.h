#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/error_pass.h"
#include "quant/number_format.h"
#include "quant/profile.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quant {

constexpr uint32_t maxCurvePoints = 4096;

// Throws std::invalid_argument for a format that has no single clip: affine, block-scaled, of fixed scale.
void checkSingleClip(const NumberFormat& format);

// Error versus clip of some number formats, in buffers that a vertex shader reads while kernels fill them:
// measured on the data, more and more of them, and modelled from the profile. Floats throughout: mean errors
// below 2^-126 become 0, above the largest float infinite.
class CurvePass {
public:
    // clips: 1 to 4096, finite and not negative, shared by all formats. Throws std::invalid_argument.
    CurvePass(engine::Device& device, std::vector<NumberFormat> formats, std::span<const float> clips);

    const std::vector<NumberFormat>& formats() const { return m_formats; }
    uint32_t points() const { return m_points; }

    // Floats: [point], and the mean squared error [format][point], NaN where nothing is known yet.
    engine::BufferRange clips() const { return m_clips; }
    engine::BufferRange measured() const { return m_measured; }
    engine::BufferRange modelled() const { return m_modelled; }
    // One format's row.
    engine::BufferRange measured(size_t format) const { return rowOf(m_measured, format); }
    engine::BufferRange modelled(size_t format) const { return rowOf(m_modelled, format); }

    // Fills modelled(): the error that OCTAV models (Sakr et al., ICML 2022, equation 3) where the format has
    // a noise factor, else the estimate of the real one (ProfileError): on smooth data within a percent of
    // what quant::sweep gives, more where but a few elements lie beyond the clip. A few microseconds a point.
    // The profile need not be of the whole tensor. Unsigned formats: of the elements above zero, as
    // quant::sweep.
    void model(const Profile& profile);

    // Fills measured() from the stream's selection, whose profile it is, from the start. Where the selection
    // stays on the device, runs of blocks are visited in an order that is spread over all of it at any time;
    // otherwise in the file's. Each submission takes some 4 ms at most. In between the means are those of the
    // elements seen, NaN and infinities taken to be spread evenly among them; in the end those of all finite
    // elements, within 2^-17 of the exact mean of the float squared errors (as ErrorPass; where both are
    // normal floats). Neither slices nor a device's pacer change a bit. Waits for the device.
    void run(TensorStream& stream, const Profile& profile);

    uint64_t elementsSeen() const { return m_elementsSeen; }  // by every curve
    // The measured means in double, without the limits of floats; NaN where nothing is known. Waits.
    std::vector<double> readMeasured(size_t format) const;

private:
    struct Run;
    engine::BufferRange rowOf(const engine::Buffer& buffer, size_t format, size_t formats = 1) const;
    void uploadCandidates(int32_t exponent);
    void addPortion(engine::Commands& commands, const Run& run, const engine::BufferRange& data,
                    uint64_t elements);
    void addElements(engine::Commands& commands, const Run& run, const engine::BufferRange& data,
                     uint64_t first, uint64_t elements);
    void runResident(TensorStream& stream, const Run& run);

    engine::Device& m_device;
    std::vector<NumberFormat> m_formats;
    std::vector<float> m_clipValues;
    uint32_t m_points;
    engine::Buffer m_clips, m_measured, m_modelled, m_candidates, m_partials, m_totals;
    uint64_t m_elementsSeen = 0;
    std::vector<double> m_finiteSeen;  // of each format, as the means have it
    int32_t m_exponent = 0;
};

}  // namespace quant
