#include "quant/gemm_tuner.h"

#include "engine/cache_folder.h"
#include "quant/device_time.h"
#include "quant/input_error.h"
#include "quant/output_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <format>
#include <fstream>
#include <stdexcept>

namespace quant {

namespace {

using engine::Buffer;
using engine::MemoryKind;

constexpr uint64_t tooSmall = 32768;  // multiplications
constexpr uint32_t smallExtent = 192;
constexpr int rounds = 5, fairRounds = 2;
constexpr double hopeless = 2;  // times slower than the best after the fair rounds: not measured again

bool isCpu(const engine::Device& device) {
    return device.info().type == engine::DeviceType::Cpu;
}

uint32_t narrowOf(const GemmProblem& problem) {
    return std::bit_ceil(std::max(std::min(problem.m, problem.n), 1u));
}

// Where the wide matrix of a narrow product lies contiguous along k.
bool isAlongDepth(const GemmProblem& problem) {
    return problem.m <= problem.n ? problem.b.columnStride != 1 : problem.a.rowStride != 1;
}

std::string classOf(const GemmProblem& problem) {
    if (isSkinny(problem))
        return "narrow" + std::to_string(narrowOf(problem)) + (isAlongDepth(problem) ? "k" : "n");
    return std::max({problem.m, problem.n, problem.k}) <= smallExtent ? "small" : "large";
}

std::string keyOf(const GemmProblem& problem) {
    return name(problem.types) + "/" + classOf(problem);
}

bool isTooSmall(const GemmProblem& problem) {
    return uint64_t{problem.m} * problem.n * problem.k <= tooSmall;
}

// Worth timing on the device. A software driver takes cooperative matrices apart and has no shared memory:
// they are several times slower there, and take seconds to compile.
std::vector<GemmPath> candidates(const engine::Device& device, const GemmProblem& problem) {
    std::vector<GemmPath> paths = gemmPaths(device.info(), problem.types);
    std::erase(paths, GemmPath::Reference);
    if (!isSkinny(problem)) std::erase(paths, GemmPath::Skinny);
    if (needsPacking(problem)) std::erase_if(paths, [](GemmPath path) { return !isPacking(path); });
    if (isCpu(device)) std::erase(paths, GemmPath::Coopmat);
    if (isCpu(device)) std::erase(paths, GemmPath::Shared);
    return paths;
}

// A product of the class, with matrices of zeros: times do not depend on values.
struct Trial {
    Buffer a, b, c;
    GemmProblem problem;

    Trial(engine::Device& device, const GemmProblem& like) : problem(like) {
        const std::string kind = classOf(like);
        const uint32_t extent = kind == "small" ? 128 : isCpu(device) ? 512 : 2048;
        problem.m = problem.n = problem.k = extent;
        if (isSkinny(like)) {
            problem.n = problem.k = 4096;  // as the layers of networks have it, and beyond the caches
            problem.m = narrowOf(like);
        }
        a = zeros(device, wordBytes(like.types.a, uint64_t{problem.m} * problem.k));
        b = zeros(device, wordBytes(like.types.b, uint64_t{problem.k} * problem.n));
        c = zeros(device, uint64_t{problem.m} * problem.n * 4);
        problem.a = {a, problem.k, 1};
        problem.b = isAlongDepth(like) ? GemmMatrix{b, 1, problem.k} : GemmMatrix{b, problem.n, 1};
        problem.c = {c, problem.n, 1};
        // Whatever else becomes of the sums costs the same with every tile.
        problem.batches = 1;
        problem.bias.reset();
        problem.alpha = 1;
        problem.beta = 0;
        problem.finishing = nullptr;
    }

    double gflops(double seconds) const {
        return 2e-9 * problem.m * problem.n * problem.k / std::max(seconds, 1e-9);
    }

private:
    static Buffer zeros(engine::Device& device, uint64_t bytes) {
        Buffer buffer(device, bytes, MemoryKind::Device, "tuning");
        engine::Commands commands(device);
        commands.fill(buffer, 0);
        device.wait(commands.submit());
        return buffer;
    }
};

}  // namespace

std::filesystem::path gemmTuningFile(const engine::DeviceInfo& info) {
    const auto folder = engine::cacheFolder();
    if (folder.empty()) return {};
    return folder / std::format("gemm-{:x}-{:x}-{:x}.json", info.vendorId, info.deviceId, info.driverVersion);
}

GemmTuner::GemmTuner(engine::Device& device, std::filesystem::path file)
    : m_device(device), m_file(std::move(file)) {
    load();
}

bool GemmTuner::knows(const GemmProblem& problem, std::optional<GemmPath> path) const {
    if (isTooSmall(problem)) return true;
    if (path && !std::ranges::contains(candidates(m_device, problem), *path)) return true;
    const auto known = m_known.find(keyOf(problem));
    return known != m_known.end() && find(known->second, problem, path);
}

const GemmPlan* GemmTuner::find(const Figures& figures, const GemmProblem& problem,
                                std::optional<GemmPath> path) {
    // Classes do not tell what must be packed.
    const auto found = std::ranges::find_if(figures, [&](const Figure& figure) {
        return (!path || figure.plan.path == *path) &&
               (!needsPacking(problem) || isPacking(figure.plan.path));
    });
    return found == figures.end() ? nullptr : &found->plan;
}

GemmPlan GemmTuner::planFor(const GemmProblem& problem, std::optional<GemmPath> path) {
    const Gemm gemm(m_device);
    if (path) {
        if (const std::string lacking = gemm.problemOf(problem.types, *path); !lacking.empty())
            throw std::invalid_argument(lacking);
    }
    const auto unmeasured = [&] {
        return path ? GemmPlan{*path, gemmTiles(m_device.info(), *path).front()} : gemm.planFor(problem);
    };
    if (isTooSmall(problem)) return unmeasured();
    if (path && !std::ranges::contains(candidates(m_device, problem), *path)) return unmeasured();
    Figures& figures = m_known[keyOf(problem)];
    if (!find(figures, problem, path)) {
        figures = measure(problem);
        save();
    }
    const GemmPlan* plan = find(figures, problem, path);
    return plan ? *plan : unmeasured();
}

// In turns, so that what else the machine does for a moment hits all alike.
GemmTuner::Figures GemmTuner::measure(const GemmProblem& problem) {
    const Trial trial(m_device, problem);
    Gemm gemm(m_device);
    const auto gflopsOf = [&](const GemmPlan& plan) {
        return trial.gflops(deviceSeconds(m_device, [&] { return gemm.multiply(trial.problem, plan); }));
    };
    Figures figures;
    for (const GemmPath path : candidates(m_device, problem)) {
        for (const GemmTile& tile : gemmTiles(m_device.info(), path)) {
            try {
                gflopsOf({path, tile});  // compiles
                figures.push_back({{path, tile}});
            } catch (const std::invalid_argument&) {
                continue;  // a tile that does not fit the device
            }
        }
    }
    double best = 0;
    for (int round = 0; round < rounds; ++round) {
        for (Figure& figure : figures) {
            if (round >= fairRounds && figure.gflops * hopeless < best) continue;
            figure.gflops = std::max(figure.gflops, gflopsOf(figure.plan));
            best = std::max(best, figure.gflops);
        }
    }
    std::ranges::stable_sort(figures, std::ranges::greater(), &Figure::gflops);
    return figures;
}

// What is malformed, or names paths or tiles that are not among today's, is passed over.
void GemmTuner::load() {
    if (m_file.empty()) return;
    std::ifstream file(m_file);
    const auto json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_object()) return;
    for (const auto& [key, list] : json.items()) {
        Figures figures;
        try {
            const GemmTypes types = gemmTypesFrom(key.substr(0, key.find('/')));
            for (const auto& entry : list) {
                const Figure figure{{gemmPathFrom(entry.at("path").get<std::string>()),
                                     gemmTileFrom(entry.at("tile").get<std::string>())},
                                    entry.at("gflops").get<double>()};
                const auto& [path, tile] = figure.plan;
                if (std::ranges::contains(gemmPaths(m_device.info(), types), path) &&
                    std::ranges::contains(gemmTiles(m_device.info(), path), tile))
                    figures.push_back(figure);
            }
        } catch (const std::invalid_argument&) {
            continue;
        } catch (const nlohmann::json::exception&) {
            continue;
        }
        if (!figures.empty()) m_known[key] = std::move(figures);
    }
}

void GemmTuner::save() const {
    if (m_file.empty()) return;
    nlohmann::ordered_json json;
    for (const auto& [key, figures] : m_known) {
        for (const auto& [plan, gflops] : figures)
            json[key].push_back({{"path", name(plan.path)}, {"tile", text(plan.tile)}, {"gflops", gflops}});
    }
    try {
        std::filesystem::create_directories(m_file.parent_path());
        OutputFile file(m_file);
        file.write(json.dump(1) + "\n");
        file.commit();
    } catch (const OutputError&) {
        return;  // measured again the next time
    } catch (const std::filesystem::filesystem_error&) {
        return;
    }
}

}  // namespace quant
