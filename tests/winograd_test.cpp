#include "shaders/winograd.h"

#include "quant/convolution.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace tests {

namespace {

// An integer that counts how often it is multiplied.
struct Counted {
    int64_t value = 0;
    static inline int multiplications = 0;

    friend Counted operator+(Counted a, Counted b) { return {a.value + b.value}; }
    friend Counted operator-(Counted a, Counted b) { return {a.value - b.value}; }
    friend Counted operator*(Counted a, Counted b) {
        ++multiplications;
        return {a.value * b.value};
    }
    bool operator==(const Counted&) const = default;
};

using Inputs = std::array<Counted, 4>;
using Weights = std::array<Counted, 3>;
using Outputs = std::array<Counted, 2>;

Outputs filterDirectly(const Inputs& d, const Weights& g) {
    return {d[0] * g[0] + d[1] * g[1] + d[2] * g[2], d[1] * g[0] + d[2] * g[1] + d[3] * g[2]};
}

// G g, once for a filter, however many inputs it meets: even sums of weights keep the halves whole.
std::array<Counted, 4> transformedWeights(const Weights& g) {
    const int64_t outer = g[0].value + g[2].value, inner = g[1].value;
    return {g[0], Counted{(outer + inner) / 2}, Counted{(outer - inner) / 2}, g[2]};
}

// F(2,3): two outputs of a filter of three, with four multiplications.
Outputs filterMinimally(const Inputs& d, const std::array<Counted, 4>& weights) {
    const Counted m0 = (d[0] - d[2]) * weights[0];
    const Counted m1 = (d[1] + d[2]) * weights[1];
    const Counted m2 = (d[2] - d[1]) * weights[2];
    const Counted m3 = (d[1] - d[3]) * weights[3];
    return {m0 + m1 + m2, m1 - m2 - m3};
}

// [rows][columns] of integers, times a common denominator.
struct Matrix {
    size_t rows, columns;
    std::vector<int64_t> entries;

    int64_t at(size_t row, size_t column) const { return entries[row * columns + column]; }
};

// Of a matrix in floats, each of which must be the float nearest to a multiple of 1/denominator.
Matrix exactly(std::span<const float> floats, size_t columns, int64_t denominator = 1) {
    Matrix matrix{floats.size() / columns, columns, {}};
    for (const float entry : floats) {
        const double numerator = std::round(double{entry} * static_cast<double>(denominator));
        CHECK(static_cast<float>(numerator / static_cast<double>(denominator)) == entry);
        matrix.entries.push_back(static_cast<int64_t>(numerator));
    }
    return matrix;
}

Matrix product(const Matrix& a, const Matrix& b) {
    Matrix c{a.rows, b.columns, std::vector<int64_t>(a.rows * b.columns)};
    for (size_t i = 0; i < a.rows; ++i) {
        for (size_t j = 0; j < b.columns; ++j) {
            for (size_t k = 0; k < a.columns; ++k) c.entries[i * c.columns + j] += a.at(i, k) * b.at(k, j);
        }
    }
    return c;
}

Matrix transposed(const Matrix& a) {
    Matrix t{a.columns, a.rows, {}};
    for (size_t i = 0; i < a.columns; ++i) {
        for (size_t j = 0; j < a.rows; ++j) t.entries.push_back(a.at(j, i));
    }
    return t;
}

// T x T^T.
Matrix transformed(const Matrix& t, const Matrix& x) {
    return product(product(t, x), transposed(t));
}

Matrix random(size_t extent, Random& numbers) {
    Matrix matrix{extent, extent, {}};
    for (size_t i = 0; i < extent * extent; ++i)
        matrix.entries.push_back(static_cast<int64_t>(numbers.below(2001)) - 1000);
    return matrix;
}

struct Filtering {
    quant::ConvolutionPath path;
    int64_t denominator;  // of G
    std::span<const float> input, weights, output;
    size_t inputs, outputs;  // along an axis
};

const Filtering filterings[] = {
    {quant::ConvolutionPath::Winograd2, 2, shaders::winograd2Input, shaders::winograd2Weights,
     shaders::winograd2Output, 4, 2},
    {quant::ConvolutionPath::Winograd4, 24, shaders::winograd4Input, shaders::winograd4Weights,
     shaders::winograd4Output, 6, 4},
};

}  // namespace

TEST_CASE("Minimal filtering F(2,3) has the outputs of the definition for 4 multiplications instead of 6",
          "[winograd]") {
    Random numbers(1);
    for (int round = 0; round < 1000; ++round) {
        const auto number = [&] { return Counted{static_cast<int64_t>(numbers.below(201)) - 100}; };
        const Inputs inputs{number(), number(), number(), number()};
        Weights weights{number(), number(), number()};
        weights[1].value += (weights[0].value + weights[1].value + weights[2].value) % 2;
        Counted::multiplications = 0;
        const Outputs direct = filterDirectly(inputs, weights);
        CHECK(Counted::multiplications == 6);
        const auto ofFilter = transformedWeights(weights);
        Counted::multiplications = 0;
        CHECK(filterMinimally(inputs, ofFilter) == direct);
        CHECK(Counted::multiplications == 4);
    }
}

TEST_CASE("The kernels' matrices have the outputs of the definition in two dimensions, exactly",
          "[winograd]") {
    Random numbers(2);
    for (const Filtering& filtering : filterings) {
        const auto& [path, denominator, inputFloats, weightFloats, outputFloats, inputs, outputs] = filtering;
        const Matrix b = exactly(inputFloats, inputs), g = exactly(weightFloats, 3, denominator),
                     a = exactly(outputFloats, inputs);
        REQUIRE(a.rows == outputs);
        for (int round = 0; round < 200; ++round) {
            const Matrix d = random(inputs, numbers), w = random(3, numbers);
            Matrix products = transformed(g, w);
            const Matrix ofInput = transformed(b, d);
            for (size_t i = 0; i < products.entries.size(); ++i) products.entries[i] *= ofInput.entries[i];
            const Matrix y = transformed(a, products);
            for (size_t i = 0; i < outputs * outputs; ++i) {
                int64_t direct = 0;
                for (size_t k = 0; k < 9; ++k)
                    direct += w.entries[k] * d.at(i / outputs + k / 3, i % outputs + k % 3);
                CHECK(y.entries[i] == denominator * denominator * direct);
            }
        }
    }
}

TEST_CASE("The error bound has the amplification of the kernels' matrices", "[winograd]") {
    for (const Filtering& filtering : filterings) {
        const size_t inputs = filtering.inputs;
        double amplification = 0;
        for (size_t r = 0; r < filtering.outputs; ++r) {
            for (size_t weight = 0; weight < 3; ++weight) {
                double sum = 0;
                for (size_t i = 0; i < inputs; ++i) {
                    double row = 0;
                    for (size_t j = 0; j < inputs; ++j)
                        row += std::abs(double{filtering.input[i * inputs + j]});
                    sum += std::abs(double{filtering.output[r * inputs + i]}) * row *
                           std::abs(double{filtering.weights[i * 3 + weight]});
                }
                amplification = std::max(amplification, sum);
            }
        }
        // One more channel is one more rounding.
        const double perChannel =
            quant::winogradErrorBound(filtering.path, 8) - quant::winogradErrorBound(filtering.path, 7);
        CHECK(std::abs(perChannel * 0x1p24 / (amplification * amplification) - 1) < 1e-6);
    }
}

}  // namespace tests
