#pragma once

#include <cstdint>
#include <string_view>

namespace quant {

// How a convolution is computed.
enum class ConvolutionPath {
    Direct,     // by the definition, several outputs for each invocation
    Im2col,     // a matrix of columns in memory, then a product of matrices
    Implicit,   // the product alone, which reads the columns' elements where they lie
    Winograd2,  // F(2x2, 3x3): 16 products of matrices for every 2 x 2 outputs
    Winograd4,  // F(4x4, 3x3): 36 for every 4 x 4
};

inline constexpr ConvolutionPath convolutionPaths[] = {ConvolutionPath::Direct, ConvolutionPath::Im2col,
                                                       ConvolutionPath::Implicit, ConvolutionPath::Winograd2,
                                                       ConvolutionPath::Winograd4};

// "direct", "im2col", "implicit", "winograd2", "winograd4"; the way back throws std::invalid_argument.
std::string_view name(ConvolutionPath path);
ConvolutionPath convolutionPathFrom(std::string_view text);

}  // namespace quant
