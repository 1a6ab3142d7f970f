#pragma once

#include "app/explorer/session.h"
#include "app/plot/png_file.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace app {

class Workspace;

enum class ExportKind { Png, Svg, Csv };
// "png", "svg", "csv".
std::string_view name(ExportKind kind);

// The view that a session shows, without panels, at a size in logical pixels and a scale of 0.5 to 8, with
// what the workspace knows of it so far. The sides of the picture: 1 to mostPictureSide, as far as the device
// goes. Throws std::invalid_argument for others.
Picture pictureOfView(const Session& session, Workspace& workspace, float width, float height, float scale);

// The same view's plots. SVG: of the plots alone, without the lines of text above them.
std::string svgOfView(const Session& session, Workspace& workspace, float width, float height);
std::string csvOfView(const Session& session, Workspace& workspace, float width, float height);

// One of these as a file, whole or not at all. scale: of a PNG. What uses the device is done at once; what is
// returned writes the file, on any thread, and throws quant::OutputError.
std::function<void()> preparedExport(const std::string& path, ExportKind kind, const Session& session,
                                     Workspace& workspace, float width, float height, float scale);

}  // namespace app
