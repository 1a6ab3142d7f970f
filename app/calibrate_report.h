#pragma once

#include "app/tensor_selection.h"
#include "quant/analysis.h"
#include "quant/calibration_state.h"
#include "quant/profile_clips.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

// What `calibrate` reports of one tensor of the state.
struct CalibratedClips {
    struct Result {
        quant::Method method;
        quant::NumberFormat format;
        quant::ProfileClip found;
    };
    std::string name;
    uint64_t contributions = 0;
    quant::Profile profile;
    std::vector<Result> results;  // methods in the order asked for, within each the bits in order
};

struct CalibrateRun {
    const std::string& statePath;
    uint64_t stateBytes, stateTensors;
    const Selection& selection;             // of the inputs
    const quant::AnalysisOptions& options;  // bits, methods and sign
};

// The reports of `calibrate`: for programs, for spreadsheets and for people.
std::string calibrateJson(const CalibrateRun& run, const std::vector<CalibratedClips>& tensors);
std::string calibrateCsv(const std::vector<CalibratedClips>& tensors);
std::string calibrateTable(const CalibrateRun& run, const std::vector<CalibratedClips>& tensors,
                           std::optional<size_t> width, bool hasColour);

}  // namespace app
