#pragma once

#include "engine/device.h"
#include "quant/gemm.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quant {

// Where tilings for a device and its driver are kept: a file of the cache folder; empty where there is none.
std::filesystem::path gemmTuningFile(const engine::DeviceInfo& info);

// Chooses how to multiply by measuring: for each type and class of shapes (large, small, narrow) it times a
// handful of tiles once, some seconds on a software driver, and keeps the figures in a file for the next
// time. What cannot be read there is measured anew; what cannot be written is not kept.
class GemmTuner {
public:
    explicit GemmTuner(engine::Device& device) : GemmTuner(device, gemmTuningFile(device.info())) {}
    // An empty path: nothing is kept.
    GemmTuner(engine::Device& device, std::filesystem::path file);

    // Whether planFor() answers without measuring.
    bool knows(const GemmProblem& problem, std::optional<GemmPath> path = {}) const;

    // The fastest plan, or the fastest tile of one path. Of products too small to matter, and of paths that
    // are not worth timing on the device, what Gemm::planFor or gemmTiles say. Throws std::invalid_argument
    // for a path that the device lacks.
    GemmPlan planFor(const GemmProblem& problem, std::optional<GemmPath> path = {});

private:
    struct Figure {
        GemmPlan plan;
        double gflops = 0;
    };
    using Figures = std::vector<Figure>;  // the fastest first

    // The fastest that takes the problem, or the fastest of a path; null where there is none.
    static const GemmPlan* find(const Figures& figures, const GemmProblem& problem,
                                std::optional<GemmPath> path);
    Figures measure(const GemmProblem& problem);
    void load();
    void save() const;

    engine::Device& m_device;
    std::filesystem::path m_file;
    std::map<std::string, Figures> m_known;  // by type and class
};

}  // namespace quant
