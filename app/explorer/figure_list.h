#pragma once

#include "app/explorer/ui.h"
#include "app/plot/frame_renderer.h"

#include <deque>
#include <vector>

namespace app {

// The figures of a frame, as views add them to the windows of Dear ImGui.
class FigureList {
public:
    explicit FigureList(const Ui& ui) : m_ui(ui) {}

    void clear() { m_figures.clear(); }
    const std::vector<LaidOutFigure>& all() const { return m_figures; }

    // Lays figures out in their frames (logical pixels of the picture), those below each other with plots
    // that line up, and puts them into the present window. Returns the index of the first in all().
    size_t add(const std::vector<PlacedFigure>& placed);

private:
    const Ui& m_ui;
    std::vector<LaidOutFigure> m_figures;
};

}  // namespace app
