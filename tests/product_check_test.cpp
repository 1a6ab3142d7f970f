#include "quant/product_check.h"

#include "quant/gemm.h"
#include "quant/half_float.h"

#include <catch2/catch_test_macros.hpp>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>

using namespace quant;

namespace {

template <class Element>
std::vector<std::byte> bytesOf(const std::vector<Element>& elements) {
    std::vector<std::byte> bytes(elements.size() * sizeof(Element));
    if (!bytes.empty()) std::memcpy(bytes.data(), elements.data(), bytes.size());
    return bytes;
}

template <class Element>
HostProduct productOf(GemmType type, uint32_t m, uint32_t n, uint32_t k, const std::vector<Element>& a,
                      const std::vector<Element>& b) {
    return {.types = type, .m = m, .n = n, .k = k, .a = {bytesOf(a), k, 1}, .b = {bytesOf(b), n, 1}};
}

// [[1 2 3] [4 5 6]] times [[1 2] [3 4] [5 6]]
HostProduct smallProduct() {
    return productOf<float>(GemmType::Fp32, 2, 2, 3, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6});
}
const std::vector<float> smallResult = {22, 28, 49, 64};

ElementCheck checkOf(const HostProduct& product, const std::vector<float>& result) {
    return ProductReference(product).check(bytesOf(result));
}

}  // namespace

TEST_CASE("A right product passes its check, of each type", "[gemm]") {
    const auto halves = [](uint16_t (*from)(float)) {
        std::vector<uint16_t> values;
        for (const float x : {1.f, 2.f, 3.f, 4.f, 5.f, 6.f}) values.push_back(from(x));
        return values;
    };
    const std::vector<uint16_t> fp16 = halves(halfFromFloat), bf16 = halves(bfloatFromFloat);
    const std::vector<uint8_t> bytes = {1, 2, 3, 4, 5, 6};
    for (const HostProduct& product : {smallProduct(), productOf(GemmType::Fp16, 2, 2, 3, fp16, fp16),
                                       productOf(GemmType::Bf16, 2, 2, 3, bf16, bf16)}) {
        const ElementCheck check = checkOf(product, smallResult);
        CHECK(check.isPassed());
        CHECK(check.elements == 4);
        CHECK(check.maxError == 0);
        CHECK(check.problem().empty());
    }
    for (const GemmType type : {GemmType::Int8, GemmType::Uint8}) {
        const auto product = productOf(type, 2, 2, 3, bytes, bytes);
        CHECK(ProductReference(product).check(bytesOf<int32_t>({22, 28, 49, 64})).isPassed());
    }
}

TEST_CASE("An element beyond its bound fails the check, and one within does not", "[gemm]") {
    const HostProduct product = smallProduct();
    const double bound = gemmErrorBound(3) * 49;
    for (const double sign : {-1.0, 1.0}) {
        auto result = smallResult;
        result[2] = static_cast<float>(49 + sign * 0.9 * bound);
        const ElementCheck near = checkOf(product, result);
        CHECK(near.isPassed());
        CHECK(near.maxError > 0.5 * bound);
        result[2] = static_cast<float>(49 + sign * 3 * bound);
        const ElementCheck far = checkOf(product, result);
        CHECK_FALSE(far.isPassed());
        CHECK(far.exceeding == 1);
        CHECK(far.maxError > far.errorBound);
        CHECK(std::abs(far.errorBound / bound - 1) < 1e-6);
        CHECK(far.index == 2);
        CHECK(far.place == "row 1 and column 0");
        CHECK(far.problem().starts_with(
            "1 of 4 elements compared are wrong; the worst, of row 1 and column 0"));
    }
}

TEST_CASE("NaN where a number is due fails the check", "[gemm]") {
    auto result = smallResult;
    result[3] = std::numeric_limits<float>::quiet_NaN();
    const ElementCheck check = checkOf(smallProduct(), result);
    CHECK(check.exceeding == 1);
    CHECK(std::isinf(check.maxError));
}

TEST_CASE("Where an operand is not finite the product may not be, and where sums may overflow anything goes",
          "[gemm]") {
    const auto product =
        productOf<float>(GemmType::Fp32, 3, 1, 2, {HUGE_VALF, 1, 2, 3, FLT_MAX, FLT_MAX}, {1, 1});
    CHECK(checkOf(product, {HUGE_VALF, 5, 0}).isPassed());
    CHECK(checkOf(product, {HUGE_VALF, 5, HUGE_VALF}).elements == 2);
    const ElementCheck check = checkOf(product, {1, 5, HUGE_VALF});
    CHECK(check.exceeding == 1);
    CHECK(check.place == "row 0 and column 0");
}

TEST_CASE("Strides, alpha, beta and what C held count in the check", "[gemm]") {
    HostProduct product = smallProduct();
    product.alpha = 2;
    product.beta = -1;
    product.c = bytesOf<float>({1, 2, 3, 4});
    CHECK(checkOf(product, {43, 54, 95, 124}).isPassed());
    CHECK(checkOf(product, smallResult).exceeding == 4);
    // A transposed as it lies, and B.
    product = productOf<float>(GemmType::Fp32, 3, 3, 2, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6});
    product.a.rowStride = 1;
    product.a.columnStride = 3;
    product.b.rowStride = 1;
    product.b.columnStride = 2;
    CHECK(checkOf(product, {9, 19, 29, 12, 26, 40, 15, 33, 51}).isPassed());
}

TEST_CASE("Sums of integers are compared modulo 2^32", "[gemm]") {
    constexpr uint32_t depth = 70'000;  // of products of 65025, which exceed 2^32
    const std::vector<uint8_t> ones(depth, 255);
    HostProduct product = productOf(GemmType::Uint8, 1, 1, depth, ones, ones);
    const uint64_t sum = uint64_t{depth} * 255 * 255;
    const ProductReference reference(product);
    CHECK(reference.check(bytesOf<uint32_t>({static_cast<uint32_t>(sum)})).isPassed());
    const ElementCheck check = reference.check(bytesOf<uint32_t>({static_cast<uint32_t>(sum) + 3}));
    CHECK(check.maxError == 3);
    CHECK(check.exceeding == 1);
    product = productOf<int8_t>(GemmType::Int8, 1, 1, 1, {-128}, {-128});
    product.beta = 1;
    product.c = bytesOf<int32_t>({INT32_MAX});
    CHECK(ProductReference(product).check(bytesOf<int32_t>({INT32_MIN + 16383})).isPassed());
}

TEST_CASE("Of a large product a spread sample and the last element are checked", "[gemm]") {
    constexpr uint32_t m = 150, n = 171, k = 800;
    const HostProduct product =
        productOf<float>(GemmType::Fp32, m, n, k, std::vector<float>(m * k, 1), std::vector<float>(k * n, 1));
    const ProductReference reference(product);
    std::vector<float> result(m * n, 800);
    const ElementCheck right = reference.check(bytesOf(result));
    CHECK(right.isPassed());
    CHECK(right.elements >= 4096);
    CHECK(right.elements < m * n);
    result.back() = 801;
    CHECK(reference.check(bytesOf(result)).exceeding == 1);
    // Any 14 neighbours hold an element of the sample.
    for (size_t first = 0; first + 14 <= result.size(); first += 1000) {
        std::vector<float> wrong(m * n, 800);
        std::fill_n(wrong.begin() + static_cast<ptrdiff_t>(first), 14, 0.f);
        CHECK_FALSE(reference.check(bytesOf(wrong)).isPassed());
    }
}

TEST_CASE("Products without elements or depth are checked as well", "[gemm]") {
    CHECK(checkOf(productOf<float>(GemmType::Fp32, 0, 5, 3, {}, std::vector<float>(15)), {}).elements == 0);
    const auto product = productOf<float>(GemmType::Fp32, 2, 1, 0, {}, {});
    CHECK(checkOf(product, {0, 0}).isPassed());
    CHECK(checkOf(product, {0, 1e-6f}).exceeding == 1);
}
