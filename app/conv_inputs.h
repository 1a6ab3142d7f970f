#pragma once

#include "app/options.h"
#include "quant/convolution_shape.h"
#include "quant/host_convolution.h"
#include "quant/npy.h"

#include <cstdint>
#include <optional>
#include <string>

namespace app {

// What the command line says of a convolution and its operands.
struct ConvSource {
    quant::GemmTypes types = quant::GemmType::Fp32;  // of weights and input
    std::optional<uint32_t> images, channels, height, width, filters;
    std::optional<ExtentPair> kernel;
    std::optional<Padding> padding;  // none: what keeps height and width where the strides are 1
    ExtentPair stride, dilation;
    uint32_t groups = 1;
    std::string input, weights;  // npy files; empty: pseudo-random operands
    int32_t zeroPoint = 0;
};

// The operands of a convolution, in files or made up, and the shape that follows.
class ConvInputs {
public:
    // Opens the files. Sizes are 1 image of 64 channels of 56 x 56, and 64 filters of 3 x 3, where neither
    // files nor options say. Throws UsageError: input without weights, options that contradict the files or
    // each other, a zero point that is no level of the input; quant::InputError: files that cannot be read,
    // of another type, or whose shapes do not fit together.
    explicit ConvInputs(const ConvSource& source);

    const quant::ConvolutionShape& shape() const { return m_shape; }
    uint64_t sizeBytes() const;  // of input, weights and output

    // Reads the files, or fills the tensors, as GemmInputs does. Throws quant::InputError.
    quant::HostConvolution read() const;

private:
    void takeSizes();
    void takeFileSizes();
    void takePadding();
    void checkShape() const;

    ConvSource m_source;
    std::optional<quant::NpyFile> m_input, m_weights;
    quant::ConvolutionShape m_shape;
};

}  // namespace app
