// How fast the layers beside products run: attention in operations a second, the others in bytes moved,
// beside what the device can do at most, in one run. `clipscope_layer_bench [ROUNDS] [DEVICE]`; see
// ../README.md.
#include "engine/instance.h"
#include "quant/attention.h"
#include "quant/cross_entropy.h"
#include "quant/normalization.h"
#include "quant/peak_rate.h"
#include "quant/pooling.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
using quant::GemmType;

class Bench {
public:
    Bench(engine::Device& device, int rounds) : m_device(device), m_rounds(rounds) {}

    // Zeros: the time does not depend on the values.
    engine::Buffer zeros(uint64_t bytes) {
        engine::Buffer buffer(m_device, bytes, engine::MemoryKind::Device, "operand");
        engine::Commands commands(m_device);
        commands.fill(buffer, 0);
        m_device.wait(commands.submit());
        return buffer;
    }

    // Best of some rounds after one that is not counted, in seconds.
    double seconds(const std::function<engine::Ticket()>& work) {
        double least = HUGE_VAL;
        for (int round = 0; round <= m_rounds; ++round) {
            const auto start = Clock::now();
            m_device.wait(work());
            const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
            if (round > 0) least = std::min(least, seconds);
        }
        return least;
    }

    void attention(GemmType type, uint32_t heads, uint32_t group, uint32_t queries, uint32_t keys,
                   uint32_t depth, bool isCausal, double peak) {
        const uint64_t bytes = elementBits(type) / 8;
        const engine::Buffer q = zeros(uint64_t{heads} * queries * depth * bytes),
                             k = zeros(uint64_t{heads} / group * keys * depth * bytes),
                             v = zeros(uint64_t{heads} / group * keys * depth * bytes),
                             result = zeros(uint64_t{heads} * queries * depth * 4);
        quant::Attention layer(m_device);
        const double taken = seconds([&] {
            return layer.run({.type = type,
                              .heads = heads,
                              .group = group,
                              .queries = queries,
                              .keys = keys,
                              .depth = depth,
                              .valueDepth = depth,
                              .q = q,
                              .k = k,
                              .v = v,
                              .result = result,
                              .scale = {},
                              .isCausal = isCausal,
                              .mask = {},
                              .logSums = {}});
        });
        const double operations = 4.0 * heads * queries * keys * depth / (isCausal ? 2 : 1);
        std::printf("%-5s %3u heads / %u, %5u x %5u x %3u %-7s %9.2f %9.1f %6.0f%% %9.1f\n",
                    std::string(name(type)).c_str(), heads, group, queries, keys, depth,
                    isCausal ? "causal" : "", taken * 1e3, operations / taken * 1e-9,
                    operations / taken / peak * 100, static_cast<double>(layer.scratchBytes()) / 0x1p20);
    }

    void row(const char* what, double bytes, const std::function<engine::Ticket()>& work) {
        const double taken = seconds(work);
        std::printf("%-46s %9.2f %9.2f\n", what, taken * 1e3, bytes / taken * 1e-9);
    }

    void others() {
        constexpr uint32_t images = 32, channels = 64, extent = 56, pixels = extent * extent;
        constexpr uint32_t elements = images * channels * pixels, columns = 1024, rows = elements / columns;
        const engine::Buffer x = zeros(uint64_t{elements} * 4), y = zeros(uint64_t{elements} * 4);
        const engine::Buffer small = zeros(uint64_t{rows} * 4), means = zeros(4096), variances = zeros(4096);
        const double moved = 8.0 * elements;
        row("layer norm, 6272 x 1024", moved, [&] {
            return quant::layerNorm(
                m_device, {.rows = rows, .columns = columns, .x = x, .y = y, .gamma = {}, .beta = {}});
        });
        quant::BatchNorm batch(m_device);
        const quant::BatchNormProblem problem{.images = images,
                                              .channels = channels,
                                              .pixels = pixels,
                                              .x = x,
                                              .y = y,
                                              .gamma = {},
                                              .beta = {}};
        row("batch norm, training, 32 x 64 x 56 x 56", moved + moved / 2,
            [&] { return batch.train(problem, means, variances); });
        row("batch norm, inference", moved, [&] { return batch.infer(problem, means, variances); });
        quant::PoolProblem pool{.planes = images * channels,
                                .size = {extent, extent},
                                .window = {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}},
                                .x = x,
                                .y = y};
        row("max pool, 3 x 3, stride 2", moved * 5 / 8, [&] { return maxPool(m_device, pool); });
        row("average pool, 3 x 3, stride 2", moved * 5 / 8,
            [&] { return averagePool(m_device, pool, true); });
        row("global average", moved / 2, [&] { return globalAverage(m_device, pool); });
        quant::CrossEntropy loss(m_device);
        row("cross entropy, 6272 x 1024, mean", moved / 2, [&] {
            return loss.run({.rows = rows,
                             .classes = columns,
                             .logits = x,
                             .labels = small,
                             .losses = y,
                             .mean = means,
                             .probabilities = {}});
        });
    }

private:
    engine::Device& m_device;
    int m_rounds;
};

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5;
    const engine::Instance instance(false, {});
    engine::Device device(instance, engine::chooseDevice(instance.devices(), argc > 2 ? argv[2] : ""));
    Bench bench(device, rounds);
    const double peak = quant::peakRate(device, quant::Arithmetic::Float32);
    const double copy = quant::copyBandwidth(device);
    std::printf("device: %s, %s\nat most: %.1f GFLOPS, copies %.1f GB/s\n\n%-46s %9s %9s %7s %9s\n",
                device.info().name.c_str(), device.info().driver.c_str(), peak * 1e-9, copy * 1e-9,
                "attention", "ms", "GFLOPS", "of peak", "MiB more");
    bench.attention(GemmType::Fp32, 8, 1, 1024, 1024, 64, false, peak);
    bench.attention(GemmType::Fp32, 8, 1, 1024, 1024, 64, true, peak);
    bench.attention(GemmType::Fp16, 8, 1, 1024, 1024, 64, false, peak);
    bench.attention(GemmType::Fp32, 8, 1, 512, 512, 128, false, peak);
    bench.attention(GemmType::Fp32, 1, 1, 8192, 8192, 16, true, peak);
    bench.attention(GemmType::Fp32, 8, 1, 1, 16384, 64, false, peak);
    bench.attention(GemmType::Fp32, 32, 8, 1, 16384, 64, false, peak);
    std::printf("\n%-46s %9s %9s\n", "32 x 64 x 56 x 56 fp32", "ms", "GB/s");
    bench.others();
}
