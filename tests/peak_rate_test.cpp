#include "quant/peak_rate.h"

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/kernel.h"
#include "quant/device_time.h"
#include "shaders/peak_rate.h"
#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <bit>
#include <cmath>

using tests::device;

namespace {

constexpr uint32_t workgroup = 8, invocations = 19;

// What the kernel leaves: the sums of its chains.
std::array<uint32_t, 24> resultsOf(const char* name, uint32_t chains, uint32_t unroll,
                                   shaders::PeakRatePush push) {
    const engine::Buffer results(device(), 24 * 4, engine::MemoryKind::Device, "results");
    push.results = results.address();
    engine::Commands commands(device());
    const auto& kernel = device().kernel(name, {.constants = {{1, workgroup}, {2, chains}, {3, unroll}}});
    commands.dispatch(kernel, invocations, push, {}, {results});
    commands.submit();
    std::array<uint32_t, 24> read{};
    engine::readBack(device(), results, std::as_writable_bytes(std::span(read)));
    return read;
}

int32_t dot(uint32_t a, uint32_t b) {
    int32_t sum = 0;
    for (uint32_t shift = 0; shift < 32; shift += 8)
        sum += static_cast<int8_t>(a >> shift) * static_cast<int8_t>(b >> shift);
    return sum;
}

}  // namespace

TEST_CASE("The kernel of the float peak does every multiply-add that is counted", "[device][peak]") {
    const double factor = 0.75, addend = 0.5;
    for (const auto& [chains, unroll, turns] : {std::array{1u, 1u, 1u}, {3u, 4u, 5u}, {12u, 32u, 2u}}) {
        const auto results = resultsOf("peak_rate", chains, unroll,
                                       {.turns = turns,
                                        .factor = std::bit_cast<uint32_t>(0.75f),
                                        .addend = std::bit_cast<uint32_t>(0.5f)});
        for (uint32_t invocation = 0; invocation < results.size(); ++invocation) {
            double sum = 0, magnitude = 0;
            for (uint32_t i = 0; i < chains; ++i) {
                double value = addend * (invocation + i);
                for (uint32_t step = 0; step < unroll * turns; ++step) value = value * factor + addend;
                sum += value;
            }
            magnitude = sum + addend / (1 - factor);
            // Errors of a step shrink by the factor in the next: 1 / (1 - factor) of them are left at most,
            // of two roundings where multiply-adds are not fused; then come the additions of the sum.
            const double bound = (2 / (1 - factor) + chains) * 0x1p-24 * magnitude * chains;
            CAPTURE(chains, unroll, turns, invocation);
            CHECK(std::abs(std::bit_cast<float>(results[invocation]) - sum) <= bound);
        }
    }
}

TEST_CASE("The kernel of the dot product peak does every dot product that is counted", "[device][peak]") {
    if (!device().info().integerDotProduct) {
        SUCCEED("the device has no dot products");
        return;
    }
    const uint32_t factor = 0x7f03f925u, addend = 0x9e3779b9u;
    for (const auto& [chains, unroll, turns] : {std::array{1u, 1u, 1u}, {3u, 4u, 5u}, {12u, 32u, 2u}}) {
        const auto results =
            resultsOf("peak_rate_dot", chains, unroll, {.turns = turns, .factor = factor, .addend = addend});
        for (uint32_t invocation = 0; invocation < results.size(); ++invocation) {
            uint32_t sum = 0;
            for (uint32_t i = 0; i < chains; ++i) {
                uint32_t value = addend * (invocation + i + 1);
                for (uint32_t step = 0; step < unroll * turns; ++step)
                    value += static_cast<uint32_t>(dot(value, factor));
                sum += value;
            }
            CAPTURE(chains, unroll, turns, invocation);
            CHECK(results[invocation] == sum);
        }
    }
}

// No test asserts a time: a rate need only be one that a machine can have.
TEST_CASE("Peak rates and the bandwidth of a copy are measured", "[device][peak][bounds]") {
    const auto isPossible = [](double rate) { return rate > 1e5 && rate < 1e17; };
    CHECK(isPossible(quant::peakRate(device(), quant::Arithmetic::Float32)));
    if (device().info().integerDotProduct)
        CHECK(isPossible(quant::peakRate(device(), quant::Arithmetic::Dot4x8)));
    CHECK(isPossible(quant::copyBandwidth(device())));
}

TEST_CASE("Work is timed to its end, without what was submitted before", "[device][peak]") {
    const engine::Buffer buffer(device(), 1 << 20, engine::MemoryKind::Device, "timed");
    const auto fill = [&] {
        engine::Commands commands(device());
        commands.fill(buffer, 7);
        return commands.submit();
    };
    const engine::Ticket before = fill();
    engine::Ticket during;
    const double seconds = quant::deviceSeconds(device(), [&] {
        CHECK(device().isDone(before));
        return during = fill();
    });
    CHECK(device().isDone(during));
    CHECK(seconds > 0);
    CHECK(seconds < 60);
}
