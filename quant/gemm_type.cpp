#include "quant/gemm_type.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

constexpr std::string_view types[] = {"fp32", "fp16", "bf16", "int8", "uint8"};
constexpr std::string_view paths[] = {"reference", "tiled", "shared", "skinny", "dot", "coopmat"};

template <size_t count>
size_t placeOf(std::string_view text, const std::string_view (&names)[count], const char* kind) {
    const auto found = std::ranges::find(names, text);
    if (found == std::end(names))
        throw std::invalid_argument("'" + std::string(text) + "' is no " + kind + " of a matrix product");
    return static_cast<size_t>(found - std::begin(names));
}

}  // namespace

std::string_view name(GemmType type) {
    return types[static_cast<size_t>(type)];
}

GemmType gemmTypeFrom(std::string_view text) {
    return static_cast<GemmType>(placeOf(text, types, "type"));
}

std::string_view name(GemmPath path) {
    return paths[static_cast<size_t>(path)];
}

GemmPath gemmPathFrom(std::string_view text) {
    return static_cast<GemmPath>(placeOf(text, paths, "path"));
}

}  // namespace quant
