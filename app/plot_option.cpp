#include "app/plot_option.h"

#include "app/explorer/explorer.h"
#include "app/explorer/offscreen.h"
#include "app/plot/frame_renderer.h"
#include "app/plot/image_picture.h"
#include "engine/commands.h"
#include "engine/error.h"
#include "engine/image.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <stdexcept>

namespace app {

namespace {

constexpr double frameSeconds = 1.0 / 60;

// The title, and what is left below it.
Rect beginPicture(const std::string& title, uint32_t width, uint32_t height) {
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({static_cast<float>(width), static_cast<float>(height)});
    ImGui::Begin("plot", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
    if (!title.empty()) ImGui::TextUnformatted(title.c_str());
    const ImVec2 start = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
    return {start.x, start.y, start.x + room.x, start.y + room.y};
}

}  // namespace

void addPlotOption(CLI::App& command, std::string& target, const std::string& help) {
    addOption(command, "--plot", "FILE.png", help, [&](const std::string& text) {
        if (text == "-") throw std::invalid_argument("a picture does not go to standard output");
        if (!text.ends_with(".png")) throw std::invalid_argument("a name that ends in .png is needed");
        target = text;
    });
}

PlotFile::PlotFile(const std::string& target) {
    if (!target.empty()) m_file.emplace(target);
}

void PlotFile::checkDevice(const engine::Device& device) const {
    if (isWanted() && !device.info().hasGraphics)
        throw engine::NoDevice("--plot: " + device.info().name + " computes, but does not draw");
}

void PlotFile::write(const Picture& picture) {
    m_file->write(pngOf(picture.pixels, picture.width, picture.height));
    m_file->commit();
}

Picture viewPicture(engine::Device& device, const Global& global, const Session& session) {
    Explorer explorer(device, global.memoryBytes, global.path);
    explorer.show(session);
    if (const std::string problem = explorer.workspace().problemOf(explorer.session().tensor);
        !problem.empty())
        throw quant::InputError(session.inputs.front(), "", problem);
    return Offscreen(device, explorer, {plotPictureWidth, plotPictureHeight}).finished();
}

Picture figurePicture(engine::Device& device, const std::string& title, const Theme& theme,
                      const FigurePlacement& place, uint32_t width, uint32_t height) {
    Ui ui;
    ui.setLook(theme, 1);
    FigureList figures(ui);
    FrameRenderer renderer(device);
    const engine::Image image(device, width, height, "plot");
    // Dear ImGui hides what it has to measure first.
    for (int frame = 0; frame < 2; ++frame) {
        figures.clear();
        ui.beginFrame(width, height, frameSeconds);
        const Rect area = beginPicture(title, width, height);
        place(figures, ui, area);
        ImGui::End();
        const ImDrawData& data = ui.endFrame();
        renderer.draw(image, data, ui.atlas(), figures.all(), 1, theme.background);
    }
    return pictureOf(device, image);
}

}  // namespace app
