#include "app/explorer/figure_list.h"

#include <imgui.h>

namespace app {

size_t FigureList::add(const std::vector<PlacedFigure>& placed) {
    const size_t first = m_figures.size();
    auto layouts = layOutAll(placed, m_ui.theme(), m_ui.measure(), m_ui.lineHeight());
    for (size_t i = 0; i < placed.size(); ++i) {
        m_figures.push_back({placed[i].figure, std::move(layouts[i])});
        addFigure(*ImGui::GetWindowDrawList(), m_figures.back(), m_figures.size() - 1, m_ui.scale());
    }
    return first;
}

}  // namespace app
