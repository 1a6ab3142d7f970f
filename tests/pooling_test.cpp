#include "quant/pooling.h"

#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/refusal.h"
#include "tests/result_buffer.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace tests {

using namespace quant;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

enum class Kind { Max, Average, AverageWithPadding };

struct Pooled {
    double value = 0, bound = 0;
};

// Of one window, by the definition.
Pooled windowOf(const Operand& x, uint32_t plane, const Extent2& size, const PoolWindow& window, Kind kind,
                int64_t firstY, int64_t firstX) {
    double greatest = -infinity, sum = 0, magnitudes = 0;
    int count = 0, withPadding = 0;
    bool isNan = false;
    for (uint32_t i = 0; i < window.kernel.height; ++i) {
        for (uint32_t j = 0; j < window.kernel.width; ++j) {
            const int64_t y = firstY + int64_t{i} * window.dilation.height;
            const int64_t x_ = firstX + int64_t{j} * window.dilation.width;
            withPadding += y < int64_t{size.height} + window.padding.height &&
                           x_ < int64_t{size.width} + window.padding.width;
            if (y < 0 || y >= size.height || x_ < 0 || x_ >= size.width) continue;
            const double value = x.at(plane, static_cast<uint64_t>(y * size.width + x_));
            isNan = isNan || std::isnan(value);
            greatest = std::max(greatest, value);
            sum += value;
            magnitudes += std::abs(value);
            ++count;
        }
    }
    if (kind == Kind::Max) return {isNan ? std::nan("") : greatest, 0};
    const int divisor = kind == Kind::Average ? count : withPadding;
    return {sum / divisor, meanErrorBound(static_cast<uint64_t>(divisor)) * magnitudes / divisor};
}

std::vector<float> pooled(const Operand& x, GemmType type, const Extent2& size, const PoolWindow& window,
                          Kind kind) {
    const Extent2 out = pooledExtent(size, window);
    const ResultBuffer y(uint64_t{x.rows} * out.height * out.width);
    const PoolProblem problem{
        .type = type, .planes = x.rows, .size = size, .window = window, .x = x.buffer, .y = y.range()};
    device().wait(kind == Kind::Max ? maxPool(device(), problem)
                                    : averagePool(device(), problem, kind == Kind::AverageWithPadding));
    return y.values();
}

void check(uint32_t planes, const Extent2& size, const PoolWindow& window, GemmType type, uint64_t seed) {
    const Operand x = randomOperand(type, planes, size.height * size.width, seed);
    const Extent2 out = pooledExtent(size, window);
    for (const Kind kind : {Kind::Max, Kind::Average, Kind::AverageWithPadding}) {
        if (kind != Kind::Max && window.dilation != Extent2{1, 1}) continue;
        const std::vector<float> got = pooled(x, type, size, window, kind);
        bool isRight = got.size() == size_t{planes} * out.height * out.width;
        for (size_t i = 0; i < got.size(); ++i) {
            const auto row = static_cast<uint32_t>(i / out.width),
                       column = static_cast<uint32_t>(i % out.width);
            const Pooled wanted =
                windowOf(x, row / out.height, size, window, kind,
                         int64_t{row % out.height} * window.stride.height - window.padding.height,
                         int64_t{column} * window.stride.width - window.padding.width);
            isRight = isRight && (got[i] == wanted.value || std::abs(got[i] - wanted.value) <= wanted.bound);
        }
        INFO(name(type) << " " << size.height << "x" << size.width << " kernel " << window.kernel.height
                        << "x" << window.kernel.width << " kind " << static_cast<int>(kind));
        CHECK(isRight);
    }
}

}  // namespace

TEST_CASE("Windows of every shape are pooled as they are defined", "[device][pooling][bounds]") {
    uint64_t seed = 1;
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16}) {
        for (const bool isRoundedUp : {false, true}) {
            check(3, {7, 9}, {.kernel = {2, 2}, .stride = {2, 2}, .isRoundedUp = isRoundedUp}, type, seed++);
            check(2, {13, 8},
                  {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .isRoundedUp = isRoundedUp}, type,
                  seed++);
            check(5, {11, 17},
                  {.kernel = {3, 5}, .stride = {1, 3}, .padding = {1, 2}, .isRoundedUp = isRoundedUp}, type,
                  seed++);
            check(2, {11, 17},
                  {.kernel = {3, 2},
                   .stride = {2, 1},
                   .padding = {2, 1},
                   .dilation = {2, 3},
                   .isRoundedUp = isRoundedUp},
                  type, seed++);
        }
        // Windows too large for a kernel of their own.
        check(2, {13, 19}, {.kernel = {7, 6}, .stride = {3, 2}, .padding = {3, 2}}, type, seed++);
        check(131, {1, 1}, {}, type, seed++);
        check(1, {5, 5}, {.kernel = {5, 5}}, type, seed++);
        check(0, {5, 5}, {.kernel = {2, 2}}, type, seed++);
        check(2, {0, 5}, {}, type, seed++);
        check(1, {300, 257}, {.kernel = {2, 3}}, type, seed++);
    }
}

// From torch.nn.functional.max_pool2d.
TEST_CASE("There are as many windows as PyTorch has", "[pooling]") {
    const auto along = [](uint32_t size, const PoolWindow& window) {
        return pooledExtent({size, 1}, window).height;
    };
    CHECK(along(7, {.kernel = {2, 1}, .stride = {2, 1}}) == 3);
    CHECK(along(7, {.kernel = {2, 1}, .stride = {2, 1}, .isRoundedUp = true}) == 4);
    CHECK(along(8, {.kernel = {3, 1}, .stride = {2, 1}, .padding = {1, 0}}) == 4);
    CHECK(along(8, {.kernel = {3, 1}, .stride = {2, 1}, .padding = {1, 0}, .isRoundedUp = true}) == 5);
    // A window that would start in the padding behind is left out.
    CHECK(along(7, {.kernel = {2, 1}, .stride = {2, 1}, .padding = {1, 0}, .isRoundedUp = true}) == 4);
    CHECK(along(6, {.kernel = {3, 1}, .stride = {4, 1}, .padding = {1, 0}, .isRoundedUp = true}) == 2);
    CHECK(along(10, {.kernel = {3, 1}, .dilation = {4, 1}}) == 2);
    CHECK(along(2, {.kernel = {3, 1}}) == 0);
    CHECK(along(2, {.kernel = {3, 1}, .stride = {2, 1}, .isRoundedUp = true}) == 1);
    CHECK(along(0, {}) == 0);
}

TEST_CASE("NaN is greater than all in a window, and windows may be of minus infinity or empty",
          "[device][pooling]") {
    const double nan = std::nan("");
    const Operand x = operandOf(GemmType::Fp32, 1, 8, {nan, 1, 2, infinity, nan, -infinity, -infinity, 3});
    const std::vector<float> got = pooled(x, GemmType::Fp32, {1, 8}, {.kernel = {1, 2}}, Kind::Max);
    CHECK(std::isnan(got[0]));
    CHECK(got[1] == 2);
    CHECK(got[2] == infinity);
    CHECK(std::isnan(got[3]));
    CHECK(std::isnan(got[4]));
    CHECK(got[5] == -infinity);
    CHECK(got[6] == 3);
    // Windows of two elements with four between them.
    const Operand four = operandOf(GemmType::Fp32, 1, 4, {5, 6, 7, 8});
    const std::vector<float> some = pooled(
        four, GemmType::Fp32, {1, 4}, {.kernel = {1, 2}, .padding = {0, 3}, .dilation = {1, 5}}, Kind::Max);
    CHECK(some == std::vector<float>{7, 8, -static_cast<float>(infinity), 5, 6});
}

TEST_CASE("Means of whole planes are within the bound", "[device][pooling][bounds]") {
    uint64_t seed = 50;
    for (const GemmType type : {GemmType::Fp32, GemmType::Fp16}) {
        for (const Extent2& size :
             {Extent2{1, 1}, {1, 7}, {2, 4}, {3, 3}, {7, 7}, {8, 8}, {5, 13}, {101, 103}}) {
            for (const uint32_t planes : {0u, 1u, 9u}) {
                const uint32_t pixels = size.height * size.width;
                const Operand x = randomOperand(type, planes, pixels, seed++);
                const ResultBuffer y(planes);
                device().wait(globalAverage(device(), {.type = type,
                                                       .planes = planes,
                                                       .size = size,
                                                       .window = {},
                                                       .x = x.buffer,
                                                       .y = y.range()}));
                const std::vector<float> got = y.values();
                for (uint32_t plane = 0; plane < planes; ++plane) {
                    double sum = 0, magnitudes = 0;
                    for (uint32_t i = 0; i < pixels; ++i) {
                        sum += x.at(plane, i);
                        magnitudes += std::abs(x.at(plane, i));
                    }
                    CHECK(std::abs(got[plane] - sum / pixels) <=
                          meanErrorBound(pixels) * magnitudes / pixels);
                }
            }
        }
    }
}

TEST_CASE("What cannot be pooled is refused, saying why", "[device][pooling]") {
    const Operand x = randomOperand(GemmType::Fp32, 2, 12, 1);
    const ResultBuffer y(24);
    const PoolProblem good{
        .planes = 2, .size = {3, 4}, .window = {.kernel = {2, 2}}, .x = x.buffer, .y = y.range()};
    const auto refuses = [&](const PoolProblem& problem, const std::string& why) {
        checkRefused([&] { averagePool(device(), problem, false); }, why);
    };
    PoolProblem problem = good;
    problem.type = GemmType::Int8;
    refuses(problem, "int8");
    problem = good;
    problem.window.kernel.width = 0;
    refuses(problem, "at least 1");
    problem = good;
    problem.window.stride.height = 0;
    refuses(problem, "at least 1");
    problem = good;
    problem.window.padding = {0, 2};
    refuses(problem, "more than half");
    problem = good;
    problem.window.dilation = {1, 2};
    refuses(problem, "without dilation");
    problem = good;
    problem.window.stride = {1u << 30, 1};
    refuses(problem, "2^30");
    problem = good;
    problem.planes = 3;
    refuses(problem, "x: larger");
    problem = good;
    problem.y.sizeBytes = 12;
    refuses(problem, "y: larger");
    problem = good;
    problem.size = {0, 4};
    CHECK_THROWS_AS(globalAverage(device(), problem), std::invalid_argument);
}

}  // namespace tests
