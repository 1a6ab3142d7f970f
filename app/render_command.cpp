#include "app/render_command.h"

#include "app/command.h"
#include "app/context.h"
#include "app/explorer/explorer.h"
#include "app/explorer/offscreen.h"
#include "app/explorer/session_json.h"
#include "app/explorer/view_name.h"
#include "app/messages.h"
#include "app/options.h"
#include "app/output.h"
#include "app/plot/png_file.h"
#include "app/usage_error.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>

#include <charconv>
#include <filesystem>
#include <format>
#include <memory>

namespace app {

namespace {

constexpr const char* examples =
    "  clipscope render model.safetensors --tensor features.0.weight -o clip.png\n"
    "  clipscope render model.safetensors --view compare --theme light -o compare.png\n"
    "  clipscope render --session saved.json --size 1920x1080 --scale 2 -o saved.png";

struct RenderArguments {
    std::vector<std::string> inputs;
    std::string session, output, tensor, reference, raw;
    std::optional<View> view;
    std::optional<Appearance> theme;
    std::vector<uint32_t> bits;
    std::optional<quant::NumberFormat> format;
    std::optional<double> clip;
    bool hasPanels = false;
    PictureSize size;
    uint32_t frames = 1;
};

template <class Number>
bool parseWhole(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

void takeSize(const std::string& text, PictureSize& size) {
    const size_t cross = text.find('x');
    if (cross == std::string::npos || !parseWhole(text.substr(0, cross), size.width) ||
        !parseWhole(text.substr(cross + 1), size.height) || size.width < 1 || size.height < 1 ||
        size.width > mostPictureSide || size.height > mostPictureSide) {
        throw std::invalid_argument("'" + text + "' is not WIDTHxHEIGHT of 1 to " +
                                    std::to_string(mostPictureSide) + " each");
    }
}

void takeScale(const std::string& text, PictureSize& size) {
    if (!parseWhole(text, size.scale) || !(size.scale >= 0.5f && size.scale <= 8))
        throw std::invalid_argument("'" + text + "' is not 0.5 to 8");
}

double clipFrom(const std::string& text) {
    double clip = 0;
    if (!parseWhole(text, clip) || !(clip >= 0x1p-126 && clip <= 0x1.fffffep127))
        throw std::invalid_argument("'" + text + "' is no positive float");
    return clip;
}

Session sessionOf(const RenderArguments& arguments) {
    Session session;
    session.isTableShown = false;
    if (!arguments.session.empty()) session = readSession(arguments.session);
    if (!arguments.inputs.empty()) {
        session.inputs = arguments.inputs;
        session.raw = arguments.raw;
    }
    if (!arguments.tensor.empty()) session.tensor = arguments.tensor;
    if (!arguments.reference.empty()) session.reference = arguments.reference;
    if (arguments.view) session.view = *arguments.view;
    if (arguments.theme) session.theme = *arguments.theme;
    if (!arguments.bits.empty()) {
        session.bits = arguments.bits;
        if (!std::ranges::contains(session.bits, session.chosenBits))
            session.chosenBits = session.bits.front();
    }
    if (arguments.format) session.format = arguments.format;
    if (arguments.clip) session.clip = arguments.clip;
    if (arguments.hasPanels) session.isTableShown = true;
    return session;
}

// "out.png" of several frames becomes "out-01.png", "out-02.png".
std::string frameName(const std::string& output, uint32_t frame, uint32_t frames) {
    if (frames == 1) return output;
    const std::filesystem::path path(output);
    const size_t digits = std::to_string(frames).size();
    return (path.parent_path() /
            (path.stem().string() + std::format("-{:0{}}", frame + 1, std::max<size_t>(digits, 2)) +
             path.extension().string()))
        .string();
}

void checkArguments(const RenderArguments& arguments) {
    if (arguments.inputs.empty() && arguments.session.empty())
        throw UsageError("a FILE or --session FILE is needed", "render");
    if (!arguments.output.ends_with(".png"))
        throw UsageError("-o: a name that ends in .png is needed", "render");
    const PictureSize& size = arguments.size;
    if (size.pixelsWide() > mostPictureSide || size.pixelsHigh() > mostPictureSide) {
        throw UsageError("--size times --scale is more than " + std::to_string(mostPictureSide) + " pixels",
                         "render");
    }
    for (const std::string& input : arguments.inputs) {
        if (isSameFile(arguments.output, input))
            throw UsageError("the picture " + arguments.output + " would replace an input", "render");
    }
}

void runRender(const RenderArguments& arguments, Global& global) {
    checkArguments(arguments);
    const Session session = sessionOf(arguments);
    Context context(global);
    Explorer explorer(context.device, global.memoryBytes, global.path);
    if (arguments.session.empty()) {
        explorer.show(session);
    } else {
        for (const std::string& missing : explorer.showWhatIsThere(session)) printMessage("warning", missing);
    }
    if (const std::string problem = explorer.workspace().problemOf(explorer.session().tensor);
        !problem.empty())
        throw quant::InputError(session.inputs.front(), "", problem);
    Offscreen offscreen(context.device, explorer, arguments.size);
    for (uint32_t frame = 0; frame < arguments.frames; ++frame) {
        const bool isLast = frame + 1 == arguments.frames;
        const Picture picture = isLast ? offscreen.finished() : offscreen.afterPauses(1);
        writePng(frameName(arguments.output, frame, arguments.frames), picture);
    }
}

}  // namespace

void addRenderCommand(CLI::App& root, Global& global) {
    const auto arguments = std::make_shared<RenderArguments>();
    CLI::App& command = addCommand(root, global, "render", "Draw any view as a picture, without a display",
                                   examples, [arguments, &global] { runRender(*arguments, global); });
    command.add_option("INPUT", arguments->inputs, inputHelp)->type_name("FILE");
    addOption(command, "--session", "FILE", "a session that the explorer saved",
              [arguments](const std::string& text) { arguments->session = text; });
    command.add_option("-o,--output", arguments->output, "the picture to write")
        ->type_name("FILE.png")
        ->required();
    addOption(command, "--view", "clip|channels|compare|values|device", "what to draw (default clip)",
              [arguments](const std::string& text) { arguments->view = viewFrom(text); });
    addOption(command, "--tensor", "NAME", "the tensor (default: the first)",
              [arguments](const std::string& text) { arguments->tensor = text; });
    addOption(command, "--reference", "NAME", "another tensor whose curves are overlaid",
              [arguments](const std::string& text) { arguments->reference = text; });
    addOption(command, "--bits", "LIST", "bit widths of the curves, such as 2-8 or 4,8 (default 2,3,4,6,8)",
              [arguments](const std::string& text) { arguments->bits = bitsFrom(text); });
    addOption(command, "--format", formatWords(), "a number format instead of integers",
              [arguments](const std::string& text) { arguments->format = oneFormatFrom(text); });
    addOption(command, "--clip", "X", "where the clip is (default: OCTAV's)",
              [arguments](const std::string& text) { arguments->clip = clipFrom(text); });
    addOption(command, "--theme", "dark|light", "the colours (default dark)",
              [arguments](const std::string& text) { arguments->theme = appearanceFrom(text); });
    addOption(command, "--size", "WxH", "logical pixels (default 1280x720)",
              [arguments](const std::string& text) { takeSize(text, arguments->size); });
    addOption(command, "--scale", "S", "pixels of the picture to a logical pixel, 0.5 to 8 (default 1)",
              [arguments](const std::string& text) { takeScale(text, arguments->size); });
    addOption(
        command, "--frames", "N", "the first steps of the work and its end as pictures NAME-01.png and so on",
        [arguments](const std::string& text) {
            if (!parseWhole(text, arguments->frames) || arguments->frames < 1 || arguments->frames > 9999)
                throw std::invalid_argument("'" + text + "' is not 1 to 9999");
        });
    command.add_flag("--panels", arguments->hasPanels, "with the tensor table beside the view")
        ->disable_flag_override();
    addOption(command, "--raw", "TYPE:SHAPE", "INPUT is bare little-endian elements, such as f32:64x3x3x3",
              [arguments](const std::string& text) {
                  quant::rawLayoutFrom(text);
                  arguments->raw = text;
              });
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
