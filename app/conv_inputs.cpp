#include "app/conv_inputs.h"

#include "app/npy_operand.h"
#include "app/number_text.h"
#include "app/usage_error.h"
#include "quant/convolution.h"
#include "quant/input_error.h"

#include <stdexcept>

namespace app {

namespace {

constexpr uint64_t seedOfInput = 1, seedOfWeights = 2;

[[noreturn]] void fail(const std::string& problem) {
    throw UsageError(problem, "conv");
}

// "weights.npy of 64x3x3x3"
std::string described(const quant::NpyFile& file) {
    return file.path() + " of " + shapeText(shapeOf(file));
}

uint32_t extentOf(const quant::NpyFile& file, size_t axis) {
    return static_cast<uint32_t>(shapeOf(file)[axis]);
}

// The extent of the file, which the option must not contradict.
uint32_t agreedExtent(const char* option, std::optional<uint32_t> asked, const quant::NpyFile& file,
                      size_t axis) {
    const uint32_t extent = extentOf(file, axis);
    if (asked && *asked != extent)
        fail(std::string(option) + " " + std::to_string(*asked) + " contradicts " + described(file));
    return extent;
}

void checkZeroPoint(const ConvSource& source) {
    if (quant::isZeroPoint(source.zeroPoint, source.types.b)) return;
    if (!isInteger(source.types)) fail("--zero-point is for inputs of integers");
    fail("--zero-point " + std::to_string(source.zeroPoint) + " is no level of " +
         std::string(quant::name(source.types.b)));
}

}  // namespace

ConvInputs::ConvInputs(const ConvSource& source) : m_source(source) {
    if (source.input.empty() != source.weights.empty()) fail("--input and --weights belong together");
    checkZeroPoint(source);
    m_input = openedOperand(source.input, npyElementsOf(source.types.b), 4);
    m_weights = openedOperand(source.weights, npyElementsOf(source.types.a), 4);
    m_shape.strideY = source.stride.y;
    m_shape.strideX = source.stride.x;
    m_shape.dilationY = source.dilation.y;
    m_shape.dilationX = source.dilation.x;
    m_shape.groups = source.groups;
    if (m_input)
        takeFileSizes();
    else
        takeSizes();
    takePadding();
    checkShape();
}

void ConvInputs::takeSizes() {
    const ExtentPair kernel = m_source.kernel.value_or(ExtentPair{3, 3});
    m_shape.images = m_source.images.value_or(1);
    m_shape.channels = m_source.channels.value_or(64);
    m_shape.height = m_source.height.value_or(56);
    m_shape.width = m_source.width.value_or(56);
    m_shape.filters = m_source.filters.value_or(64);
    m_shape.kernelHeight = kernel.y;
    m_shape.kernelWidth = kernel.x;
}

void ConvInputs::takeFileSizes() {
    m_shape.images = agreedExtent("--images", m_source.images, *m_input, 0);
    m_shape.channels = agreedExtent("--channels", m_source.channels, *m_input, 1);
    m_shape.height = agreedExtent("--height", m_source.height, *m_input, 2);
    m_shape.width = agreedExtent("--width", m_source.width, *m_input, 3);
    m_shape.filters = agreedExtent("--filters", m_source.filters, *m_weights, 0);
    const ExtentPair kernel{extentOf(*m_weights, 2), extentOf(*m_weights, 3)};
    if (m_source.kernel && *m_source.kernel != kernel)
        fail("--kernel " + shapeText({m_source.kernel->y, m_source.kernel->x}) + " contradicts " +
             described(*m_weights));
    m_shape.kernelHeight = kernel.y;
    m_shape.kernelWidth = kernel.x;
    const uint64_t channels = uint64_t{extentOf(*m_weights, 1)} * m_shape.groups;
    if (channels != m_shape.channels)
        throw quant::InputError(described(*m_weights), "",
                                "takes " + counted(channels, "channel") +
                                    (m_shape.groups > 1 ? " in " + counted(m_shape.groups, "group") : "") +
                                    ", but " + described(*m_input) + " has " +
                                    std::to_string(m_shape.channels));
    if (m_shape.filters % m_shape.groups != 0)
        fail("--groups " + std::to_string(m_shape.groups) + " does not divide the " +
             counted(m_shape.filters, "filter") + " of " + described(*m_weights));
}

void ConvInputs::takePadding() {
    const auto sum = [](uint32_t kernel, uint32_t dilation) {
        return kernel == 0 ? 0 : static_cast<uint32_t>(uint64_t{kernel - 1} * dilation);
    };
    const uint32_t y = sum(m_shape.kernelHeight, m_shape.dilationY);
    const uint32_t x = sum(m_shape.kernelWidth, m_shape.dilationX);
    const Padding same{y / 2, x / 2, y - y / 2, x - x / 2};
    const auto [top, left, bottom, right] = m_source.padding.value_or(same);
    m_shape.padTop = top;
    m_shape.padLeft = left;
    m_shape.padBottom = bottom;
    m_shape.padRight = right;
}

// What is wrong with shapes of files is their fault, as far as nothing better is known.
void ConvInputs::checkShape() const {
    try {
        quant::check(m_shape);
    } catch (const std::invalid_argument& error) {
        if (!m_weights) fail(error.what());
        throw quant::InputError(described(*m_weights) + " and " + described(*m_input), "", error.what());
    }
}

uint64_t ConvInputs::sizeBytes() const {
    return wordBytes(m_source.types.b, inputElements(m_shape)) +
           wordBytes(m_source.types.a, weightElements(m_shape)) + outputElements(m_shape) * 4;
}

quant::HostConvolution ConvInputs::read() const {
    const quant::GemmTypes types = m_source.types;
    return {.types = types,
            .shape = m_shape,
            .input = operandBytes(m_input, types.b, inputElements(m_shape), seedOfInput),
            .weights = operandBytes(m_weights, types.a, weightElements(m_shape), seedOfWeights),
            .inputZeroPoint = m_source.zeroPoint};
}

}  // namespace app
