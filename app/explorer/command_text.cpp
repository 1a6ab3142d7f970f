#include "app/explorer/command_text.h"

#include "app/number_text.h"
#include "app/options.h"
#include "quant/sweep.h"

#include <algorithm>
#include <cctype>
#include <cfloat>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>

namespace app {

namespace {

// Arguments that are put together one by one.
class Arguments {
public:
    explicit Arguments(std::string command) : m_all{"clipscope", std::move(command)} {}

    // One that looks like an option, or like a list of CLI11's, is named from the working folder.
    void input(const std::string& path) {
        const bool isOdd = path.starts_with('-') || path.starts_with('[');
        m_all.push_back(isOdd ? "./" + path : path);
    }

    void inputs(const std::vector<std::string>& paths) {
        for (const std::string& path : paths) input(path);
    }

    void option(const std::string& name, const std::string& value) {
        if (value.starts_with('-')) {
            m_all.push_back(name + "=" + value);
            return;
        }
        m_all.push_back(name);
        m_all.push_back(value);
    }

    void flag(const std::string& name) { m_all.push_back(name); }

    std::vector<std::string> take() { return std::move(m_all); }

private:
    std::vector<std::string> m_all;
};

template <class Range, class Text>
std::string joined(const Range& range, Text text) {
    std::string all;
    for (const auto& element : range) all += (all.empty() ? "" : ",") + text(element);
    return all;
}

std::string bitsText(const std::vector<uint32_t>& bits) {
    const std::set<uint32_t> ascending(bits.begin(), bits.end());
    return joined(ascending, [](uint32_t width) { return std::to_string(width); });
}

void addRaw(Arguments& arguments, const Session& session) {
    if (!session.raw.empty()) arguments.option("--raw", session.raw);
}

void addFilter(Arguments& arguments, const Session& session) {
    if (!session.tensor.empty()) arguments.option("--filter", globOf(session.tensor));
}

// --format excludes --bits and --sign.
void addFormats(Arguments& arguments, const std::vector<quant::NumberFormat>& formats,
                const std::vector<uint32_t>& bits, quant::Sign sign) {
    if (!formats.empty()) {
        arguments.option("--format", joined(formats, [](const auto& format) { return format.name(); }));
        return;
    }
    if (!bits.empty()) arguments.option("--bits", bitsText(bits));
    if (sign != quant::Sign::Auto) arguments.option("--sign", std::string(name(sign)));
}

bool isTaken(const std::string& method, const std::vector<quant::NumberFormat>& formats) {
    try {
        for (const auto& format : formats) quant::checkMethod(quant::methodFrom(method), format);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

// None of the session's may be left; then the command's own are taken.
void addMethods(Arguments& arguments, const Session& session, const std::vector<quant::NumberFormat>& formats,
                size_t most) {
    std::vector<std::string> methods;
    for (const std::string& method : session.methods) {
        if (methods.size() < most && isTaken(method, formats)) methods.push_back(method);
    }
    if (methods.empty()) return;
    arguments.option("--method", joined(methods, [](const std::string& method) { return method; }));
}

void addGranularity(Arguments& arguments, const quant::Granularity& granularity) {
    if (granularity != quant::Granularity()) arguments.option("--granularity", granularity.name());
}

std::vector<quant::NumberFormat> chosenFormats(const Session& session) {
    if (!session.format) return {};
    return {*session.format};
}

// The formats that methods are checked against.
std::vector<quant::NumberFormat> formatsOf(const std::vector<quant::NumberFormat>& formats,
                                           const std::vector<uint32_t>& bits) {
    quant::AnalysisOptions options;
    options.bits = bits;
    options.formats = formats;
    return quant::formatsOf(options, true);
}

std::vector<std::string> analyzeArguments(const Session& session) {
    Arguments arguments("analyze");
    arguments.inputs(session.inputs);
    addRaw(arguments, session);
    addFilter(arguments, session);
    const auto formats = chosenFormats(session);
    addFormats(arguments, formats, session.bits, session.sign);
    addMethods(arguments, session, formatsOf(formats, session.bits), SIZE_MAX);
    const bool isPerChannel = session.view == View::Channels;
    addGranularity(arguments, isPerChannel ? quant::Granularity{.kind = quant::Granularity::Kind::Channel,
                                                                .axis = session.channels.axis}
                                           : session.granularity);
    return arguments.take();
}

std::vector<std::string> sweepArguments(const Session& session, const std::string& file) {
    Arguments arguments("sweep");
    arguments.input(file);
    addRaw(arguments, session);
    if (!session.tensor.empty()) arguments.option("--tensor", session.tensor);
    addFormats(arguments, chosenFormats(session), {session.chosenBits}, session.sign);
    if (const auto& bounds = session.clips.bounds) {
        const double low = std::max<double>(bounds->first, FLT_MIN);
        const double high = std::min<double>(bounds->second, FLT_MAX);
        if (low < high) arguments.option("--range", exact(low) + ":" + exact(high));
    }
    return arguments.take();
}

std::vector<std::string> compareArguments(const Session& session) {
    Arguments arguments("compare");
    arguments.inputs(session.inputs);
    addRaw(arguments, session);
    addFilter(arguments, session);
    const CompareState& compare = session.compare;
    addFormats(arguments, compare.formats, session.bits, session.sign);
    addMethods(arguments, session, formatsOf(compare.formats, session.bits), SIZE_MAX);
    const bool isTensorAlone = compare.granularities == std::vector{quant::Granularity()};
    if (!compare.granularities.empty() && !isTensorAlone)
        arguments.option("--granularity",
                         joined(compare.granularities, [](const auto& each) { return each.name(); }));
    return arguments.take();
}

// ONNX models and numpy's files stay such; all else becomes safetensors.
std::string outputFor(const std::string& input, const quant::NumberFormat& format) {
    std::filesystem::path path(input);
    if (!path.has_filename()) path = path.parent_path();
    std::string stem = path.stem().string();
    if (stem.empty() || stem == "." || stem == "..") stem = "tensors";
    const std::string extension = path.extension().string();
    const bool isKept = extension == ".onnx" || extension == ".npy" || extension == ".npz";
    const std::string output = stem + "-" + format.name() + (isKept ? extension : ".safetensors");
    return output.starts_with('-') ? "./" + output : output;
}

// With the values rounded but kept as floats: what the value view shows.
std::vector<std::string> quantizeArguments(const Session& session, const std::string& file) {
    Arguments arguments("quantize");
    arguments.input(file);
    addRaw(arguments, session);
    const bool isSigned = session.sign != quant::Sign::Unsigned;
    const auto format = session.format.value_or(quant::integerFormat(session.chosenBits, isSigned));
    arguments.option("--output", outputFor(file, format));
    if (session.view == View::Values) addFilter(arguments, session);
    addFormats(arguments, chosenFormats(session), {session.chosenBits}, session.sign);
    addMethods(arguments, session, {format}, 1);
    addGranularity(arguments, session.granularity);
    if (session.view == View::Values) arguments.flag("--fake");
    return arguments.take();
}

bool canSweep(const Session& session) {
    if (session.tensor.contains('\0')) return false;
    try {
        quant::checkSweep({.bits = session.chosenBits, .format = session.format});
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

}  // namespace

std::string shellQuoted(std::string_view argument) {
    const auto isPlain = [](unsigned char c) {
        return c < 128 && (std::isalnum(c) || std::string_view("%+,-./:=@_").contains(static_cast<char>(c)));
    };
    if (!argument.empty() && std::ranges::all_of(argument, isPlain)) return std::string(argument);
    std::string quoted = "'";
    for (const char c : argument) {
        if (c == '\'')
            quoted += "'\\''";
        else
            quoted += c;
    }
    return quoted + "'";
}

std::string shellLine(const std::vector<std::string>& arguments) {
    std::string line;
    for (const std::string& argument : arguments) line += (line.empty() ? "" : " ") + shellQuoted(argument);
    return line;
}

std::string globOf(std::string_view name) {
    std::string glob;
    for (const char c : name.substr(0, name.find('\0'))) {
        if (std::string_view("*?[]\\").contains(c)) glob += '\\';
        glob += c;
    }
    return glob;
}

CommandKind commandKind(const Session& session) {
    switch (session.view) {
        case View::Clip:
            break;
        case View::Channels:
            return CommandKind::Analyze;
        case View::Compare:
            return CommandKind::Compare;
        case View::Values:
            return CommandKind::Quantize;
        case View::Device:
            return CommandKind::Devices;
    }
    return canSweep(session) ? CommandKind::Sweep : CommandKind::Analyze;
}

std::vector<std::string> commandArguments(const Session& session, CommandKind kind,
                                          const std::string& tensorFile) {
    if (kind == CommandKind::Devices) return {"clipscope", "devices"};
    if (session.inputs.empty() && tensorFile.empty()) return {};
    const std::string first = session.inputs.empty() ? "" : session.inputs.front();
    const std::string& file = tensorFile.empty() ? first : tensorFile;
    const bool isOneFile = !tensorFile.empty() || session.inputs.size() <= 1;
    switch (kind) {
        case CommandKind::Analyze:
        case CommandKind::Devices:
            break;
        case CommandKind::Sweep:
            if (!isOneFile) break;
            return sweepArguments(session, file);
        case CommandKind::Compare:
            return compareArguments(session);
        case CommandKind::Quantize:
            return quantizeArguments(session, file);
    }
    return analyzeArguments(session);
}

std::string commandText(const Session& session, const std::string& tensorFile) {
    return shellLine(commandArguments(session, commandKind(session), tensorFile));
}

}  // namespace app
