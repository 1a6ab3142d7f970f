// How fast matrices are multiplied, by type and path, beside ggml's Vulkan backend where it is installed, in
// one run on the same device. `clipscope_gemm_bench [N] [ROUNDS] [DEVICE]`; see ../README.md.
#include "engine/buffer.h"
#include "engine/instance.h"
#include "quant/quantized_gemm.h"
#include "tests/bench/gemm/ggml_peer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
using quant::GemmPath;
using quant::GemmType;
using quant::GemmTypes;

// Zeros: the time does not depend on the values.
class Square {
public:
    Square(engine::Device& device, GemmTypes types, uint32_t n)
        : m_device(device),
          m_gemm(device),
          m_a(filled(types.a, n)),
          m_b(filled(types.b, n)),
          m_c(device, uint64_t{4} * n * n, engine::MemoryKind::Device, "C"),
          m_problem{.types = types,
                    .m = n,
                    .n = n,
                    .k = n,
                    .a = {m_a, n, 1},
                    .b = {m_b, n, 1},
                    .c = {m_c, n, 1},
                    .bias = {}} {}

    quant::Gemm& gemm() { return m_gemm; }
    const quant::GemmProblem& problem() const { return m_problem; }

    double seconds(const quant::GemmPlan& plan, int rounds) {
        return bestOf(rounds, [&] { return m_gemm.multiply(m_problem, plan); });
    }
    // Of integers, with zero points on both sides, to int8.
    double quantizedSeconds(const quant::GemmPlan& plan, int rounds) {
        quant::QuantizedGemm gemm(m_device);
        const quant::QuantizedGemmProblem problem{
            .product = m_problem, .a = {{0.5f}, {3}}, .b = {{0.25f}, {-1}}, .scaleC = 16};
        return bestOf(rounds, [&] { return gemm.multiply(problem, plan); });
    }

private:
    // After one that is not counted.
    template <class Multiply>
    double bestOf(int rounds, const Multiply& multiply) {
        double least = HUGE_VAL;
        for (int round = 0; round <= rounds; ++round) {
            const auto start = Clock::now();
            m_device.wait(multiply());
            const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
            if (round > 0) least = std::min(least, seconds);
        }
        return least;
    }

    engine::Buffer filled(GemmType type, uint32_t n) {
        engine::Buffer buffer(m_device, wordBytes(type, uint64_t{n} * n), engine::MemoryKind::Device,
                              "operand");
        engine::Commands commands(m_device);
        commands.fill(buffer, 0);
        m_device.wait(commands.submit());
        return buffer;
    }

    engine::Device& m_device;
    quant::Gemm m_gemm;
    engine::Buffer m_a, m_b, m_c;
    quant::GemmProblem m_problem;
};

std::string peerType(GemmTypes types) {
    return types == GemmType::Fp32   ? "f32"
           : types == GemmType::Fp16 ? "f16"
           : types == GemmType::Int8 ? "q8_0"
                                     : "";
}

}  // namespace

int main(int argc, char** argv) {
    const auto n = static_cast<uint32_t>(argc > 1 ? std::max(std::atoi(argv[1]), 1) : 1024);
    const int rounds = argc > 2 ? std::max(std::atoi(argv[2]), 1) : 5;
    const engine::Instance instance(false, {});
    engine::Device device(instance, engine::chooseDevice(instance.devices(), argc > 3 ? argv[3] : ""));
    bench::GgmlPeer peer;
    std::printf("device: %s, %s\npeer: %s\n\n", device.info().name.c_str(), device.info().driver.c_str(),
                peer.device().empty() ? "none" : ("ggml on " + peer.device()).c_str());
    const double operations = 2.0 * n * n * n * 1e-9;
    std::printf("%u x %u x %-10u %-10s %-9s %9s %9s %12s %7s\n", n, n, n, "path", "tile", "ms", "GFLOPS",
                "peer GFLOPS", "/ peer");
    for (const GemmTypes type :
         {GemmTypes(GemmType::Fp32), GemmTypes(GemmType::Fp16), GemmTypes(GemmType::Bf16),
          GemmTypes(GemmType::Int8), GemmTypes(GemmType::Uint8), GemmTypes(GemmType::Int8, GemmType::Int4),
          GemmTypes(GemmType::Int16)}) {
        Square square(device, type, n);
        const std::string peersName = peerType(type);
        const double peerSeconds = peersName.empty() ? 0 : peer.seconds(peersName, n, rounds);
        const quant::GemmPlan chosen = square.gemm().planFor(square.problem());
        for (const GemmPath path : square.gemm().paths(type)) {
            if (path == GemmPath::Skinny) continue;
            const quant::GemmPlan plan{path, quant::gemmTiles(device.info(), path).front()};
            const double seconds = square.seconds(plan, path == GemmPath::Reference ? 1 : rounds);
            std::printf("%-5s %-14s %-10s %-9s %9.2f %9.1f", name(type).c_str(),
                        plan == chosen ? "(chosen)" : "", std::string(name(path)).c_str(),
                        text(plan.tile).c_str(), seconds * 1e3, operations / seconds);
            if (plan == chosen && peerSeconds > 0)
                std::printf(" %12.1f %7.1f", operations / peerSeconds, peerSeconds / seconds);
            std::printf("\n");
        }
        if (type != GemmType::Int8) continue;
        const double seconds = square.quantizedSeconds(chosen, rounds);
        std::printf("%-5s %-14s %-10s %-9s %9.2f %9.1f\n", "int8", "to int8",
                    std::string(name(chosen.path)).c_str(), text(chosen.tile).c_str(), seconds * 1e3,
                    operations / seconds);
    }
}
