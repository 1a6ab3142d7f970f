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

constexpr GemmTypes types[] = {GemmType::Fp32,
                               GemmType::Tf32,
                               GemmType::Fp16,
                               GemmType::Bf16,
                               GemmType::Int16,
                               GemmType::Int8,
                               GemmType::Uint8,
                               {GemmType::Int8, GemmType::Int4},
                               {GemmType::Int8, GemmType::Ternary},
                               {GemmType::Int8, GemmType::Binary},
                               {GemmType::Uint8, GemmType::Int8},
                               {GemmType::Int8, GemmType::Uint8},
                               {GemmType::Int4, GemmType::Binary},
                               {GemmType::Int16, GemmType::Int8}};

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

void checkProduct(GemmTypes type, const GemmPlan& plan, const Shape& shape, uint64_t seed) {
    const Layout layoutA{.isTransposed = seed % 2 == 1,
                         .gap = static_cast<uint32_t>(seed % 3),
                         .first = static_cast<uint32_t>(seed % 5)};
    const Layout layoutB{.isTransposed = seed / 2 % 2 == 1,
                         .gap = static_cast<uint32_t>(seed / 3 % 3),
                         .first = static_cast<uint32_t>(seed % 7)};
    const Operand a = randomOperand(type.a, shape.m, shape.k, seed, layoutA);
    const Operand b = randomOperand(type.b, shape.k, shape.n, seed + 1000, layoutB);
    Product product(a, b);
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
    for (const GemmTypes type : types) {
        for (const GemmPath path : gemm().paths(type)) check(type, path);
    }
}

}  // namespace

TEST_CASE("Products of awkward sizes, strides and transposes are right on every path", "[device][gemm]") {
    uint64_t seed = 1;
    forEveryPath([&](GemmTypes type, GemmPath path) {
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

TEST_CASE("Sums of halves are rounded to halves on demand", "[device][gemm]") {
    const GemmTypes types = GemmTypes::halfSums();
    for (const GemmPath path : gemm().paths(types)) {
        for (const Shape& shape : {Shape{19, 26, 33}, {1, 1, 1}, {9, 5, 300}}) {
            const Operand a = randomOperand(GemmType::Fp16, shape.m, shape.k, 61, {.gap = 1}),
                          b = randomOperand(GemmType::Fp16, shape.k, shape.n, 62, {.isTransposed = true});
            Product product(a, b);
            product.sumInHalves();
            product.addBias();
            product.run(gemm(), firstPlan(path));
            INFO(name(path) << " k " << shape.k);
            CHECK(product.worst() <= 1);
        }
        // 2048 + 1 is 2048 in halves, and 2049 in floats; 65504 + 65504 is too large.
        const Operand one = operandOf(GemmType::Fp16, 1, 2, {1, 1});
        for (const auto& [first, second, sum] : {std::array{2048., 1., 2048.}, {65504., 65504., HUGE_VAL}}) {
            const Operand terms = operandOf(GemmType::Fp16, 2, 1, {first, second});
            Product product(one, terms);
            product.sumInHalves();
            product.run(gemm(), firstPlan(path));
            INFO(name(path));
            CHECK(std::bit_cast<float>(product.words()[0]) == sum);
        }
    }
    CHECK(gemmPaths(device().info(), types).front() == GemmPath::Reference);
    const Operand a = randomOperand(GemmType::Fp16, 40, 60, 1), b = randomOperand(GemmType::Fp16, 60, 50, 2);
    Product chosen(a, b);
    chosen.sumInHalves();
    chosen.run(gemm(), gemm().planFor(chosen.problem()));
    CHECK(chosen.worst() <= 1);
}

TEST_CASE("Matrices with gaps between all elements are multiplied, and never by the narrow path",
          "[device][gemm]") {
    for (const GemmType type : {GemmType::Fp32, GemmType::Int8}) {
        const Operand a = randomOperand(type, 2, 70, 5, {.step = 2});
        const Operand b = randomOperand(type, 70, 300, 6, {.isTransposed = true, .step = 3});
        for (const GemmPath path : gemm().paths(type)) {
            Product product(a, b);
            if (path == GemmPath::Skinny) {
                CHECK_THROWS_AS(product.run(gemm(), firstPlan(path)), std::invalid_argument);
                continue;
            }
            product.run(gemm(), firstPlan(path));
            CHECK(product.worst() <= 1);
        }
        Product chosen(a, b);
        CHECK(gemm().planFor(chosen.problem()).path != GemmPath::Skinny);
    }
}

// Run by itself with every access checked: the operands' buffers end where the matrices do.
TEST_CASE("No path reads or writes beyond its matrices", "[device][gemm][bounds]") {
    uint64_t seed = 900;
    for (const GemmTypes type :
         {GemmTypes(GemmType::Fp32), GemmTypes(GemmType::Fp16), GemmTypes(GemmType::Bf16),
          GemmTypes(GemmType::Uint8), GemmTypes(GemmType::Int8, GemmType::Int4)}) {
        for (const GemmPath path : gemm().paths(type)) {
            GemmPlan plan = firstPlan(path);
            if (path == GemmPath::Tiled || path == GemmPath::Dot || path == GemmPath::Coopmat)
                plan.tile = {2, 2, 4};
            for (const Shape& shape : {Shape{7, 5, 19}, {1, 131, 65}, {67, 3, 1100}})
                if (takes(path, shape)) checkProduct(type, plan, shape, seed++);
        }
    }
}

TEST_CASE("Every tile that may be chosen is right", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        const Shape shape = path == GemmPath::Skinny ? Shape{3, 70, 37} : Shape{45, 70, 37};
        uint64_t seed = 100;
        for (const GemmTile& tile : gemmTiles(device().info(), path))
            checkProduct(type, {path, tile}, shape, seed++);
    });
}

TEST_CASE("What is chosen for a shape is right", "[device][gemm]") {
    for (const GemmTypes type : types) {
        for (const Shape& shape :
             {Shape{2, 300, 200}, {300, 2, 200}, {4, 33, 700}, {60, 50, 40}, {3, 3, 3}}) {
            const Operand a = randomOperand(type.a, shape.m, shape.k, 7);
            const Operand b = randomOperand(type.b, shape.k, shape.n, 8, {.isTransposed = true});
            Product product(a, b);
            product.run(gemm(), gemm().planFor(product.problem()));
            CHECK(product.worst() <= 1);
        }
    }
}

TEST_CASE("Sums longer than one chunk of k go on where the last one ended", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        if (path != GemmPath::Reference) checkProduct(type, firstPlan(path), {5, 9, 2100}, 50);
    });
}

TEST_CASE("Alpha, beta and bias are applied once, whatever the path", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        const Operand a = randomOperand(type.a, 6, 2070, 3), b = randomOperand(type.b, 2070, 11, 4);
        for (const float beta : {0.0f, 1.0f, -0.5f}) {
            if (isInteger(type) && beta < 0) continue;
            Product product(a, b);
            product.scale(isInteger(type) ? 1 : -1.75f, beta);
            product.addBias();
            product.run(gemm(), firstPlan(path));
            INFO(name(type) << " " << name(path) << " beta " << beta);
            CHECK(product.worst() <= 1);
        }
    });
}

TEST_CASE("What is negative becomes zero, after everything is added, and only then", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        const Operand a = randomOperand(type.a, 6, 2070, 3), b = randomOperand(type.b, 2070, 7, 4);
        Product product(a, b);
        product.scale(1, 1);
        product.addBias();
        product.rectify();
        product.run(gemm(), firstPlan(path));
        INFO(name(type) << " " << name(path));
        CHECK(product.worst() <= 1);
    });
    const Operand odd = operandOf(GemmType::Fp32, 1, 1, {std::numeric_limits<double>::quiet_NaN()});
    Product product(odd, odd);
    product.rectify();
    product.run(gemm(), {});
    CHECK(std::isnan(std::bit_cast<float>(product.words()[0])));
}

TEST_CASE("Batches have matrices of their own, or share them in turns, and a bias for rows or columns",
          "[device][gemm]") {
    uint64_t seed = 300;
    forEveryPath([&](GemmTypes type, GemmPath path) {
        for (const auto& [countA, countB] : {std::pair{6u, 1u}, {2u, 6u}, {6u, 6u}, {2u, 3u}}) {
            const uint32_t m = path == GemmPath::Skinny ? 4 : 19;
            const Operand a = randomOperand(type.a, m, 21, seed, {.gap = 1, .count = countA, .first = 3});
            const Operand b = randomOperand(type.b, 21, 27, seed + 1, {.count = countB, .first = 1});
            Product product(a, b, 6);
            product.scale(1, 1);
            product.addBias(seed % 2 ? GemmChannels::Rows : GemmChannels::Columns, countA == 2 ? 2 : 1);
            product.run(gemm(), firstPlan(path));
            INFO(name(type) << " " << name(path) << " " << countA << " and " << countB << " matrices");
            CHECK(product.worst() <= 1);
            seed += 3;
        }
    });
}

TEST_CASE("Batches whose panels do not fit at a time are packed in turns", "[device][gemm]") {
    // A batch of A takes 24 x 32 floats, of which two fit, and the last chunk is of one batch.
    Gemm small(device(), 6400);
    for (const auto& [countA, countB] : {std::pair{5u, 5u}, {5u, 1u}, {3u, 5u}}) {
        const Operand a = randomOperand(GemmType::Int8, 20, 30, 1, {.count = countA});
        const Operand b = randomOperand(GemmType::Int8, 30, 7, 2, {.count = countB});
        Product product(a, b, 5);
        product.run(small, {GemmPath::Tiled, {8, 1, 32}});
        INFO(countA << " and " << countB << " matrices");
        CHECK(product.worst() == 0);
    }
}

TEST_CASE("A matrix whose panels do not fit at a time is packed in chunks, of rows, of columns, or both",
          "[device][gemm]") {
    // Panels of A take 320 bytes, those of B 160 for each lane.
    Gemm small(device(), 4000);
    for (const Shape& shape : {Shape{70, 9, 40}, {9, 110, 40}, {70, 110, 40}, {70, 110, 2100}}) {
        for (const GemmChannels channels : {GemmChannels::Rows, GemmChannels::Columns}) {
            const Operand a = randomOperand(GemmType::Fp32, shape.m, shape.k, 71);
            const Operand b = randomOperand(GemmType::Fp32, shape.k, shape.n, 72);
            Product product(a, b);
            product.scale(1, 1);
            product.addBias(channels);
            product.run(small, {GemmPath::Tiled, {2, 1, 4}});
            INFO(shape.m << "x" << shape.n << "x" << shape.k);
            CHECK(product.worst() <= 1);
        }
    }
}

TEST_CASE("A long k with a small C is cut in slices that add up", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        const Operand a = randomOperand(type.a, 3, 5003, 11, {.isTransposed = true});
        const Operand b = randomOperand(type.b, 5003, 5, 12);
        Product product(a, b);
        product.scale(isInteger(type) ? 2 : 0.5f, 1);
        product.addBias();
        product.rectify();
        product.run(gemm(), firstPlan(path));
        INFO(name(type) << " " << name(path));
        CHECK(product.worst() <= 1);
    });
}

TEST_CASE("Floats are quantized where they are packed", "[device][gemm]") {
    for (const GemmType elements : {GemmType::Fp32, GemmType::Fp16}) {
        for (const GemmType type : {GemmType::Int8, GemmType::Uint8}) {
            Operand a = randomOperand(elements, 19, 41, 21, {.isTransposed = true, .gap = 1});
            a.values[5] = std::numeric_limits<double>::quiet_NaN();
            a.values[6] = std::numeric_limits<double>::infinity();
            a.values[7] = -60000;
            a = operandOf(elements, 19, 41, a.values, {.isTransposed = true, .gap = 1});
            a.matrix.quantizer = GemmQuantizer{elements, 0.02f, type == GemmType::Int8 ? -3 : 131};
            for (double& value : a.values) value = quantizedValue(*a.matrix.quantizer, type, value);
            a.type = type;
            const Operand b = randomOperand(GemmType::Int4, 41, 26, 22);
            for (const GemmPath path : gemm().paths({type, b.type})) {
                Product product(a, b);
                INFO(name(elements) << " to " << name(type) << " " << name(path));
                if (path == GemmPath::Reference || path == GemmPath::Skinny) {
                    CHECK_THROWS_AS(product.run(gemm(), firstPlan(path)), std::invalid_argument);
                    continue;
                }
                product.run(gemm(), firstPlan(path));
                CHECK(product.worst() == 0);
            }
            Product chosen(a, b);
            CHECK_NOTHROW(chosen.run(gemm(), gemm().planFor(chosen.problem())));
        }
    }
}

TEST_CASE("Without k a product is nothing but beta times C and the bias", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        const Operand a = randomOperand(type.a, 4, 0, 3), b = randomOperand(type.b, 0, 5, 4);
        Product zero(a, b);
        zero.run(gemm(), firstPlan(path));
        CHECK(zero.words() == std::vector<uint32_t>(20, 0));
        Product scaled(a, b);
        scaled.scale(1, 1);
        scaled.addBias();
        scaled.run(gemm(), firstPlan(path));
        CHECK(scaled.worst() == 0);
    });
}

TEST_CASE("Products without rows or columns leave memory alone", "[device][gemm]") {
    forEveryPath([&](GemmTypes type, GemmPath path) {
        for (const Shape& shape : {Shape{0, 5, 3}, {5, 0, 3}, {0, 0, 0}}) {
            const Operand a = randomOperand(type.a, shape.m, shape.k, 3),
                          b = randomOperand(type.b, shape.k, shape.n, 4);
            Product product(a, b);
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
                Product product(a, b);
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
                Product product(a, b);
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
        Product product(a, b);
        product.run(gemm(), firstPlan(path));
        CHECK(std::bit_cast<float>(product.words()[0]) == 0x1p-14f + 6 * 0x1p-24f);
    }
}

TEST_CASE("The tiled path gives the same bits with every tile", "[device][gemm]") {
    const Operand a = randomOperand(GemmType::Fp32, 33, 300, 1),
                  b = randomOperand(GemmType::Fp32, 300, 57, 2);
    std::vector<uint32_t> first;
    for (const GemmTile& tile : {GemmTile{8, 3, 32}, {4, 3, 32}, {6, 2, 8}, {1, 1, 1}}) {
        Product product(a, b);
        product.run(gemm(), {GemmPath::Tiled, tile});
        if (first.empty()) first = product.words();
        CHECK(product.words() == first);
    }
}

TEST_CASE("What cannot be multiplied is refused, saying why", "[device][gemm]") {
    const Operand a = randomOperand(GemmType::Fp32, 4, 6, 1), b = randomOperand(GemmType::Fp32, 6, 5, 2);
    const engine::Buffer c(device(), 4 * 5 * 4, engine::MemoryKind::Device, "C");
    const GemmProblem good{.types = GemmType::Fp32,
                           .m = 4,
                           .n = 5,
                           .k = 6,
                           .a = a.matrix,
                           .b = b.matrix,
                           .c = {.data = c, .rowStride = 5},
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
    problem.types = GemmType::Int8;
    problem.alpha = 2.5f;
    refuses(problem, plan, "whole numbers");
    problem = good;
    problem.types = {GemmType::Fp32, GemmType::Fp16};
    refuses(problem, plan, "fp32 and fp16 are not multiplied");
    problem = good;
    problem.batches = 2;
    refuses(problem, plan, "overlap");
    problem.c.batchStride = 20;
    refuses(problem, plan, "matrix C is larger");
    problem = good;
    problem.types = GemmTypes::halfSums();
    problem.types.b = GemmType::Fp32;
    refuses(problem, firstPlan(GemmPath::Reference), "are not multiplied");
    problem = good;
    problem.batches = 2;
    problem.c.batchStride = 1u << 30;
    refuses(problem, plan, "4 GiB apart");
    problem = good;
    problem.types = GemmType::Int16;
    problem.a.rowStride = 0x2fffffff;
    refuses(problem, plan, "matrix A spans 2^31");
    problem = good;
    problem.types = GemmType::Int8;
    for (const float scale : {1e-39f, 1e38f, 0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
        problem.a.quantizer = GemmQuantizer{GemmType::Fp32, scale, 0};
        refuses(problem, plan, "matrix A has a scale");
    }
    problem.a.quantizer = GemmQuantizer{GemmType::Fp32, 1, 128};
    refuses(problem, plan, "zero point out of range");
    refuses(good, {GemmPath::Tiled, {0, 1, 1}}, "a tile of nothing");
    problem = good;
    problem.a.count = 0;
    refuses(problem, plan, "count of 0");
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
