#include "app/conv_run.h"

#include "engine/commands.h"
#include "quant/device_time.h"

namespace app {

namespace {

double bytesOf(const quant::ConvolutionProblem& problem) {
    const double outputs = static_cast<double>(outputElements(problem.shape));
    if (outputs == 0) return 0;
    const double ofWeights = elementBits(problem.types.a) / 8.0, ofInput = elementBits(problem.types.b) / 8.0;
    return ofWeights * static_cast<double>(weightElements(problem.shape)) +
           ofInput * static_cast<double>(inputElements(problem.shape)) + 4 * outputs;
}

}  // namespace

DeviceConvolution::DeviceConvolution(engine::Device& device, const quant::HostConvolution& convolution)
    : m_device(device),
      m_input(uploaded(device, convolution.input, "input")),
      m_weights(uploaded(device, convolution.weights, "weights")),
      m_output(device, outputElements(convolution.shape) * 4, engine::MemoryKind::Device, "output") {
    m_problem = {.types = convolution.types,
                 .shape = convolution.shape,
                 .input = m_input,
                 .weights = m_weights,
                 .output = m_output,
                 .bias = {},
                 .inputZeroPoint = convolution.inputZeroPoint};
}

ConvResult DeviceConvolution::measure(quant::Convolution& convolution, quant::ConvolutionPath path,
                                      uint32_t repeat, double patience) const {
    const auto run = [&] {
        return quant::deviceSeconds(m_device, [&] { return convolution.convolve(m_problem, path); });
    };
    const double seconds = medianSeconds(run, repeat, patience);
    return {.path = path,
            .measured = {.types = m_problem.types,
                         .operations = 2.0 * static_cast<double>(multiplications(m_problem.shape)),
                         .bytes = bytesOf(m_problem),
                         .outputs = outputElements(m_problem.shape),
                         .seconds = seconds,
                         .check = {}}};
}

std::vector<std::byte> DeviceConvolution::result() const {
    std::vector<std::byte> bytes(outputElements(m_problem.shape) * 4);
    engine::readBack(m_device, m_output, bytes);
    return bytes;
}

}  // namespace app
