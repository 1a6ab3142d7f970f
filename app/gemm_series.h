#pragma once

#include "app/gemm_inputs.h"
#include "app/gemm_report.h"
#include "engine/device.h"
#include "quant/gemm_tuner.h"

#include <cstdint>
#include <optional>

namespace app {

// How products are to be computed: none for what is fastest on the device.
struct GemmChoice {
    std::optional<quant::GemmPath> path;
    std::optional<quant::GemmTile> tile;
    uint32_t repeat = 5;

    // Measures tiles where they are not known yet, and says so unless isQuiet. Throws std::invalid_argument
    // where the device lacks the path.
    quant::GemmPlan planFor(quant::GemmTuner& tuner, const quant::GemmProblem& problem, bool isQuiet) const;
};

// Sizes of m, n and k where nobody says otherwise.
constexpr uint32_t tableExtent = 256, leastRoofline = 64, mostRoofline = 2048;

// Adds the product of the source's sizes by every path of every type, compared with the host, and what is
// skipped. Shows progress unless isQuiet.
void addEveryPath(GemmRun& run, engine::Device& device, const GemmSource& source, uint32_t repeat,
                  bool isQuiet);

// Adds products of square matrices, each twice as wide as the one before, until one takes over a second.
// Throws std::invalid_argument as planFor and Gemm::multiply do.
void addRoofline(GemmRun& run, engine::Device& device, const GemmSource& source, const GemmChoice& choice,
                 bool isQuiet);

}  // namespace app
