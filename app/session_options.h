#pragma once

#include "app/explorer/session.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace app {

// What the command line says of a session: of a picture or of the explorer.
struct SessionOptions {
    std::vector<std::string> inputs;
    std::string session, tensor, reference, raw;
    std::optional<View> view;
    std::optional<Appearance> theme;
    std::vector<uint32_t> bits;
    std::optional<quant::NumberFormat> format;
    std::optional<double> clip;

    bool namesSomething() const { return !inputs.empty() || !session.empty(); }
};

// INPUT, --session, --view, --tensor and so on. The options must outlive the command.
void addSessionOptions(CLI::App& command, SessionOptions& options);

// `start`, or the session that the options name in its place, with what else they say. Throws
// quant::InputError.
Session sessionOf(const SessionOptions& options, const Session& start);

// All of the text as a number.
template <class Number>
bool parseWhole(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

// Pixels of a logical pixel, 0.5 to 8. Throws std::invalid_argument.
float scaleFrom(std::string_view text);

}  // namespace app
