#include "app/random_matrix.h"

#include "quant/half_float.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cmath>
#include <cstring>

using namespace app;
using quant::GemmType;

namespace {

template <class Element>
std::vector<Element> elementsOf(const std::vector<std::byte>& bytes, size_t count) {
    std::vector<Element> elements(count);
    std::memcpy(elements.data(), bytes.data(), count * sizeof(Element));
    return elements;
}

}  // namespace

TEST_CASE("Random floats are normal deviates", "[gemm]") {
    constexpr size_t count = 100'000;
    double sum = 0, squares = 0, largest = 0;
    for (const float x : elementsOf<float>(randomMatrix(GemmType::Fp32, count, 5), count)) {
        sum += x;
        squares += double{x} * x;
        largest = std::max(largest, std::abs(double{x}));
    }
    // Five standard deviations of mean and variance.
    CHECK(std::abs(sum / count) < 5 / std::sqrt(count));
    CHECK(std::abs(squares / count - 1) < 5 * std::sqrt(2.0 / count));
    CHECK(largest > 3.5);
    CHECK(largest < 6.5);
}

TEST_CASE("Random matrices of 16-bit floats are those of floats, rounded", "[gemm]") {
    const auto floats = elementsOf<float>(randomMatrix(GemmType::Fp32, 999, 5), 999);
    const auto halves = elementsOf<uint16_t>(randomMatrix(GemmType::Fp16, 999, 5), 999);
    const auto bfloats = elementsOf<uint16_t>(randomMatrix(GemmType::Bf16, 999, 5), 999);
    for (size_t i = 0; i < floats.size(); ++i) {
        CHECK(halves[i] == quant::halfFromFloat(floats[i]));
        CHECK(bfloats[i] == quant::bfloatFromFloat(floats[i]));
    }
}

TEST_CASE("Random bytes take every value alike", "[gemm]") {
    constexpr size_t count = 256 * 400;
    std::array<int, 256> counts{};
    for (const uint8_t x : elementsOf<uint8_t>(randomMatrix(GemmType::Uint8, count, 5), count)) ++counts[x];
    for (const int one : counts) CHECK(std::abs(one - 400) < 6 * 20);
}

TEST_CASE(
    "An element of a random matrix depends on seed and place alone; whole words are filled up with zeros",
    "[gemm]") {
    const auto whole = randomMatrix(GemmType::Int8, 64, 7);
    for (const size_t size : {0u, 1u, 2u, 3u, 5u, 63u}) {
        const auto part = randomMatrix(GemmType::Int8, size, 7);
        REQUIRE(part.size() == (size + 3) / 4 * 4);
        for (size_t i = 0; i < part.size(); ++i) CHECK(part[i] == (i < size ? whole[i] : std::byte{0}));
    }
    CHECK(randomMatrix(GemmType::Int8, 64, 8) != whole);
    CHECK(randomMatrix(GemmType::Fp16, 3, 7).size() == 8);
}
