#include "quant/bit_allocation.h"

#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>

namespace tests {

using namespace quant;
using Tensors = std::vector<std::vector<BitOption>>;

namespace {

struct Total {
    uint64_t cost = 0;
    double error = 0;
};

Total totalOf(const Tensors& tensors, const BitAllocation& allocation) {
    REQUIRE(allocation.choices.size() == tensors.size());
    Total total;
    for (size_t t = 0; t < tensors.size(); ++t) {
        total.cost += tensors[t].at(allocation.choices[t]).costBits;
        total.error += tensors[t][allocation.choices[t]].squaredError;
    }
    CHECK(allocation.costBits == total.cost);
    CHECK(allocation.squaredError == total.error);
    return total;
}

// Every allocation there is.
std::vector<Total> allTotals(const Tensors& tensors) {
    std::vector<Total> totals = {Total()};
    for (const auto& options : tensors) {
        std::vector<Total> next;
        for (const Total& total : totals) {
            for (const auto& [cost, error] : options)
                next.push_back({total.cost + cost, total.error + error});
        }
        totals = std::move(next);
    }
    return totals;
}

// Errors are multiples of 1/8: their sums are exact.
Tensors randomTensors(Random& random, uint32_t mostTensors, uint32_t mostOptions, uint32_t range) {
    Tensors tensors(random.below(mostTensors + 1));
    for (auto& options : tensors) {
        options.resize(1 + random.below(mostOptions));
        for (auto& [cost, error] : options) {
            cost = random.below(range);
            error = random.below(range) / 8.0;
        }
    }
    return tensors;
}

// As quantization has it: cost grows by the bit, the error falls to a quarter or so.
Tensors modelLike(size_t count, uint64_t seed) {
    Random random(seed);
    Tensors tensors(count);
    for (auto& options : tensors) {
        const uint64_t elements = 64 + random.below(1u << 20);
        double error = (1 + random.below(1000)) * static_cast<double>(elements);
        for (uint32_t bits = 2; bits <= 8; ++bits) {
            options.push_back({bits * elements, error});
            error *= 0.2 + random.below(100) * 0.001;
        }
    }
    return tensors;
}

uint64_t costAt(const Tensors& tensors, double bits) {
    double elements = 0;
    for (const auto& options : tensors) elements += static_cast<double>(options.front().costBits) / 2;
    return static_cast<uint64_t>(bits * elements);
}

std::string messageOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("The least error within a budget is that of all allocations", "[bit_allocation]") {
    Random random(1);
    for (int run = 0; run < 2000; ++run) {
        const auto tensors = randomTensors(random, 6, 5, run % 2 ? 10 : 1000);
        const auto totals = allTotals(tensors);
        const uint64_t budget =
            totals[random.below(static_cast<uint32_t>(totals.size()))].cost + random.below(3);
        double least = HUGE_VAL;
        for (const Total& total : totals) {
            if (total.cost <= budget) least = std::min(least, total.error);
        }
        const BitAllocation found = leastError(tensors, budget);
        const Total total = totalOf(tensors, found);
        INFO("run " << run << ", budget " << budget);
        CHECK(total.cost <= budget);
        CHECK(total.error == least);
        CHECK(found.isOptimal);
        CHECK(found.bound == least);
    }
}

TEST_CASE("The least cost within an error is that of all allocations", "[bit_allocation]") {
    Random random(2);
    for (int run = 0; run < 2000; ++run) {
        const auto tensors = randomTensors(random, 6, 5, run % 2 ? 10 : 1000);
        const auto totals = allTotals(tensors);
        const double limit = totals[random.below(static_cast<uint32_t>(totals.size()))].error;
        uint64_t least = UINT64_MAX;
        for (const Total& total : totals) {
            if (total.error <= limit) least = std::min(least, total.cost);
        }
        const BitAllocation found = leastCost(tensors, limit);
        const Total total = totalOf(tensors, found);
        INFO("run " << run << ", limit " << limit);
        CHECK(total.error <= limit);
        CHECK(total.cost == least);
        CHECK(found.isOptimal);
        CHECK(found.bound == static_cast<double>(least));
    }
}

TEST_CASE("No tensors cost nothing", "[bit_allocation]") {
    CHECK(leastError({}, 0).choices.empty());
    CHECK(leastCost({}, 0).costBits == 0);
}

TEST_CASE("A budget for the best of everything takes it, at the least cost", "[bit_allocation]") {
    const Tensors tensors = {{{4, 1}, {9, 0}, {8, 0}}, {{2, 5}, {2, 3}}, {{7, 0}}};
    const BitAllocation found = leastError(tensors, UINT64_MAX);
    CHECK(found.choices == std::vector<size_t>{2, 1, 0});
    CHECK(found.costBits == 17);
    CHECK(leastError(tensors, 17).choices == found.choices);
    CHECK(leastCost(tensors, 3).choices == found.choices);
}

TEST_CASE("A limit that cannot be met says what can", "[bit_allocation]") {
    const Tensors tensors = {{{4, 1}, {9, 0.5}}, {{2, 5}}};
    CHECK(messageOf([&] { leastError(tensors, 5); }) ==
          "a budget of 5 bits is too small; the least possible is 6");
    CHECK(messageOf([&] { leastCost(tensors, 5); }) ==
          "an error of 5 is too small; the least possible is 5.5");
    CHECK_THROWS_AS(leastError(tensors, 5), UnreachableLimit);
    CHECK_THROWS_AS(leastCost(tensors, 5), UnreachableLimit);
    CHECK(leastError(tensors, 6).costBits == 6);
    CHECK(leastCost(tensors, 5.5).costBits == 11);
    CHECK_THROWS_AS(leastCost(tensors, std::nan("")), std::invalid_argument);
}

TEST_CASE("Options that are no options are refused", "[bit_allocation]") {
    // What is wrong with the options is no matter of the limit.
    for (const Tensors& wrong : {Tensors{{{1, 1}}, {}}, Tensors{{{1, -1}}}, Tensors{{{1, NAN}}}}) {
        try {
            leastError(wrong, 9);
            FAIL("accepted");
        } catch (const std::invalid_argument& error) {
            CHECK(dynamic_cast<const UnreachableLimit*>(&error) == nullptr);
        }
    }
    CHECK(messageOf([&] { leastError(Tensors{{{1, 1}}, {}}, 9); }) == "tensor 1 has no option");
    for (const double error : {-1.0, std::nan(""), HUGE_VAL})
        CHECK_THROWS_AS(leastError(Tensors{{{1, error}}}, 9), std::invalid_argument);
    CHECK_THROWS_AS(leastError(Tensors{{{uint64_t{1} << 53, 0}}}, 9), std::invalid_argument);
}

// Every tensor gains the same per bit: the relaxation tells nothing, and the answer is a subset sum.
TEST_CASE("Subset sums are solved, or the gap is certified", "[bit_allocation]") {
    Random random(3);
    Tensors tensors;
    uint64_t all = 0;
    for (int i = 0; i < 40; ++i) {
        const uint64_t weight = 1000000 + random.below(1000000);
        tensors.push_back({{0, static_cast<double>(weight)}, {weight, 0}});
        all += weight;
    }
    const uint64_t budget = all / 2 + 1;
    const BitAllocation found = leastError(tensors, budget);
    CHECK(found.costBits <= budget);
    CHECK(found.bound <= found.squaredError);
    CHECK(found.bound >= static_cast<double>(all - budget) * (1 - 1e-9));
    const BitAllocation small = leastError(tensors, budget, 16);
    CHECK(small.costBits <= budget);
    CHECK_FALSE(small.isOptimal);
    CHECK(small.bound <= found.squaredError);
    CHECK(small.squaredError >= found.squaredError);
}

TEST_CASE("A search of few states still gives an allocation and a true bound", "[bit_allocation]") {
    Random random(4);
    for (int run = 0; run < 1000; ++run) {
        const auto tensors = randomTensors(random, 7, 4, 1000);
        const auto totals = allTotals(tensors);
        const uint64_t budget = totals[random.below(static_cast<uint32_t>(totals.size()))].cost;
        const BitAllocation best = leastError(tensors, budget), found = leastError(tensors, budget, 1);
        INFO("run " << run);
        CHECK(totalOf(tensors, found).cost <= budget);
        CHECK(found.squaredError >= best.squaredError);
        CHECK(found.bound <= best.squaredError * (1 + 1e-12));
        if (found.isOptimal) CHECK(found.squaredError == best.squaredError);
    }
}

TEST_CASE("Thousands of tensors are allocated within the limit and near the bound", "[bit_allocation]") {
    for (const size_t count : {100u, 1000u, 5000u}) {
        const auto tensors = modelLike(count, count);
        for (const double bits : {2.01, 3.3, 4.0, 7.9}) {
            const uint64_t budget = costAt(tensors, bits);
            const BitAllocation found = leastError(tensors, budget);
            INFO(count << " tensors, " << bits << " bits: " << found.squaredError << " above "
                       << found.bound);
            CHECK(totalOf(tensors, found).cost <= budget);
            CHECK(found.squaredError <= found.bound * (1 + 1e-4));
            const BitAllocation back = leastCost(tensors, found.squaredError * (1 + 1e-9));
            CHECK(back.bound <= static_cast<double>(found.costBits));
            CHECK((!back.isOptimal || back.costBits <= found.costBits));
            INFO("back: " << back.costBits << " above " << back.bound << (found.isOptimal ? ", proven" : ""));
            CHECK(static_cast<double>(back.costBits) <= back.bound * (1 + 1e-4));
        }
    }
}

TEST_CASE("The same tensors give the same choices", "[bit_allocation]") {
    const auto tensors = modelLike(300, 9);
    const uint64_t budget = costAt(tensors, 3.7);
    const BitAllocation first = leastError(tensors, budget);
    for (int i = 0; i < 3; ++i) CHECK(leastError(tensors, budget).choices == first.choices);
}

}  // namespace tests
