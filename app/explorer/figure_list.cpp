#include "app/explorer/figure_list.h"

#include <imgui.h>

#include <algorithm>

namespace app {

PlotLayout FigureList::layOutIn(const Figure& figure, const Rect& frame) const {
    return layOut(figure, frame, m_ui.theme(), m_ui.measure(), m_ui.lineHeight());
}

void FigureList::put(Figure figure, PlotLayout layout) {
    m_figures.push_back({std::move(figure), std::move(layout)});
    addFigure(*ImGui::GetWindowDrawList(), m_figures.back(), m_figures.size() - 1, m_ui.scale());
}

const PlacedFigure& FigureList::add(Figure figure, const Rect& frame) {
    PlotLayout layout = layOutIn(figure, frame);
    put(std::move(figure), std::move(layout));
    return m_figures.back();
}

size_t FigureList::addColumn(std::vector<Figure> figures, const std::vector<Rect>& frames) {
    std::vector<PlotLayout> layouts;
    float left = 0, right = 1e9f;
    for (size_t i = 0; i < figures.size(); ++i) {
        layouts.push_back(layOutIn(figures[i], frames[i]));
        left = std::max(left, layouts.back().plot.left);
        right = std::min(right, layouts.back().plot.right);
    }
    for (size_t i = 0; i < figures.size(); ++i) {
        Rect narrowed = frames[i];
        narrowed.left += left - layouts[i].plot.left;
        narrowed.right -= layouts[i].plot.right - right;
        if (!(narrowed == frames[i])) layouts[i] = layOutIn(figures[i], narrowed);
        put(std::move(figures[i]), std::move(layouts[i]));
    }
    return m_figures.size() - figures.size();
}

}  // namespace app
