#pragma once

#include "app/explorer/ui.h"
#include "app/plot/frame_renderer.h"

#include <vector>

namespace app {

// The figures of a frame, as views add them to the windows of Dear ImGui.
class FigureList {
public:
    explicit FigureList(const Ui& ui) : m_ui(ui) {}

    void clear() { m_figures.clear(); }
    const std::vector<PlacedFigure>& all() const { return m_figures; }

    // Lays the figure out in the frame (logical pixels of the picture), and puts it into the present window.
    const PlacedFigure& add(Figure figure, const Rect& frame);
    // Several, one below the other, whose plots begin and end at the same x. Returns the index of the first.
    size_t addColumn(std::vector<Figure> figures, const std::vector<Rect>& frames);

private:
    PlotLayout layOutIn(const Figure& figure, const Rect& frame) const;
    void put(Figure figure, PlotLayout layout);

    const Ui& m_ui;
    std::vector<PlacedFigure> m_figures;
};

}  // namespace app
