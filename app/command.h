#pragma once

#include "quant/analysis.h"
#include "quant/raw.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace app {

// What the command line says beyond one command's own options, and what main learns from the run.
struct Global {
    bool isQuiet = false;
    std::string device;  // index or part of a name; empty: the best
    uint64_t memoryBytes = uint64_t{1} << 30;
    quant::CountingPath path = quant::CountingPath::Auto;

    std::function<void()> action;                 // what the chosen command does
    std::atomic<uint64_t> validationMessages{0};  // from CLIPSCOPE_VALIDATION=1
};

// Where reports go: empty for none, "-" for standard output.
struct ReportTargets {
    std::string json, csv;
    std::string plot;  // a picture, never on standard output

    bool takeStdout() const { return json == "-" || csv == "-"; }
    bool areAny() const { return !(json.empty() && csv.empty() && plot.empty()); }
    // Throws UsageError: two on standard output or in one file, or over one of the inputs.
    void check(const std::vector<std::string>& inputs) const;
};

// Whether both paths lead to one file, which need not exist.
bool isSameFile(const std::string& a, const std::string& b);

// Throws UsageError for a file of results that is one of the inputs or the report in JSON; none where it is
// empty.
void checkOutput(const std::string& output, const std::vector<std::string>& inputs, const std::string& json,
                 const std::string& command);

// Each command is a file with one function that adds it to the tree: void addXCommand(CLI::App& root, Global&
// global). What follows is what they have in common.

// Adds the command; `examples` are lines that end its help. The run is Global::action, to be set when it is
// chosen.
CLI::App& addCommand(CLI::App& root, Global& global, const std::string& name, const std::string& description,
                     const std::string& examples, std::function<void()> action);

// Adds an option with a text value. type: "FILE", "LIST", or the words it takes: "auto|signed|unsigned"
// (completion reads it). `take` may throw std::invalid_argument, which becomes a UsageError that names the
// option.
CLI::Option* addOption(CLI::App& command, const std::string& name, const std::string& type,
                       const std::string& help, std::function<void(const std::string&)> take);

void addDeviceOption(CLI::App& command, Global& global);   // --device alone
void addDeviceOptions(CLI::App& command, Global& global);  // and what matters to the streaming of tensors
void addQuietOption(CLI::App& command, Global& global);
void addJsonOption(CLI::App& command, std::string& target);
void addNpyOutputOption(CLI::App& command, const std::string& help, std::string& output);
void addInputFileOption(CLI::App& command, const std::string& name, const std::string& help,
                        std::string& path);
void addRepeatOption(CLI::App& command, uint32_t& repeat);
void addCsvOption(CLI::App& command, std::string& target);
void addGranularityOption(CLI::App& command, quant::Granularity& granularity);
void addMetricOption(CLI::App& command, quant::Metric& metric);
void addSignOption(CLI::App& command, quant::Sign& sign);
void addFilterOption(CLI::App& command, std::vector<std::string>& globs);

void addRawOption(CLI::App& command, std::optional<quant::RawLayout>& layout);

// The values of --granularity, for help and completion.
constexpr const char* granularityWords = "tensor|channel|channel:AXIS|group:N|group:N:AXIS|block:RxC";

// What INPUT may be, for the help of a command that takes it.
constexpr const char* inputHelp =
    "safetensors (or the index of a sharded model), npy, npz, gguf, onnx, or a folder of such files";

// Makes the option refuse to stand beside the others, all of which the command must have.
void exclude(CLI::App& command, const std::string& option, const std::vector<std::string>& others);

// Throws UsageError for a method that means nothing on one of the formats.
void checkMethods(const quant::AnalysisOptions& options, const std::string& command);

// The names of the methods, and of the number formats, as the type of an option.
std::string methodWords();
std::string formatWords(const std::function<bool(const quant::NumberFormat&)>& isTaken = {});

}  // namespace app
