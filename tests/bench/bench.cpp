// The benchmarks: each kernel's time and bandwidth beside a plain copy and a plain sum on the same device,
// and the same work in PyTorch and ONNX Runtime's calibrators where they are installed, all in one run.
// Ratios are what to quote: absolute times vary with the machine.
#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/instance.h"
#include "engine/kernel.h"
#include "quant/analysis.h"
#include "quant/calibration_state.h"
#include "quant/clip_search.h"
#include "quant/comparison.h"
#include "quant/float_bits.h"
#include "quant/linear_histogram.h"
#include "quant/octav.h"
#include "shaders/bandwidth.h"
#include "tests/bench/synthetic_tensor.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;
using Clock = std::chrono::steady_clock;

constexpr uint64_t rows = 4096, columns = 4096, elements = rows * columns;
constexpr double bytes = elements * sizeof(float);

struct Row {
    std::string name;
    double seconds;
    double bytesMoved;
    std::string peer;  // row of peers.py that does the same work
};

// Best of several rounds after one that is not counted.
double best(int rounds, const std::function<void()>& work) {
    double least = HUGE_VAL;
    for (int i = 0; i <= rounds; ++i) {
        const auto start = Clock::now();
        work();
        if (i > 0) least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return least;
}

std::map<std::string, double> peerSeconds(int rounds) {
    const char* python = std::getenv("CLIPSCOPE_BENCH_PYTHON");
    if (!python || !*python) return {};
    const std::string command =
        std::string(python) + " " CLIPSCOPE_SOURCE_DIR "/tests/bench/peers.py " + std::to_string(rounds);
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text;
    std::array<char, 4096> part{};
    while (pipe && std::fgets(part.data(), part.size(), pipe.get())) text += part.data();
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) {
        std::fprintf(stderr, "clipscope_bench: %s gave no figures\n", python);
        return {};
    }
    std::printf("peer: torch %s on %s, %d threads\n", json["torch"].get<std::string>().c_str(),
                json["device"].get<std::string>().c_str(), json["threads"].get<int>());
    return json["seconds"].get<std::map<std::string, double>>();
}

class Bench {
public:
    Bench(engine::Device& device, int rounds)
        : m_device(device), m_rounds(rounds), m_tensor(rows, columns), m_analyzer(device, uint64_t{1} << 30) {
        m_analyzer.stream().select(m_tensor, 0);
        m_profile = m_analyzer.profilePass().profile(m_analyzer.stream());
    }

    void run() {
        addYardsticks();
        addProfiles();
        addErrors();
        addQuantization();
        addSegments();
        addComparison();
        addCalibration();
    }

    const std::vector<Row>& table() const { return m_rows; }

private:
    void add(const std::string& name, double bytesMoved, const std::function<void()>& work,
             const std::string& peer = "") {
        m_rows.push_back({name, best(m_rounds, work), bytesMoved, peer});
    }

    void addYardsticks() {
        const bool isCpu = m_device.info().type == engine::DeviceType::Cpu;
        const uint32_t group = isCpu ? m_device.info().subgroupSize : 256;
        const uint64_t groups = isCpu ? 64 : 4096;
        const auto quads = static_cast<uint32_t>(elements / 4);
        const auto from = m_analyzer.stream().resident();
        const Buffer to(m_device, elements * 4, MemoryKind::Device, "copy");
        const auto yardstick = [&](const char* kernel, double moved, const char* name, const char* peer) {
            add(
                name, moved,
                [&] {
                    Commands commands(m_device);
                    const shaders::BandwidthPush push{from.address(), to.address(), quads,
                                                      static_cast<uint32_t>(quads / groups)};
                    commands.dispatch(m_device.kernel(kernel, {.constants = {{1, group}}}), groups * group,
                                      push, {from}, {to});
                    m_device.wait(commands.submit());
                },
                peer);
        };
        yardstick("copy_quads", 2 * bytes, "plain copy", "");
        yardstick("sum_quads", bytes, "plain sum", "sum");
    }

    void addProfiles() {
        auto& stream = m_analyzer.stream();
        auto& profiles = m_analyzer.profilePass();
        add("profile, level 1", bytes, [&] { profiles.profile(stream); }, "histogram");
        for (const auto path : quant::countingPaths(m_device.info())) {
            if (path == profiles.path()) continue;
            quant::ProfilePass other(m_device, path);
            add(path == quant::CountingPath::Private ? "profile, level 1, private"
                                                     : "profile, level 1, shared",
                bytes, [&] { other.profile(stream); });
        }
        std::vector<uint32_t> level2, level3;
        for (const float clip : {1.3125f, 1.9878f, 2.4868f, 2.9032f, 3.2716f, 3.6079f, 3.9206f}) {
            level2.push_back(quant::magnitudeBits(clip) >> 20);
            level3.push_back(quant::magnitudeBits(clip) >> 10);
        }
        add("profile, level 2", bytes, [&] { profiles.refine(stream, 2, quant::Sides::Both, level2); });
        add("profile, level 3", bytes, [&] { profiles.refine(stream, 3, quant::Sides::Both, level3); });
        add(
            "exact clips, B = 2..8", 2 * bytes,
            [&] {
                const auto profile = profiles.profile(stream);
                quant::ClipSearch(profiles, m_analyzer.errorPass()).find(stream, profile, requests());
            },
            "octav");
        add("count in 2048 equal bins", bytes,
            [&] { profiles.linearHistograms().count(stream, quant::Sides::Both, m_profile.absmax()); });
        add("entropy clips, B = 2..8, profile known", bytes, [&] {
            std::vector<quant::ClipRequest> asked;
            for (uint32_t bits = 2; bits <= 8; ++bits)
                asked.push_back({{quant::MethodKind::Entropy, {}}, {bits, true}});
            quant::ClipSearch(profiles, m_analyzer.errorPass()).find(stream, m_profile, asked);
        });
    }

    void addErrors() {
        auto& stream = m_analyzer.stream();
        const float absmax = m_profile.absmax();
        const auto measure = [&, absmax](size_t candidates) {
            std::vector<quant::ClippedGrid> grids;
            for (size_t i = 1; i <= candidates; ++i)
                grids.push_back({{4, true}, absmax * static_cast<float>(i) / static_cast<float>(candidates)});
            m_analyzer.errorPass().measure(stream, absmax, grids);
        };
        add("error of 8 clips", bytes, [&] { measure(8); });
        add("sweep of 16 clips", bytes, [&] { measure(16); }, "sweep_16");
        add("sweep of 256 clips", bytes, [&] { measure(256); });
    }

    void addQuantization() {
        auto& stream = m_analyzer.stream();
        const auto layout = quant::layoutOf(m_tensor.tensors()[0], {}, "");
        const auto row = [&](const char* name, const char* format, const quant::Clip& clip,
                             const char* peer) {
            const std::vector<quant::ClippedGrid> grid = {clip.on(quant::numberFormatFrom(format))};
            add(
                name, 2 * bytes,
                [&] {
                    m_analyzer.quantizePass().quantize(stream, layout, grid, quant::DType::F32, {},
                                                       [](std::span<const std::byte>) {});
                },
                peer);
        };
        row("fake quantization, read back", "int4", {2.5f}, "fake_quantize");
        row("the same, int8-affine", "int8-affine", {4, -3}, "fake_quantize_affine");
        row("the same, fp8-e4m3", "fp8-e4m3", {5}, "fake_quantize_fp8");
    }

    // From the file's bytes on: reading, uploading, clips, errors.
    void addComparison() {
        const auto analyze = [&](const char* name, std::vector<uint32_t> bits, const char* method,
                                 const char* peer) {
            add(
                name, bytes,
                [&] {
                    m_analyzer.analyze(m_tensor, 0, {.bits = bits, .methods = {quant::methodFrom(method)}});
                },
                peer);
        };
        const std::vector<uint32_t> six = {2, 3, 4, 5, 6, 8};
        analyze("analyze from file, max, 8 bits", {8}, "max", "min_max_observer");
        analyze("analyze from file, percentile, 8 bits", {8}, "percentile:99.9", "onnxruntime_percentile");
        analyze("analyze from file, entropy, 8 bits", {8}, "entropy", "onnxruntime_entropy");
        analyze("analyze from file, octav, 4 bits", {4}, "octav", "");
        analyze("analyze from file, octav, six widths", six, "octav", "");
        quant::ComparisonOptions options{.bits = six};
        for (const char* method : {"octav", "octav-paper", "max", "percentile:99.9", "entropy", "mse"})
            options.methods.push_back(quant::methodFrom(method));
        add("compare from file, 6 methods, six widths", bytes,
            [&] { quant::compareTensor(m_analyzer, m_tensor, 0, options); });
        const double seconds = m_rows.back().seconds;
        std::printf("compare: %.2f times analyze of one width, %.2f of six\n",
                    seconds / m_rows[m_rows.size() - 3].seconds, seconds / m_rows[m_rows.size() - 2].seconds);
    }

    void addCalibration() {
        auto& stream = m_analyzer.stream();
        quant::CalibrationState state;
        add(
            "calibrate from file, one more batch", bytes,
            [&] {
                stream.select(m_tensor, 0);
                state.add("gaussian", m_analyzer.profilePass().profile(stream), "");
            },
            "histogram_observer");
        std::printf("calibration state of one tensor: %zu bytes\n", state.bytes().size());
    }

    void addSegments() {
        auto& stream = m_analyzer.stream();
        std::vector<quant::SegmentPass::OctavGrid> grids;
        for (const auto& request : requests()) {
            const auto iterates =
                quant::octavIterates(m_profile, quant::Sides::Both, request.inverseNoiseFactor());
            grids.push_back({request.inverseNoiseFactor(),
                             iterates.back() / m_profile.meanMagnitude(quant::Sides::Both)});
        }
        quant::SegmentPass segments(m_device);
        const auto octav = [&](const char* name, const char* granularity, const char* peer) {
            const auto layout =
                quant::layoutOf(m_tensor.tensors()[0], quant::granularityFrom(granularity), "");
            size_t open = 0;
            add(
                name, bytes,
                [&] {
                    open = 0;
                    for (const auto& roots : segments.octav(
                             stream, layout, true, m_profile.meanMagnitude(quant::Sides::Both), grids))
                        open += static_cast<size_t>(
                            std::ranges::count_if(roots, [](const auto& root) { return !root; }));
                },
                peer);
            std::printf("%s: %zu of %zu roots left open\n", granularity, open,
                        layout.segments * grids.size());
        };
        octav("4096 rows, exact clips, B = 2..8", "channel", "octav_channels");
        octav("4096 columns, exact clips, B = 2..8", "channel:1", "octav_channels");
        octav("groups of 128, exact clips, B = 2..8", "group:128", "");
    }

    static std::vector<quant::ClipRequest> requests() {
        std::vector<quant::ClipRequest> all;
        for (uint32_t bits = 2; bits <= 8; ++bits) all.push_back({{}, {bits, true}});
        return all;
    }

    engine::Device& m_device;
    int m_rounds;
    bench::SyntheticTensor m_tensor;
    quant::Analyzer m_analyzer;
    quant::Profile m_profile;
    std::vector<Row> m_rows;
};

void print(const std::vector<Row>& table, const std::map<std::string, double>& peers) {
    const double copySpeed = table.front().bytesMoved / table.front().seconds;
    const double sumSeconds = table[1].seconds;
    std::printf("\n%-40s %10s %9s %9s %9s %10s %8s\n", "4096 x 4096 F32, standard normal", "ms", "GB/s",
                "of copy", "x sum", "peer ms", "peer /");
    for (const Row& row : table) {
        const double speed = row.bytesMoved / row.seconds;
        std::printf("%-40s %10.2f %9.2f %8.0f%% %9.2f", row.name.c_str(), row.seconds * 1e3, speed * 1e-9,
                    100 * speed / copySpeed, row.seconds / sumSeconds);
        const auto peer = peers.find(row.peer);
        if (peer != peers.end()) std::printf(" %10.1f %8.1f", peer->second * 1e3, peer->second / row.seconds);
        std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5;
    const engine::Instance instance(false, {});
    engine::Device device(instance, engine::chooseDevice(instance.devices(), argc > 2 ? argv[2] : ""));
    std::printf("device: %s, %s\n", device.info().name.c_str(), device.info().driver.c_str());
    Bench bench(device, rounds);
    bench.run();
    print(bench.table(), peerSeconds(rounds));
}
