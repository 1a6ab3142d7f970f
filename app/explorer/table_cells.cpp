#include "app/explorer/table_cells.h"

#include "app/explorer/panel_context.h"
#include "app/plot/value_text.h"
#include "quant/input_error.h"

#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <format>

namespace app {

namespace {

size_t characterEnd(std::string_view text, size_t at) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    return at;
}

// Where the longest end of a text begins that, with an ellipsis before it, has room; 0 where all of it has.
// Names of one model differ towards their ends.
size_t beginningThatFits(const std::string& text, float room) {
    if (ImGui::CalcTextSize(text.c_str()).x <= room) return 0;
    const float rest = room - ImGui::CalcTextSize("…").x;
    size_t at = 0;
    while (at < text.size() && ImGui::CalcTextSize(text.data() + at, text.data() + text.size()).x > rest)
        at = characterEnd(text, at);
    return at;
}

}  // namespace

void showName(const PanelContext& context, const std::string& name, const std::vector<size_t>& highlighted,
              bool isDim) {
    const std::string whole = quant::printable(name, 300);
    const size_t begin = beginningThatFits(whole, ImGui::GetContentRegionAvail().x);
    const std::string mark = begin > 0 ? "…" : "", shown = mark + whole.substr(begin);
    ImVec2 start = ImGui::GetCursorScreenPos();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddText(start, isDim ? context.theme().dimText : context.theme().text, shown.c_str());
    start.x += ImGui::CalcTextSize(mark.c_str()).x;
    const bool isPlain = whole == name;  // else the bytes lie elsewhere
    for (const size_t at : highlighted) {
        if (!isPlain || at >= name.size()) break;
        if (at < begin) continue;
        const char* first = name.data() + at;
        const float before = ImGui::CalcTextSize(name.data() + begin, first).x;
        const char* last = name.data() + characterEnd(name, at);
        const ImVec2 place(start.x + before, start.y);
        list.AddText(place, context.theme().accent, first, last);
        const float line = start.y + ImGui::GetTextLineHeight();
        list.AddRectFilled({place.x, line - context.px(1)},
                           {place.x + ImGui::CalcTextSize(first, last).x, line}, context.theme().accent);
    }
    ImGui::Dummy({ImGui::CalcTextSize(shown.c_str()).x, ImGui::GetTextLineHeight()});
}

void showSqnr(const PanelContext& context, const TensorRow& row) {
    if (!row.sqnrDb) return;
    const double decibels = *row.sqnrDb;
    const Theme& theme = context.theme();
    const float part = static_cast<float>(std::clamp(decibels / 50, 0.02, 1.0));
    const Colour colour = decibels < 10 ? theme.error : decibels < 20 ? theme.warning : theme.accent;
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::GetWindowDrawList()->AddRectFilled(
        start, {start.x + width * (std::isnan(part) ? 0 : part), start.y + ImGui::GetTextLineHeight()},
        withAlpha(colour, 80), context.px(2));
    ImGui::TextUnformatted(std::isfinite(decibels) ? std::format("{:.1f}", decibels).c_str()
                                                   : valueText(decibels).c_str());
}

void showSparkline(const PanelContext& context, const TensorRow& row) {
    if (row.bins.empty()) return;
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetTextLineHeight();
    const float step = width / static_cast<float>(row.bins.size());
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (size_t i = 0; i < row.bins.size(); ++i) {
        if (row.bins[i] <= 0) continue;
        const float left = start.x + static_cast<float>(i) * step;
        const float tall = std::max(row.bins[i] * height, context.px(1));
        list.AddRectFilled({left, start.y + height - tall}, {left + step, start.y + height},
                           withAlpha(context.theme().series[6], 200));
    }
}

}  // namespace app
