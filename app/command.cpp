#include "app/command.h"

#include "app/did_you_mean.h"
#include "app/options.h"
#include "app/usage_error.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <stdexcept>

namespace app {

namespace {

quant::CountingPath pathFrom(const std::string& text) {
    const std::vector<std::string> names = {"auto", "private", "shared"};
    if (!std::ranges::contains(names, text)) {
        throw std::invalid_argument("'" + text + "' is none of auto, private, shared" +
                                    didYouMean(text, names));
    }
    return quant::countingPathFrom(text);
}

}  // namespace

bool isSameFile(const std::string& a, const std::string& b) {
    namespace fs = std::filesystem;
    std::error_code unknown;  // one of them does not exist
    if (a == b || fs::equivalent(a, b, unknown)) return true;
    if (a.empty() || b.empty()) return false;
    const auto resolved = [&](const std::string& path) {
        return fs::weakly_canonical(fs::absolute(path, unknown), unknown);
    };
    const fs::path path = resolved(a);
    return !path.empty() && path == resolved(b);
}

void ReportTargets::check(const std::vector<std::string>& inputs) const {
    if (json == "-" && csv == "-") throw UsageError("--json and --csv cannot both go to standard output");
    for (const std::string& target : {json, csv, plot}) {
        if (target.empty() || target == "-") continue;
        for (const std::string& input : inputs) {
            if (isSameFile(target, input))
                throw UsageError("the report " + target + " would replace an input");
        }
    }
    if (!json.empty() && !csv.empty() && isSameFile(json, csv) && !json.starts_with("/dev/")) {
        throw UsageError("--json and --csv name the same file");
    }
    for (const auto& [option, target] : {std::pair("--json", json), std::pair("--csv", csv)}) {
        if (!plot.empty() && !target.empty() && target != "-" && isSameFile(plot, target))
            throw UsageError(std::string(option) + " and --plot name the same file");
    }
}

void checkOutput(const std::string& output, const std::vector<std::string>& inputs, const std::string& json,
                 const std::string& command) {
    if (output.empty()) return;
    for (const std::string& input : inputs) {
        if (isSameFile(output, input))
            throw UsageError("the output " + output + " would replace an input", command);
    }
    if (isSameFile(output, json)) throw UsageError("--output and --json name the same file", command);
}

CLI::App& addCommand(CLI::App& root, Global& global, const std::string& name, const std::string& description,
                     const std::string& examples, std::function<void()> action) {
    CLI::App& command = *root.add_subcommand(name, description);
    command.footer("Examples:\n" + examples);
    command.group("Commands");
    command.callback([&global, action = std::move(action)] { global.action = action; });
    return command;
}

CLI::Option* addOption(CLI::App& command, const std::string& name, const std::string& type,
                       const std::string& help, std::function<void(const std::string&)> take) {
    const auto apply = [name, &command, take = std::move(take)](const std::string& text) {
        try {
            take(text);
        } catch (const std::invalid_argument& error) {
            throw UsageError(name + ": " + error.what(), command.get_name());
        }
    };
    return command.add_option_function<std::string>(name, apply, help)->type_name(type);
}

void addDeviceOption(CLI::App& command, Global& global) {
    addOption(command, "--device", "INDEX|NAME",
              "Vulkan device, by index or part of its name (default: the best)",
              [&](const std::string& text) { global.device = text; });
}

void addDeviceOptions(CLI::App& command, Global& global) {
    addDeviceOption(command, global);
    addOption(command, "--memory", "SIZE", "device memory for tensor data, such as 512M or 2G (default 1G)",
              [&](const std::string& text) { global.memoryBytes = memoryFrom(text); });
    addOption(command, "--path", "auto|private|shared",
              "how kernels count: the results are the same (default auto)",
              [&](const std::string& text) { global.path = pathFrom(text); });
}

void addQuietOption(CLI::App& command, Global& global) {
    command
        .add_flag("-q,--quiet", global.isQuiet,
                  "no progress, notes or warnings; no table when a report is written")
        ->disable_flag_override();
}

void addJsonOption(CLI::App& command, std::string& target) {
    addOption(command, "--json", "FILE|-", "write the results as JSON; - is standard output",
              [&](const std::string& text) {
                  if (text.empty()) throw std::invalid_argument("a file name or - is needed");
                  target = text;
              });
}

void addNpyOutputOption(CLI::App& command, const std::string& help, std::string& output) {
    addOption(command, "-o,--output", "FILE", help, [&](const std::string& text) {
        if (text.empty() || text == "-") throw std::invalid_argument("the name of a file is needed");
        output = text;
    });
}

void addInputFileOption(CLI::App& command, const std::string& name, const std::string& help,
                        std::string& path) {
    addOption(command, name, "FILE", help, [&](const std::string& text) {
        if (text.empty()) throw std::invalid_argument("a file name is needed");
        path = text;
    });
}

void addRepeatOption(CLI::App& command, uint32_t& repeat) {
    addOption(command, "--repeat", "N", "runs whose median counts, after one that does not (default 5)",
              [&](const std::string& text) { repeat = countFrom(text, 1, 10000); });
}

void addCsvOption(CLI::App& command, std::string& target) {
    addOption(command, "--csv", "FILE|-", "write the results as CSV; - is standard output",
              [&](const std::string& text) {
                  if (text.empty()) throw std::invalid_argument("a file name or - is needed");
                  target = text;
              });
}

void addGranularityOption(CLI::App& command, quant::Granularity& granularity) {
    addOption(command, "--granularity", granularityWords, "what shares a clip (default tensor)",
              [&](const std::string& text) { granularity = quant::granularityFrom(text); });
}

void addSignOption(CLI::App& command, quant::Sign& sign) {
    addOption(command, "--sign", "auto|signed|unsigned",
              "the grid; auto: unsigned when no element is negative",
              [&](const std::string& text) { sign = signFrom(text); });
}

void addMetricOption(CLI::App& command, quant::Metric& metric) {
    addOption(command, "--metric", "mse|cosine|weighted:FILE",
              "what octav and mse make least (default mse); weighted: the squared error times the weights in "
              "FILE, whose "
              "shapes broadcast to those of the tensors",
              [&](const std::string& text) { metric = quant::metricFrom(text); });
}

void addFilterOption(CLI::App& command, std::vector<std::string>& globs) {
    command.add_option("--filter", globs, "only tensors whose name matches; may be repeated")
        ->type_name("GLOB")
        ->allow_extra_args(false);
}

void addRawOption(CLI::App& command, std::optional<quant::RawLayout>& layout) {
    addOption(
        command, "--raw", "TYPE:SHAPE",
        "INPUT is bare little-endian elements, such as f32:64x3x3x3 (f64, f32, f16, bf16; ? for one extent)",
        [&](const std::string& text) { layout = quant::rawLayoutFrom(text); });
}

namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string words;
    for (const auto& name : names) words += (words.empty() ? "" : "|") + name;
    return words;
}

}  // namespace

void exclude(CLI::App& command, const std::string& option, const std::vector<std::string>& others) {
    for (const auto& other : others) command.get_option(option)->excludes(command.get_option(other));
}

void checkMethods(const quant::AnalysisOptions& options, const std::string& command) {
    try {
        const bool isSearched = std::ranges::any_of(options.methods, [](const quant::Method& method) {
            return method.kind == quant::MethodKind::Octav || method.kind == quant::MethodKind::Mse;
        });
        if (options.metric != quant::Metric() && !isSearched)
            throw std::invalid_argument("--metric is for the methods octav and mse");
        for (const auto& method : options.methods) {
            for (const auto& format : quant::formatsOf(options, true)) quant::checkMethod(method, format);
        }
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what(), command);
    }
}

std::string methodWords() {
    return joined(quant::methodNames());
}

std::string formatWords(const std::function<bool(const quant::NumberFormat&)>& isTaken) {
    std::vector<std::string> names = quant::numberFormatNames();
    std::erase_if(
        names, [&](const std::string& name) { return isTaken && !isTaken(quant::numberFormatFrom(name)); });
    return joined(names);
}

}  // namespace app
