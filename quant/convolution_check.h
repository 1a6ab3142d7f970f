#pragma once

#include "quant/convolution_path.h"
#include "quant/element_check.h"
#include "quant/host_convolution.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quant {

// Elements of a convolution by the definition: floats with sums in double, integers exactly, modulo 2^32;
// those that chosenElements() says. The convolution must outlive it, and its shape pass check().
//
// An element of floats may err by what convolutionErrorBound and winogradErrorBound say, and by what
// underflows: 2^-126 for each product, κ²·2^-126 for each rounding of a Winograd path. Where magnitudes are
// so large that a sum or a transform might overflow, the element is not judged; where an operand is not
// finite, neither may the element be, and the other elements of a Winograd tile that sees it are not judged.
class ConvolutionReference {
public:
    // Costs depthOf(shape) double operations an element.
    explicit ConvolutionReference(const HostConvolution& convolution);

    // result: the output as the path left it, [images][filters][height][width]. Of Winograd paths it costs up
    // to four times what the elements did.
    ElementCheck check(std::span<const std::byte> result, ConvolutionPath path) const;

private:
    struct Place {
        uint32_t image, filter, y, x;
    };
    struct Element {
        uint64_t index = 0;
        double value = 0, magnitude = 0;  // Σ weights · input, and of their magnitudes
    };
    // What the bound of a Winograd path is a multiple of, and the largest input that the tile sees.
    struct TileMagnitude {
        double sum = 0, largest = 0;
    };
    Place placeOf(uint64_t index) const;
    double inputAt(const Place& place, uint32_t channel, int64_t y, int64_t x) const;
    double weightAt(const Place& place, uint32_t index) const;
    Element elementOf(uint64_t index) const;
    TileMagnitude tileMagnitude(const Place& place, uint32_t tile) const;
    double boundOf(const Element& element) const;
    double winogradBoundOf(const Element& element, ConvolutionPath path) const;

    const HostConvolution& m_convolution;
    uint32_t m_outHeight, m_outWidth;
    std::vector<Element> m_elements;
};

}  // namespace quant
