#include "app/explorer/dialogs.h"

#include "app/explorer/controls.h"
#include "quant/tensor_file.h"

#include <imgui.h>

#include <algorithm>
#include <filesystem>

namespace app {

namespace {

PathCompletionOptions optionsFor(std::vector<std::string> extensions, bool isTensorWanted) {
    return {.folder = {},
            .home = homeFolder(),
            .isWanted = [extensions = std::move(extensions), isTensorWanted](const auto& path) {
                if (isTensorWanted && quant::hasTensorFileExtension(path)) return true;
                return std::ranges::contains(extensions, path.extension().string());
            }};
}

// The name with nothing that a file's name should not have.
std::string fileNameOf(std::string name) {
    for (char& c : name) {
        const bool isPlain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                             c == '.' || c == '-' || c == '_';
        if (!isPlain) c = '_';
    }
    return name.substr(0, 100);
}

}  // namespace

void Dialogs::askOpen() {
    dialog(Asked::Open).open("", optionsFor({".json"}, true));
}

void Dialogs::askSave(const std::string& path) {
    dialog(Asked::Save).open(path.empty() ? "session.json" : path, optionsFor({".json"}, false));
}

void Dialogs::askExport(const std::string& viewName) {
    dialog(Asked::Export)
        .open(fileNameOf(viewName) + "." + std::string(name(m_kind)),
              optionsFor({".png", ".svg", ".csv"}, false));
}

bool Dialogs::isOpen() const {
    return std::ranges::any_of(m_dialogs, &PathDialog::isOpen);
}

bool Dialogs::isFocusWanted() const {
    return std::ranges::any_of(m_dialogs, &PathDialog::isFocusWanted);
}

void Dialogs::close() {
    for (PathDialog& dialog : m_dialogs) dialog.close();
}

void Dialogs::fail(const std::string& problem) {
    for (PathDialog& dialog : m_dialogs) {
        if (dialog.isOpen()) dialog.fail(problem);
    }
}

std::string Dialogs::problem() const {
    const auto open = std::ranges::find_if(m_dialogs, &PathDialog::isOpen);
    return open == std::end(m_dialogs) ? "" : open->problem();
}

// The kind follows the ending that is typed, and the ending the kind that is chosen.
void Dialogs::showExportControls() {
    std::filesystem::path path(dialog(Asked::Export).typed());
    for (const ExportKind kind : {ExportKind::Png, ExportKind::Svg, ExportKind::Csv}) {
        const std::string word(name(kind));
        if (path.extension() == "." + word) m_kind = kind;
        if (ImGui::RadioButton(word.c_str(), m_kind == kind)) {
            m_kind = kind;
            if (path.has_filename()) dialog(Asked::Export).type(path.replace_extension(word).string());
        }
        mark(("dialog/kind/" + word).c_str(), "");
        ImGui::SameLine();
    }
    ImGui::BeginDisabled(m_kind != ExportKind::Png);
    ImGui::SetNextItemWidth(ImGui::GetFontSize() * 7);
    ImGui::SliderInt("scale", &m_pictureScale, 1, 4, "%d×", ImGuiSliderFlags_AlwaysClamp);
    mark("dialog/scale", "How large a PNG is: pixels along each logical pixel of the view");
    ImGui::EndDisabled();
}

std::optional<DialogAnswer> Dialogs::show(const Theme& theme, float scale,
                                          const std::vector<std::string>& recent) {
    if (const auto path = dialog(Asked::Open).show(theme, scale, recent))
        return DialogAnswer{.asked = Asked::Open, .path = *path};
    if (const auto path = dialog(Asked::Save).show(theme, scale, {}))
        return DialogAnswer{.asked = Asked::Save, .path = *path};
    const auto path = dialog(Asked::Export).show(theme, scale, {}, [this] { showExportControls(); });
    if (!path) return std::nullopt;
    return DialogAnswer{Asked::Export, *path, m_kind, static_cast<float>(m_pictureScale)};
}

}  // namespace app
