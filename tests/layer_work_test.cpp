#include "quant/layer_work.h"

#include "engine/pacer.h"
#include "quant/attention.h"
#include "quant/cross_entropy.h"
#include "quant/normalization.h"
#include "quant/pooling.h"
#include "tests/device_fixture.h"
#include "tests/gemm_operands.h"
#include "tests/refusal.h"
#include "tests/result_buffer.h"

#include <catch2/catch_test_macros.hpp>

#include <cstring>

namespace tests {

using namespace quant;

namespace {

class CountingPacer : public engine::Pacer {
public:
    void pace(engine::Ticket) override { ++submissions; }
    void aside(const std::function<void()>& work) override { work(); }
    int submissions = 0;
};

// That a layer comes to the same bits in many submissions as in few. run: writes the result and returns its
// ticket.
void checkPieces(uint64_t floats, const std::function<engine::Ticket(const engine::BufferRange&)>& run) {
    const ResultBuffer atOnce(floats), inPieces(floats);
    CountingPacer pacer;
    device().setPacer(&pacer);
    const engine::Ticket last = run(inPieces.range());
    device().setPacer(nullptr);
    device().wait(last);
    device().wait(run(atOnce.range()));  // second: scratch memory is kept, and must not help the other
    CHECK(pacer.submissions >= 3);
    const std::vector<float> wanted = atOnce.values(), got = inPieces.values();
    CHECK(std::memcmp(wanted.data(), got.data(), floats * sizeof(float)) == 0);
}

}  // namespace

TEST_CASE("Layers in many short submissions give the same", "[device][layer_work]") {
    const Operand x = randomOperand(GemmType::Fp32, 2048, 2048, 1);
    const uint64_t elements = x.values.size();
    SECTION("attention") {
        Attention layer(device());
        const AttentionProblem problem{.heads = 8,
                                       .group = 2,
                                       .queries = 1300,
                                       .keys = 1300,
                                       .depth = 17,
                                       .valueDepth = 5,
                                       .q = x.buffer,
                                       .k = x.buffer,
                                       .v = x.buffer,
                                       .result = {},
                                       .scale = {},
                                       .isCausal = true,
                                       .mask = {},
                                       .logSums = {}};
        checkPieces(8 * 1300 * 5, [&](const engine::BufferRange& result) {
            AttentionProblem one = problem;
            one.result = result;
            return layer.run(one);
        });
    }
    SECTION("slices of attention") {
        Attention layer(device());
        checkPieces(16 * 64, [&](const engine::BufferRange& result) {
            return layer.run({.type = GemmType::Fp16,
                              .heads = 16,
                              .queries = 1,
                              .keys = 7000,
                              .depth = 64,
                              .valueDepth = 64,
                              .q = x.buffer,
                              .k = x.buffer,
                              .v = x.buffer,
                              .result = result,
                              .scale = {},
                              .mask = {},
                              .logSums = {}});
        });
    }
    SECTION("layer normalization") {
        checkPieces(elements, [&](const engine::BufferRange& y) {
            return layerNorm(
                device(),
                {.rows = x.rows, .columns = x.columns, .x = x.buffer, .y = y, .gamma = {}, .beta = {}});
        });
    }
    SECTION("batch normalization") {
        BatchNorm layer(device());
        const ResultBuffer means(64), variances(64);
        checkPieces(elements, [&](const engine::BufferRange& y) {
            return layer.train({.images = 16,
                                .channels = 64,
                                .pixels = 4096,
                                .x = x.buffer,
                                .y = y,
                                .gamma = {},
                                .beta = {}},
                               means.range(), variances.range());
        });
    }
    SECTION("pooling") {
        checkPieces(elements / 4, [&](const engine::BufferRange& y) {
            return maxPool(device(), {.planes = 1024,
                                      .size = {64, 64},
                                      .window = {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}},
                                      .x = x.buffer,
                                      .y = y});
        });
    }
    SECTION("global average") {
        // Of halves, twice as many.
        checkPieces(8192, [&](const engine::BufferRange& y) {
            return globalAverage(device(), {.type = GemmType::Fp16,
                                            .planes = 8192,
                                            .size = {32, 32},
                                            .window = {},
                                            .x = x.buffer,
                                            .y = y});
        });
    }
    SECTION("cross entropy") {
        CrossEntropy layer(device());
        const engine::Buffer labels(device(), 2048 * 4, engine::MemoryKind::Upload, "labels");
        std::ranges::fill(labels.mappedAs<uint32_t>(), 3);
        labels.flush();
        const ResultBuffer losses(2048);
        checkPieces(elements, [&](const engine::BufferRange& probabilities) {
            return layer.run({.rows = 2048,
                              .classes = 2048,
                              .logits = x.buffer,
                              .labels = labels,
                              .losses = losses.range(),
                              .mean = {},
                              .probabilities = probabilities});
        });
    }
}

TEST_CASE("Shapes and ranges are checked to their last element", "[layer_work]") {
    CHECK(elementsOf("x", {0, 0xffffffff, 0xffffffff}) == 0);
    CHECK(elementsOf("x", {0x7fffffff, 1}) == 0x7fffffff);
    checkRefused([] { elementsOf("x", {0x8000, 0x10000}); }, "x: 2^31 elements or more");
    checkRefused([] { elementsOf("x", {0xffffffff, 0xffffffff, 0xffffffff}); }, "x: 2^31");
    checkRefused([] { checkRange("x", {}, 1); }, "x: no buffer");
    CHECK_NOTHROW(checkRange("x", {}, 0));
}

TEST_CASE("The last half of an odd number of them takes a whole word", "[device][layer_work]") {
    const engine::Buffer buffer(device(), 64, engine::MemoryKind::Upload, "halves");
    CHECK_NOTHROW(checkRange("x", {buffer, 0, 12}, 5, GemmType::Fp16));
    checkRefused([&] { checkRange("x", {buffer, 0, 10}, 5, GemmType::Fp16); }, "x: larger than its buffer");
}

}  // namespace tests
