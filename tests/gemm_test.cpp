#include "quant/gemm.h"

#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

constexpr GemmType types[] = {GemmType::Fp32, GemmType::Fp16, GemmType::Bf16, GemmType::Int8,
                              GemmType::Uint8};

struct Shape {
    uint32_t m, n, k;
};

Gemm& gemm() {
    static Gemm products(device());
    return products;
}

// Which a path can compute: the narrow one is for narrow ones.
bool takes(GemmPath path, const Shape& shape) {
    return path != GemmPath::Skinny || std::min(shape.m, shape.n) <= 8;
}

void checkProduct(GemmType type, const GemmPlan& plan, const Shape& shape, uint64_t seed) {
    const Layout layoutA{seed % 2 == 1, static_cast<uint32_t>(seed % 3)};
    const Layout layoutB{seed / 2 % 2 == 1, static_cast<uint32_t>(seed / 3 % 3)};
    const Operand a = randomOperand(type, shape.m, shape.k, seed, layoutA);
    const Operand b = randomOperand(type, shape.k, shape.n, seed + 1000, layoutB);
    Product product(a, b, type);
    product.run(gemm(), plan);
    INFO(name(type) << " " << name(plan.path) << " " << text(plan.tile) << " " << shape.m << "x" << shape.n
                    << "x" << shape.k << " seed " << seed);
    CHECK(product.worst() <= 1);
}

GemmPlan firstPlan(GemmPath path) {
    return {path, gemmTiles(device().info(), path).front()};
}

// Of every type and path that the device has.
template <class Check>
void forEveryPath(const Check& check) {
    for (const GemmType type : types) {
        for (const GemmPath path : gemm().paths(type)) check(type, path);
    }
}

}  // namespace

TEST_CASE("Products of awkward sizes, strides and transposes are right on every path", "[device][gemm]") {
    uint64_t seed = 1;
    forEveryPath([&](GemmType type, GemmPath path) {
        for (const Shape& shape : {Shape{1, 1, 1},
                                   {7, 9, 8},
                                   {8, 24, 32},
                                   {9, 25, 33},
                                   {67, 31, 17},
                                   {1, 131, 65},
                                   {131, 1, 33},
                                   {3, 5, 1030},
                                   {5, 129, 7}}) {
            if (takes(path, shape)) checkProduct(type, firstPlan(path), shape, seed++);
        }
    });
}

TEST_CASE("Matrices with gaps between all elements are multiplied, and never by the narrow path",
          "[device][gemm]") {
    for (const GemmType type : {GemmType::Fp32, GemmType::Int8}) {
        const Operand a = randomOperand(type, 2, 70, 5, {.step = 2});
        const Operand b = randomOperand(type, 70, 300, 6, {.isTransposed = true, .step = 3});
        for (const GemmPath path : gemm().paths(type)) {
            Product product(a, b, type);
            if (path == GemmPath::Skinny) {
                CHECK_THROWS_AS(product.run(gemm(), firstPlan(path)), std::invalid_argument);
                continue;
            }
            product.run(gemm(), firstPlan(path));
            CHECK(product.worst() <= 1);
        }
        Product chosen(a, b, type);
        CHECK(gemm().planFor(chosen.problem()).path != GemmPath::Skinny);
    }
}

TEST_CASE("Every tile that may be chosen is right", "[device][gemm]") {
    forEveryPath([&](GemmType type, GemmPath path) {
        const Shape shape = path == GemmPath::Skinny ? Shape{3, 70, 37} : Shape{45, 70, 37};
        uint64_t seed = 100;
        for (const GemmTile& tile : gemmTiles(device().info(), path))
            checkProduct(type, {path, tile}, shape, seed++);
    });
}

TEST_CASE("What is chosen for a shape is right", "[device][gemm]") {
    for (const GemmType type : types) {
        for (const Shape& shape :
             {Shape{2, 300, 200}, {300, 2, 200}, {4, 33, 700}, {60, 50, 40}, {3, 3, 3}}) {
            const Operand a = randomOperand(type, shape.m, shape.k, 7);
            const Operand b = randomOperand(type, shape.k, shape.n, 8, {.isTransposed = true});
            Product product(a, b, type);
            product.run(gemm(), gemm().planFor(product.problem()));
            CHECK(product.worst() <= 1);
        }
    }
}

TEST_CASE("Sums longer than one chunk of k go on where the last one ended", "[device][gemm]") {
    forEveryPath([&](GemmType type, GemmPath path) {
        if (path != GemmPath::Reference) checkProduct(type, firstPlan(path), {5, 9, 2100}, 50);
    });
}

TEST_CASE("Alpha, beta and bias are applied once, whatever the path", "[device][gemm]") {
    forEveryPath([&](GemmType type, GemmPath path) {
        const Operand a = randomOperand(type, 6, 2070, 3), b = randomOperand(type, 2070, 11, 4);
        for (const float beta : {0.0f, 1.0f, -0.5f}) {
            if (isInteger(type) && beta < 0) continue;
            Product product(a, b, type);
            product.scale(isInteger(type) ? 1 : -1.75f, beta);
            product.addBias();
            product.run(gemm(), firstPlan(path));
            INFO(name(type) << " " << name(path) << " beta " << beta);
            CHECK(product.worst() <= 1);
        }
    });
}

TEST_CASE("Without k a product is nothing but beta times C and the bias", "[device][gemm]") {
    forEveryPath([&](GemmType type, GemmPath path) {
        const Operand a = randomOperand(type, 4, 0, 3), b = randomOperand(type, 0, 5, 4);
        Product zero(a, b, type);
        zero.run(gemm(), firstPlan(path));
        CHECK(zero.words() == std::vector<uint32_t>(20, 0));
        Product scaled(a, b, type);
        scaled.scale(1, 1);
        scaled.addBias();
        scaled.run(gemm(), firstPlan(path));
        CHECK(scaled.worst() == 0);
    });
}

TEST_CASE("Products without rows or columns leave memory alone", "[device][gemm]") {
    forEveryPath([&](GemmType type, GemmPath path) {
        for (const Shape& shape : {Shape{0, 5, 3}, {5, 0, 3}, {0, 0, 0}}) {
            const Operand a = randomOperand(type, shape.m, shape.k, 3),
                          b = randomOperand(type, shape.k, shape.n, 4);
            Product product(a, b, type);
            product.run(gemm(), firstPlan(path));
            CHECK(product.worst() == 0);
        }
    });
}

TEST_CASE("The largest 8-bit integers are multiplied exactly", "[device][gemm]") {
    for (const GemmType type : {GemmType::Int8, GemmType::Uint8}) {
        for (const GemmPath path : gemm().paths(type)) {
            for (const double value :
                 type == GemmType::Int8 ? std::vector<double>{-128, 127} : std::vector<double>{255}) {
                const Operand a = operandOf(type, 3, 4099, std::vector<double>(3 * 4099, value));
                const Operand b = operandOf(type, 4099, 5, std::vector<double>(4099 * 5, value));
                Product product(a, b, type);
                product.run(gemm(), firstPlan(path));
                INFO(name(type) << " " << name(path) << " " << value);
                CHECK(product.worst() == 0);
            }
        }
    }
}

TEST_CASE("NaN and infinity reach their row and column, and nothing else", "[device][gemm]") {
    constexpr uint32_t m = 7, n = 27, k = 35;
    for (const double odd :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        for (const GemmType type : {GemmType::Fp32, GemmType::Fp16, GemmType::Bf16}) {
            std::vector<double> ofA(m * k, 1), ofB(k * n, 1);
            ofA[2 * k + 34] = odd;
            ofB[3 * n + 25] = odd;
            const Operand a = operandOf(type, m, k, ofA), b = operandOf(type, k, n, ofB);
            for (const GemmPath path : gemm().paths(type)) {
                Product product(a, b, type);
                product.run(gemm(), firstPlan(path));
                INFO(name(type) << " " << name(path) << " " << odd);
                bool isRight = true;
                for (uint32_t i = 0; i < m * n; ++i) {
                    const float value = std::bit_cast<float>(product.words()[i]);
                    const bool isOdd = i / n == 2 || i % n == 25;
                    const bool isAsWanted = isOdd ? (std::isnan(odd) ? std::isnan(value) : std::isinf(value))
                                                  : value == static_cast<float>(k);
                    isRight = isRight && isAsWanted;
                }
                CHECK(isRight);
            }
        }
    }
}

TEST_CASE("Subnormal halves are multiplied as they are", "[device][gemm]") {
    const Operand a = operandOf(GemmType::Fp16, 1, 2, {0x1p-24, 3 * 0x1p-24});
    const Operand b = operandOf(GemmType::Fp16, 2, 1, {1024, 2});
    for (const GemmPath path : {GemmPath::Reference, GemmPath::Tiled, GemmPath::Skinny, GemmPath::Shared}) {
        Product product(a, b, GemmType::Fp16);
        product.run(gemm(), firstPlan(path));
        CHECK(std::bit_cast<float>(product.words()[0]) == 0x1p-14f + 6 * 0x1p-24f);
    }
}

TEST_CASE("The tiled path gives the same bits with every tile", "[device][gemm]") {
    const Operand a = randomOperand(GemmType::Fp32, 33, 300, 1),
                  b = randomOperand(GemmType::Fp32, 300, 57, 2);
    std::vector<uint32_t> first;
    for (const GemmTile& tile : {GemmTile{8, 3, 32}, {4, 3, 32}, {6, 2, 8}, {1, 1, 1}}) {
        Product product(a, b, GemmType::Fp32);
        product.run(gemm(), {GemmPath::Tiled, tile});
        if (first.empty()) first = product.words();
        CHECK(product.words() == first);
    }
}

TEST_CASE("What cannot be multiplied is refused, saying why", "[device][gemm]") {
    const Operand a = randomOperand(GemmType::Fp32, 4, 6, 1), b = randomOperand(GemmType::Fp32, 6, 5, 2);
    const engine::Buffer c(device(), 4 * 5 * 4, engine::MemoryKind::Device, "C");
    const GemmProblem good{.type = GemmType::Fp32,
                           .m = 4,
                           .n = 5,
                           .k = 6,
                           .a = {a.buffer, 6, 1},
                           .b = {b.buffer, 5, 1},
                           .c = {c, 5, 1},
                           .bias = {}};
    CHECK_NOTHROW(device().wait(gemm().multiply(good)));
    const auto refuses = [&](GemmProblem problem, const GemmPlan& plan, const std::string& why) {
        try {
            gemm().multiply(problem, plan);
            FAIL("was not refused: " << why);
        } catch (const std::invalid_argument& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).contains(why));
        }
    };
    const GemmPlan plan = firstPlan(GemmPath::Tiled);
    GemmProblem problem = good;
    problem.k = 7;
    refuses(problem, plan, "matrix A is larger than its buffer");
    problem = good;
    problem.c.columnStride = 2;
    refuses(problem, plan, "not contiguous");
    problem = good;
    problem.c.rowStride = 4;
    refuses(problem, plan, "overlap");
    problem = good;
    problem.k = 0xffffffff;
    refuses(problem, plan, "2^32 rows, columns or more");
    problem = good;
    problem.b.data.offset = 2;
    refuses(problem, plan, "within a word");
    problem = good;
    problem.a.rowStride = 0x7fffffff;
    refuses(problem, plan, "matrix A spans 2^32");
    problem = good;
    problem.bias = engine::BufferRange(c, 0, 16);
    refuses(problem, plan, "bias");
    refuses(good, firstPlan(GemmPath::Dot), "'dot' for fp32; it has reference, tiled");
    problem = good;
    problem.type = GemmType::Int8;
    problem.alpha = 2;
    refuses(problem, plan, "alpha 1");
    problem = good;
    problem.m = problem.n = 9;
    problem.k = 1;
    problem.a.rowStride = 1;
    problem.b.rowStride = 1;
    problem.c.rowStride = 9;
    problem.c.data = a.buffer;
    refuses(problem, {GemmPath::Skinny, {8, 4, 8}}, "matrix C is larger");
}

}  // namespace tests
