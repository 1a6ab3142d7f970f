#include "app/random_matrix.h"

#include "quant/half_float.h"
#include "quant/philox.h"

#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

namespace app {

namespace {

quant::PhiloxCounter randomBlock(uint64_t seed, uint64_t block) {
    return quant::philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0},
                         {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

// G. E. P. Box, M. E. Muller, "A Note on the Generation of Random Normal Deviates", 1958.
std::array<float, 2> normalDeviates(uint32_t a, uint32_t b) {
    const double uniform = (a + 0.5) * 0x1p-32;
    const double angle = 2 * std::numbers::pi * 0x1p-32 * b, radius = std::sqrt(-2 * std::log(uniform));
    return {static_cast<float>(radius * std::cos(angle)), static_cast<float>(radius * std::sin(angle))};
}

template <class Element>
void store(std::vector<std::byte>& bytes, uint64_t index, Element element) {
    std::memcpy(bytes.data() + index * sizeof element, &element, sizeof element);
}

void storeFloat(std::vector<std::byte>& bytes, quant::GemmType type, uint64_t index, float value) {
    if (elementBits(type) == 32)
        store(bytes, index, value);
    else
        store(bytes, index,
              type == quant::GemmType::Fp16 ? quant::halfFromFloat(value) : quant::bfloatFromFloat(value));
}

std::vector<std::byte> zeros(uint64_t sizeBytes) {
    return std::vector<std::byte>((sizeBytes + 3) / 4 * 4);
}

// Of codes of 2 bits in two's complement, -2 becomes 0.
void zeroLeast(std::vector<std::byte>& bytes) {
    for (std::byte& byte : bytes) {
        const std::byte isLeast = byte >> 1 & ~byte & std::byte{0x55};
        byte &= ~(isLeast << 1);
    }
}

}  // namespace

std::vector<std::byte> randomMatrix(quant::GemmType type, uint64_t elements, uint64_t seed) {
    if (isInteger(type)) {
        auto bytes = randomWords(wordBytes(type, elements) / 4, seed);
        const uint64_t bits = elements * elementBits(type);
        for (uint64_t i = bits / 8; i < bytes.size(); ++i)
            bytes[i] &= i > bits / 8 ? std::byte{0} : static_cast<std::byte>((1u << bits % 8) - 1);
        if (type == quant::GemmType::Ternary) zeroLeast(bytes);
        return bytes;
    }
    auto bytes = zeros(wordBytes(type, elements));
    for (uint64_t i = 0; i < elements; i += 4) {
        const auto bits = randomBlock(seed, i / 4);
        const std::array pairs = {normalDeviates(bits[0], bits[1]), normalDeviates(bits[2], bits[3])};
        for (uint64_t j = 0; j < 4 && i + j < elements; ++j)
            storeFloat(bytes, type, i + j, pairs[j / 2][j % 2]);
    }
    return bytes;
}

std::vector<std::byte> randomWords(uint64_t elements, uint64_t seed) {
    auto bytes = zeros(elements * sizeof(uint32_t));
    for (uint64_t i = 0; i < elements; i += 4) {
        const auto bits = randomBlock(seed, i / 4);
        for (uint64_t j = 0; j < 4 && i + j < elements; ++j) store(bytes, i + j, bits[j]);
    }
    return bytes;
}

}  // namespace app
