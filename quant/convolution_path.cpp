#include "quant/convolution_path.h"

#include <stdexcept>
#include <string>

namespace quant {

std::string_view name(ConvolutionPath path) {
    constexpr std::string_view names[] = {"direct", "im2col", "implicit", "winograd2", "winograd4"};
    return names[static_cast<size_t>(path)];
}

ConvolutionPath convolutionPathFrom(std::string_view text) {
    for (const ConvolutionPath path : convolutionPaths) {
        if (name(path) == text) return path;
    }
    throw std::invalid_argument("'" + std::string(text) + "' is no path of a convolution");
}

}  // namespace quant
