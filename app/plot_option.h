#pragma once

#include "app/command.h"
#include "app/explorer/figure_list.h"
#include "app/explorer/session.h"
#include "app/plot/png_file.h"
#include "engine/device.h"
#include "quant/output_file.h"

#include <functional>
#include <optional>
#include <string>

namespace app {

// The picture that a command writes beside its reports: dark, 1280x720 pixels.
inline constexpr uint32_t plotPictureWidth = 1280, plotPictureHeight = 720;

// Adds --plot FILE.png. Takes no other name.
void addPlotOption(CLI::App& command, std::string& target, const std::string& help);

// The file of the picture, opened before the work: it would be lost if it could not be written.
class PlotFile {
public:
    // No file where the target is empty. Throws quant::OutputError.
    explicit PlotFile(const std::string& target);

    bool isWanted() const { return m_file.has_value(); }
    // Throws engine::NoDevice where a picture is wanted of a device that does not draw.
    void checkDevice(const engine::Device& device) const;
    // Puts the picture there, whole or not at all. Throws quant::OutputError.
    void write(const Picture& picture);

private:
    std::optional<quant::OutputFile> m_file;
};

// What `clipscope render` draws of the session. Throws quant::InputError where its tensor cannot be shown.
Picture viewPicture(engine::Device& device, const Global& global, const Session& session);

// Figures below a line of text.
using FigurePlacement = std::function<void(FigureList& figures, const Ui& ui, const Rect& area)>;
Picture figurePicture(engine::Device& device, const std::string& title, const Theme& theme,
                      const FigurePlacement& place, uint32_t width = plotPictureWidth,
                      uint32_t height = plotPictureHeight);

}  // namespace app
