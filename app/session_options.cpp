#include "app/session_options.h"

#include "app/command.h"
#include "app/explorer/session_json.h"
#include "app/explorer/view_name.h"
#include "app/options.h"
#include "quant/raw.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <stdexcept>

namespace app {

namespace {

double clipFrom(const std::string& text) {
    double clip = 0;
    if (!parseWhole(text, clip) || !(clip >= 0x1p-126 && clip <= 0x1.fffffep127))
        throw std::invalid_argument("'" + text + "' is no positive float");
    return clip;
}

}  // namespace

void addSessionOptions(CLI::App& command, SessionOptions& options) {
    command.add_option("INPUT", options.inputs, inputHelp)->type_name("FILE");
    addOption(command, "--session", "FILE", "a session that the explorer saved",
              [&](const std::string& text) { options.session = text; });
    addOption(command, "--view", "clip|channels|compare|values|device", "what to draw (default clip)",
              [&](const std::string& text) { options.view = viewFrom(text); });
    addOption(command, "--tensor", "NAME", "the tensor (default: the first)",
              [&](const std::string& text) { options.tensor = text; });
    addOption(command, "--reference", "NAME", "another tensor whose curves are overlaid",
              [&](const std::string& text) { options.reference = text; });
    addOption(command, "--bits", "LIST", "bit widths of the curves, such as 2-8 or 4,8 (default 2,3,4,6,8)",
              [&](const std::string& text) { options.bits = bitsFrom(text); });
    addOption(command, "--format", formatWords(), "a number format instead of integers",
              [&](const std::string& text) { options.format = oneFormatFrom(text); });
    addOption(command, "--clip", "X", "where the clip is (default: OCTAV's)",
              [&](const std::string& text) { options.clip = clipFrom(text); });
    addOption(command, "--theme", "dark|light", "the colours (default dark)",
              [&](const std::string& text) { options.theme = appearanceFrom(text); });
    addOption(command, "--raw", "TYPE:SHAPE", "INPUT is bare little-endian elements, such as f32:64x3x3x3",
              [&](const std::string& text) {
                  quant::rawLayoutFrom(text);
                  options.raw = text;
              });
}

Session sessionOf(const SessionOptions& options, const Session& start) {
    Session session = start;
    if (!options.session.empty()) session = readSession(options.session);
    if (!options.inputs.empty()) {
        session.inputs = options.inputs;
        session.raw = options.raw;
    }
    if (!options.tensor.empty()) session.tensor = options.tensor;
    if (!options.reference.empty()) session.reference = options.reference;
    if (options.view) session.view = *options.view;
    if (options.theme) session.theme = *options.theme;
    if (!options.bits.empty()) {
        session.bits = options.bits;
        if (!std::ranges::contains(session.bits, session.chosenBits))
            session.chosenBits = session.bits.front();
    }
    if (options.format) session.format = options.format;
    if (options.clip) session.clip = options.clip;
    return session;
}

float scaleFrom(std::string_view text) {
    float scale = 0;
    if (!parseWhole(text, scale) || !(scale >= 0.5f && scale <= 8))
        throw std::invalid_argument("'" + std::string(text) + "' is not 0.5 to 8");
    return scale;
}

}  // namespace app
