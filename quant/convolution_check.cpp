#include "quant/convolution_check.h"

#include "quant/convolution.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <format>
#include <limits>

namespace quant {

namespace {

constexpr double notFinite = std::numeric_limits<double>::quiet_NaN();

bool isWinograd(ConvolutionPath path) {
    return path == ConvolutionPath::Winograd2 || path == ConvolutionPath::Winograd4;
}

}  // namespace

ConvolutionReference::ConvolutionReference(const HostConvolution& convolution)
    : m_convolution(convolution),
      m_outHeight(outputHeight(convolution.shape)),
      m_outWidth(outputWidth(convolution.shape)) {
    const ConvolutionShape& shape = convolution.shape;
    for (const uint64_t index : chosenElements(outputElements(shape), depthOf(shape)))
        m_elements.push_back(elementOf(index));
}

ConvolutionReference::Place ConvolutionReference::placeOf(uint64_t index) const {
    const uint64_t plane = uint64_t{m_outHeight} * m_outWidth, filter = index / plane;
    const auto narrow = [](uint64_t value) { return static_cast<uint32_t>(value); };
    return {narrow(filter / m_convolution.shape.filters), narrow(filter % m_convolution.shape.filters),
            narrow(index % plane / m_outWidth), narrow(index % m_outWidth)};
}

// channel: of the group that the filter sees. Padding where the place is outside of the input.
double ConvolutionReference::inputAt(const Place& place, uint32_t channel, int64_t y, int64_t x) const {
    const ConvolutionShape& shape = m_convolution.shape;
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return m_convolution.inputZeroPoint;
    const uint32_t first = place.filter / groupFilters(shape) * groupChannels(shape);
    const uint64_t plane = uint64_t{place.image} * shape.channels + first + channel;
    const uint64_t row = plane * shape.height + static_cast<uint64_t>(y);
    return elementAt(m_convolution.input, m_convolution.types.b,
                     row * shape.width + static_cast<uint64_t>(x));
}

double ConvolutionReference::weightAt(const Place& place, uint32_t index) const {
    return elementAt(m_convolution.weights, m_convolution.types.a,
                     uint64_t{place.filter} * depthOf(m_convolution.shape) + index);
}

ConvolutionReference::Element ConvolutionReference::elementOf(uint64_t index) const {
    const ConvolutionShape& shape = m_convolution.shape;
    const Place place = placeOf(index);
    const int64_t top = int64_t{place.y} * shape.strideY - shape.padTop;
    const int64_t left = int64_t{place.x} * shape.strideX - shape.padLeft;
    const bool hasIntegers = isInteger(m_convolution.types);
    double sum = 0, magnitude = 0;
    int64_t wholeSum = 0;
    for (uint32_t i = 0; i < depthOf(shape); ++i) {
        const uint32_t kx = i % shape.kernelWidth, ky = i / shape.kernelWidth % shape.kernelHeight;
        const uint32_t channel = i / shape.kernelWidth / shape.kernelHeight;
        const double product =
            weightAt(place, i) * inputAt(place, channel, top + int64_t{ky} * shape.dilationY,
                                         left + int64_t{kx} * shape.dilationX);
        if (hasIntegers) {
            wholeSum += static_cast<int64_t>(product);
            continue;
        }
        sum += product;
        magnitude += std::abs(product);
    }
    return hasIntegers ? Element{index, wrapped(wholeSum)} : Element{index, sum, magnitude};
}

ConvolutionReference::TileMagnitude ConvolutionReference::tileMagnitude(const Place& place,
                                                                        uint32_t tile) const {
    const ConvolutionShape& shape = m_convolution.shape;
    const int64_t top = int64_t{place.y / tile * tile} - shape.padTop;
    const int64_t left = int64_t{place.x / tile * tile} - shape.padLeft;
    TileMagnitude magnitude;
    for (uint32_t channel = 0; channel < shape.channels; ++channel) {
        double most = 0, weights = 0;
        for (int64_t i = 0; i < int64_t{tile + 2} * (tile + 2); ++i) {
            const double value =
                std::abs(inputAt(place, channel, top + i / (tile + 2), left + i % (tile + 2)));
            most = std::isfinite(value) ? std::max(most, value) : HUGE_VAL;
        }
        for (uint32_t i = 0; i < 9; ++i) weights += std::abs(weightAt(place, channel * 9 + i));
        magnitude.largest = std::max(magnitude.largest, most);
        magnitude.sum += weights * most;
    }
    return magnitude;
}

double ConvolutionReference::boundOf(const Element& element) const {
    if (isInteger(m_convolution.types)) return 0;
    if (!std::isfinite(element.magnitude)) return notFinite;
    if (element.magnitude > FLT_MAX / 2) return HUGE_VAL;
    const uint32_t depth = depthOf(m_convolution.shape);
    return convolutionErrorBound(depth) * element.magnitude + (static_cast<double>(depth) + 1) * FLT_MIN;
}

double ConvolutionReference::winogradBoundOf(const Element& element, ConvolutionPath path) const {
    if (!std::isfinite(element.magnitude)) return notFinite;
    const auto [sum, largest] =
        tileMagnitude(placeOf(element.index), path == ConvolutionPath::Winograd2 ? 2 : 4);
    // Transforms and their products are at most κ² < 1000 times as large.
    if (!(std::max(sum, largest) <= FLT_MAX / 1000)) return HUGE_VAL;
    const double bound = winogradErrorBound(path, m_convolution.shape.channels);
    return bound * (sum + 0x1p24 * FLT_MIN);
}

ElementCheck ConvolutionReference::check(std::span<const std::byte> result, ConvolutionPath path) const {
    std::vector<ReferenceElement> elements;
    for (const Element& element : m_elements) {
        const double bound = isWinograd(path) ? winogradBoundOf(element, path) : boundOf(element);
        elements.push_back({element.index, element.value, bound});
    }
    ElementCheck check = compare(elements, result, isInteger(m_convolution.types));
    if (check.elements == 0) return check;
    const auto [image, filter, y, x] = placeOf(check.index);
    check.place = std::format("image {}, filter {}, row {} and column {}", image, filter, y, x);
    return check;
}

}  // namespace quant
