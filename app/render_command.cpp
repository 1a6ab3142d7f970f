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
#include "app/session_options.h"
#include "app/usage_error.h"
#include "quant/input_error.h"

#include <CLI/CLI.hpp>

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
    SessionOptions session;
    std::string output;
    bool hasPanels = false;
    PictureSize size;
    uint32_t frames = 1;
};

void takeSize(const std::string& text, PictureSize& size) {
    const size_t cross = text.find('x');
    if (cross == std::string::npos || !parseWhole(text.substr(0, cross), size.width) ||
        !parseWhole(text.substr(cross + 1), size.height) || size.width < 1 || size.height < 1 ||
        size.width > mostPictureSide || size.height > mostPictureSide) {
        throw std::invalid_argument("'" + text + "' is not WIDTHxHEIGHT of 1 to " +
                                    std::to_string(mostPictureSide) + " each");
    }
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

Session sessionOf(const RenderArguments& arguments) {
    Session start;
    start.isTableShown = false;
    Session session = sessionOf(arguments.session, start);
    session.isTableShown = session.isTableShown || arguments.hasPanels;
    return session;
}

void checkArguments(const RenderArguments& arguments) {
    if (!arguments.session.namesSomething()) throw UsageError("a FILE or --session FILE is needed", "render");
    if (!arguments.output.ends_with(".png"))
        throw UsageError("-o: a name that ends in .png is needed", "render");
    const PictureSize& size = arguments.size;
    if (size.pixelsWide() > mostPictureSide || size.pixelsHigh() > mostPictureSide) {
        throw UsageError("--size times --scale is more than " + std::to_string(mostPictureSide) + " pixels",
                         "render");
    }
    for (const std::string& input : arguments.session.inputs) {
        if (isSameFile(arguments.output, input))
            throw UsageError("the picture " + arguments.output + " would replace an input", "render");
    }
}

void runRender(const RenderArguments& arguments, Global& global) {
    checkArguments(arguments);
    const Session session = sessionOf(arguments);
    Context context(global);
    Explorer explorer(context.device, global.memoryBytes, global.path);
    if (arguments.session.session.empty()) {
        explorer.show(session);
    } else {
        for (const std::string& missing : explorer.showWhatIsThere(session)) printMessage("warning", missing);
    }
    const std::string problem = explorer.workspace().problemOf(explorer.session().tensor);
    if (!problem.empty() && explorer.session().view != View::Device) {
        throw quant::InputError(session.inputs.empty() ? arguments.session.session : session.inputs.front(),
                                "", problem);
    }
    if (const uint32_t most = context.device.info().maxImageExtent;
        arguments.size.pixelsWide() > most || arguments.size.pixelsHigh() > most) {
        throw UsageError("--size: " + context.device.info().name + " draws pictures of at most " +
                             std::to_string(most) + " pixels a side",
                         "render");
    }
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
    addSessionOptions(command, arguments->session);
    command.add_option("-o,--output", arguments->output, "the picture to write")
        ->type_name("FILE.png")
        ->required();
    addOption(command, "--size", "WxH", "logical pixels (default 1280x720)",
              [arguments](const std::string& text) { takeSize(text, arguments->size); });
    addOption(command, "--scale", "S", "pixels of the picture to a logical pixel, 0.5 to 8 (default 1)",
              [arguments](const std::string& text) { arguments->size.scale = scaleFrom(text); });
    addOption(
        command, "--frames", "N", "the first steps of the work and its end as pictures NAME-01.png and so on",
        [arguments](const std::string& text) {
            if (!parseWhole(text, arguments->frames) || arguments->frames < 1 || arguments->frames > 9999)
                throw std::invalid_argument("'" + text + "' is not 1 to 9999");
        });
    command.add_flag("--panels", arguments->hasPanels, "with the tensor table beside the view")
        ->disable_flag_override();
    addDeviceOptions(command, global);
    addQuietOption(command, global);
}

}  // namespace app
