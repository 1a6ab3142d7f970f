#pragma once

#include "app/kernel_run.h"
#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/convolution.h"
#include "quant/host_convolution.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace app {

// A convolution that was computed.
struct ConvResult {
    quant::ConvolutionPath path = quant::ConvolutionPath::Direct;
    Measurement measured;
};

// A convolution whose tensors lie on the device.
class DeviceConvolution {
public:
    // Copies the tensors to the device. Throws engine::OutOfMemory.
    DeviceConvolution(engine::Device& device, const quant::HostConvolution& convolution);

    const quant::ConvolutionProblem& problem() const { return m_problem; }

    // Convolves for medianSeconds(). Throws as Convolution::convolve.
    ConvResult measure(quant::Convolution& convolution, quant::ConvolutionPath path, uint32_t repeat,
                       double patience = HUGE_VAL) const;

    std::vector<std::byte> result() const;  // the output, [images][filters][height][width]

private:
    engine::Device& m_device;
    engine::Buffer m_input, m_weights, m_output;
    quant::ConvolutionProblem m_problem;
};

}  // namespace app
