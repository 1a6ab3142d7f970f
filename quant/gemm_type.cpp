#include "quant/gemm_type.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

constexpr std::string_view types[] = {"fp32", "tf32",  "fp16", "bf16",    "int16",
                                      "int8", "uint8", "int4", "ternary", "binary"};
constexpr std::string_view halfSumsName = "fp16:fp16";
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

std::string name(GemmTypes types) {
    if (types.hasHalfSums) return std::string(halfSumsName);
    if (types.a == GemmType::Int8 && elementBits(types.b) < 8) return std::string(name(types.b));
    if (types.a == types.b && elementBits(types.b) >= 8) return std::string(name(types.a));
    return std::string(name(types.a)) + "-" + std::string(name(types.b));
}

GemmTypes gemmTypesFrom(std::string_view text) {
    if (text == halfSumsName) return GemmTypes::halfSums();
    const size_t dash = text.find('-');
    const GemmType last = gemmTypeFrom(dash == text.npos ? text : text.substr(dash + 1));
    if (dash == text.npos) return {elementBits(last) < 8 ? GemmType::Int8 : last, last};
    const GemmTypes types{gemmTypeFrom(text.substr(0, dash)), last};
    if (types.a != types.b && !(isInteger(types.a) && isInteger(types.b))) {
        throw std::invalid_argument("matrices of " + std::string(name(types.a)) + " and " +
                                    std::string(name(types.b)) + " are not multiplied");
    }
    return types;
}

std::string_view name(GemmPath path) {
    return paths[static_cast<size_t>(path)];
}

GemmPath gemmPathFrom(std::string_view text) {
    return static_cast<GemmPath>(placeOf(text, paths, "path"));
}

}  // namespace quant
