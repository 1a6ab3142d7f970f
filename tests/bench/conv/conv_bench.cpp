// How fast layers of networks are convolved, by every path, in one run on the same device.
// `clipscope_conv_bench [ROUNDS] [TYPE] [LAYER] [DEVICE]`, LAYER a part of a name; see ../README.md.
#include "engine/buffer.h"
#include "engine/instance.h"
#include "quant/convolution.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;
using quant::ConvolutionPath;
using quant::ConvolutionShape;
using quant::GemmType;

struct Layer {
    const char* name;
    ConvolutionShape shape;
};

ConvolutionShape square(uint32_t channels, uint32_t filters, uint32_t extent, uint32_t kernel) {
    const uint32_t pad = kernel / 2;
    return {.images = 1,
            .channels = channels,
            .height = extent,
            .width = extent,
            .filters = filters,
            .kernelHeight = kernel,
            .kernelWidth = kernel,
            .padTop = pad,
            .padLeft = pad,
            .padBottom = pad,
            .padRight = pad};
}

ConvolutionShape depthwise(uint32_t channels, uint32_t extent) {
    ConvolutionShape shape = square(channels, channels, extent, 3);
    shape.groups = channels;
    return shape;
}

ConvolutionShape strided(ConvolutionShape shape, uint32_t stride) {
    shape.strideX = shape.strideY = stride;
    return shape;
}

const Layer layers[] = {
    {"3x3  64 ->  64, 56x56", square(64, 64, 56, 3)},
    {"3x3 128 -> 128, 28x28", square(128, 128, 28, 3)},
    {"3x3 256 -> 256, 14x14", square(256, 256, 14, 3)},
    {"3x3 128 -> 128, 112x112", square(128, 128, 112, 3)},
    {"3x3  16 ->  16, 224x224", square(16, 16, 224, 3)},
    {"1x1 256 ->  64, 56x56", square(256, 64, 56, 1)},
    {"3x3 256 depthwise, 28x28", depthwise(256, 28)},
    {"7x7/2 3 ->  64, 224x224", strided(square(3, 64, 224, 7), 2)},
};

// Zeros: the time does not depend on the values.
engine::Buffer zeros(engine::Device& device, uint64_t bytes) {
    engine::Buffer buffer(device, (bytes + 3) / 4 * 4, engine::MemoryKind::Device, "tensor");
    engine::Commands commands(device);
    commands.fill(buffer, 0);
    device.wait(commands.submit());
    return buffer;
}

// Best of some rounds after one that is not counted, in seconds: on the clock, and of all threads, which is
// what a software driver takes where other programs run beside it.
struct Seconds {
    double passed = HUGE_VAL, ofThreads = HUGE_VAL;
};

Seconds secondsOf(engine::Device& device, quant::Convolution& convolution,
                  const quant::ConvolutionProblem& problem, ConvolutionPath path, int rounds) {
    Seconds least;
    for (int round = 0; round <= rounds; ++round) {
        const auto start = Clock::now();
        const std::clock_t ofThreads = std::clock();
        device.wait(convolution.convolve(problem, path));
        const double passed = std::chrono::duration<double>(Clock::now() - start).count();
        if (round == 0) continue;
        least.passed = std::min(least.passed, passed);
        least.ofThreads =
            std::min(least.ofThreads, static_cast<double>(std::clock() - ofThreads) / CLOCKS_PER_SEC);
    }
    return least;
}

void printLayer(engine::Device& device, GemmType type, const Layer& layer, int rounds) {
    const ConvolutionShape& shape = layer.shape;
    const engine::Buffer input = zeros(device, wordBytes(type, inputElements(shape))),
                         weights = zeros(device, wordBytes(type, weightElements(shape))),
                         output = zeros(device, outputElements(shape) * 4);
    quant::Convolution convolution(device);
    const quant::ConvolutionProblem problem{
        .types = type, .shape = shape, .input = input, .weights = weights, .output = output, .bias = {}};
    const ConvolutionPath chosen = convolution.pathFor(problem);
    for (const ConvolutionPath path : quant::Convolution::paths(type, shape)) {
        const Seconds seconds = secondsOf(device, convolution, problem, path, rounds);
        std::printf("%-26s %-10s %-9s %9.2f %9.2f %9.1f\n", layer.name, std::string(name(path)).c_str(),
                    path == chosen ? "(chosen)" : "", seconds.passed * 1e3, seconds.ofThreads * 1e3,
                    2e-9 * static_cast<double>(multiplications(shape)) / seconds.passed);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5;
    const GemmType type = argc > 2 ? quant::gemmTypeFrom(argv[2]) : GemmType::Fp32;
    const engine::Instance instance(false, {});
    engine::Device device(instance, engine::chooseDevice(instance.devices(), argc > 4 ? argv[4] : ""));
    std::printf("device: %s, %s\n\n", device.info().name.c_str(), device.info().driver.c_str());
    std::printf("%-26s %-10s %-9s %9s %9s %9s\n", std::string(name(type)).c_str(), "path", "", "ms", "cpu ms",
                "GFLOPS");
    for (const Layer& layer : layers) {
        if (argc <= 3 || std::string_view(layer.name).contains(argv[3]))
            printLayer(device, type, layer, rounds);
    }
}
