#include "app/plot/plot_layout.h"

#include "app/plot/annotation_layout.h"
#include "app/plot/legend_layout.h"
#include "app/plot/tick_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace app {

namespace {

// What a layout has room for, in the order in which it is given up.
struct Parts {
    bool hasLegendRows = true, hasXLabel = true, hasTitle = true, hasYLabel = true, hasLegend = true;
    bool hasXNumbers = true, hasYNumbers = true;
};

// One attempt at a layout, from the outside in.
class Attempt {
public:
    Attempt(const Figure& figure, const Rect& frame, const Theme& theme, const TextMeasure& measure,
            float lineHeight, const Parts& parts, const Margins& margins)
        : m_figure(figure),
          m_theme(theme),
          m_measure(measure),
          m_lineHeight(lineHeight),
          m_pad(std::round(0.4f * lineHeight)),
          m_parts(parts),
          m_margins(margins) {
        m_layout.frame = frame;
        m_layout.background = theme.background;
        m_layout.plotBackground = theme.plotBackground;
        m_layout.legendBackground = theme.textBox;
        m_inner = {frame.left + m_pad, frame.top + std::round(m_pad / 2), frame.right - m_pad,
                   frame.bottom - std::round(m_pad / 2)};
        placeHead();
        placePlot();
    }

    const Rect& plot() const { return m_layout.plot; }

    PlotLayout finished() {
        if (plot().width() < 1 || plot().height() < 1) {
            m_layout.texts.clear();
            m_layout.legend.clear();
            return std::move(m_layout);
        }
        drawTicks();
        placeNumbers();
        placeXLabel();
        if (m_isLegendInCorner)
            m_layout.legendBox = placeInCorner(m_layout.legend, plot(), m_theme, m_measure, m_lineHeight);
        m_layout.annotations = placeAnnotations(m_figure, plot(), m_layout.legendBox, m_theme, m_measure);
        return std::move(m_layout);
    }

private:
    void addText(const std::string& text, glm::vec2 position, Colour colour) {
        if (!text.empty())
            m_layout.texts.push_back({position, {m_measure(text).x, m_lineHeight}, text, colour});
    }

    // Title and y label from the top, and the legend beside one of them or in rows beneath.
    void placeHead() {
        float y = m_inner.top;
        std::vector<LegendItem> legend;
        if (m_parts.hasLegend) legend = legendOf(m_figure, m_theme, m_measure, m_lineHeight);
        const float legendWidth = rowWidth(legend, m_lineHeight);
        bool isLegendPlaced = legend.empty();
        const auto addRow = [&](const std::string& text, Colour colour) {
            const std::string shown = fitted(text, m_inner.width(), m_measure);
            if (shown.empty() || y + m_lineHeight > m_inner.bottom) return;
            addText(shown, {m_inner.left, y}, colour);
            if (!isLegendPlaced && m_measure(shown).x + 2 * m_lineHeight + legendWidth <= m_inner.width()) {
                const Rect area{m_inner.right - legendWidth - 0.5f, y, m_inner.right, y + m_lineHeight};
                isLegendPlaced = placeInRows(legend, area, m_measure, m_lineHeight).has_value();
            }
            y += m_lineHeight;
        };
        if (m_parts.hasTitle) addRow(m_figure.title, m_theme.text);
        if (m_parts.hasYLabel) addRow(m_figure.y.label, m_theme.dimText);
        if (!isLegendPlaced && m_parts.hasLegendRows) {
            const float rows = std::min(3 * m_lineHeight, 0.25f * m_layout.frame.height());
            std::vector<LegendItem> attempt = legend;
            if (const auto height = placeInRows(attempt, {m_inner.left, y, m_inner.right, y + rows},
                                                m_measure, m_lineHeight)) {
                legend = std::move(attempt);
                isLegendPlaced = true;
                y += *height;
            }
        }
        m_isLegendInCorner = !isLegendPlaced;
        m_layout.legend = std::move(legend);
        m_headBottom = y;
    }

    bool hasXNumbers() const { return m_parts.hasXNumbers && m_figure.hasXLabels; }
    bool hasXLabel() const { return hasXNumbers() && m_parts.hasXLabel && !m_figure.x.label.empty(); }

    void placePlot() {
        const float rows = (hasXNumbers() ? 1.0f : 0.0f) + (hasXLabel() ? 1.0f : 0.0f);
        Rect& plot = m_layout.plot;
        // Numbers of the y axis stand half a line above and below its ends.
        const float half = std::ceil(m_lineHeight / 2);
        plot.top = std::ceil(m_headBottom + half);
        plot.bottom = std::floor(m_inner.bottom - (rows > 0 ? rows * m_lineHeight + half : half - m_pad / 2));
        plot.bottom = std::max(plot.bottom, plot.top);
        findYTicks();
        float widest = 0;
        if (m_parts.hasYNumbers)
            for (const Tick& tick : m_yTicks) widest = std::max(widest, m_measure(tick.label).x);
        const Rect& frame = m_layout.frame;
        plot.left =
            std::ceil(std::max(m_inner.left + (widest > 0 ? widest + half : 0), frame.left + m_margins.left));
        plot.right = std::floor(std::min(m_inner.right, frame.right - m_margins.right));
        plot.right = std::max(plot.left, plot.right);
        findXTicks();
        if (!hasXNumbers()) return;
        float overhang = 0;
        for (const Tick& tick : m_xTicks) overhang = std::max(overhang, xNumberBox(tick).right - frame.right);
        if (overhang <= 0) return;
        plot.right = std::max(plot.left, std::floor(plot.right - overhang - 1));
        findXTicks();
    }

    void findXTicks() {
        if (plot().width() < 1) return;
        m_xTicks = ticksWithin(m_figure.x, plot().width(), 4 * m_lineHeight, 0.6f * m_lineHeight,
                               [&](const std::string& text) { return m_measure(text).x; });
    }

    void findYTicks() {
        if (plot().height() < 1) return;
        if (m_figure.rowNames.empty()) {
            m_yTicks = ticksWithin(m_figure.y, plot().height(), 2.2f * m_lineHeight, 0.1f * m_lineHeight,
                                   [&](const std::string&) { return m_lineHeight; });
            return;
        }
        m_yTicks = rowTicks(m_figure.y, m_figure.rowNames, plot().height(), 1.1f * m_lineHeight);
        for (Tick& tick : m_yTicks)
            tick.label = fitted(tick.label, 0.35f * m_layout.frame.width(), m_measure);
    }

    float xPixel(double value) const {
        return float(plot().left + m_figure.x.unitOf(value) * double(plot().width()));
    }
    float yPixel(double value) const {
        return float(plot().bottom - m_figure.y.unitOf(value) * double(plot().height()));
    }

    Rect xNumberBox(const Tick& tick) const {
        const float width = m_measure(tick.label).x, left = xPixel(tick.value) - width / 2;
        const float top = plot().bottom + std::ceil(m_lineHeight / 2);
        return {left, top, left + width, top + m_lineHeight};
    }

    // Lines in the middle of a pixel are crisp.
    static float crisp(float place) { return std::floor(place) + 0.5f; }

    void drawTicks() {
        constexpr float majorLength = 5, minorLength = 3;
        const Rect& area = plot();
        std::vector<LineItem> major;
        const auto drawTick = [&](const Tick& tick, glm::vec2 from, glm::vec2 to, glm::vec2 outwards,
                                  bool hasMark) {
            const bool isMinor = tick.label.empty();
            (isMinor ? m_layout.grid : major)
                .push_back({from, to, isMinor ? m_theme.minorGrid : m_theme.grid});
            if (hasMark)
                m_layout.axes.push_back(
                    {from, from + (isMinor ? minorLength : majorLength) * outwards, m_theme.axis});
        };
        for (const Tick& tick : m_xTicks) {
            const float x = crisp(xPixel(tick.value));
            drawTick(tick, {x, area.bottom}, {x, area.top}, {0, 1}, hasXNumbers());
        }
        for (const Tick& tick : m_yTicks) {
            const float y = crisp(yPixel(tick.value));
            const bool isRow = !m_figure.rowNames.empty();  // its cells need no line through them
            drawTick(tick, {area.left, y}, {isRow ? area.left : area.right, y}, {-1, 0}, m_parts.hasYNumbers);
        }
        m_layout.grid.insert(m_layout.grid.end(), major.begin(), major.end());
        const float left = area.left - 0.5f, top = area.top - 0.5f, right = area.right + 0.5f,
                    bottom = area.bottom + 0.5f;
        const glm::vec2 corners[] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
        for (int i = 0; i < 4; ++i) m_layout.axes.push_back({corners[i], corners[(i + 1) % 4], m_theme.axis});
    }

    void placeNumbers() {
        if (hasXNumbers())
            for (const Tick& tick : m_xTicks) {
                const Rect box = xNumberBox(tick);
                if (box.left >= m_layout.frame.left && box.right <= m_layout.frame.right)
                    addText(tick.label, {box.left, box.top}, m_theme.dimText);
            }
        if (!m_parts.hasYNumbers) return;
        for (const Tick& tick : m_yTicks) {
            const float right = plot().left - std::ceil(m_lineHeight / 2);
            addText(tick.label, {right - m_measure(tick.label).x, yPixel(tick.value) - m_lineHeight / 2},
                    m_theme.dimText);
        }
    }

    void placeXLabel() {
        if (!hasXLabel()) return;
        const std::string text = fitted(m_figure.x.label, m_inner.width(), m_measure);
        const float width = m_measure(text).x, middle = (plot().left + plot().right) / 2;
        const float left = std::clamp(middle - width / 2, m_inner.left, m_inner.right - width);
        addText(text, {left, plot().bottom + std::ceil(m_lineHeight / 2) + m_lineHeight}, m_theme.dimText);
    }

    const Figure& m_figure;
    const Theme& m_theme;
    const TextMeasure& m_measure;
    float m_lineHeight, m_pad;
    Parts m_parts;
    Margins m_margins;
    PlotLayout m_layout;
    Rect m_inner;
    float m_headBottom = 0;
    bool m_isLegendInCorner = false;
    std::vector<Tick> m_xTicks, m_yTicks;
};

// Or below: whether one's values of x lie where the other's do.
bool isAbove(const PlacedFigure& one, const PlacedFigure& other) {
    const Axis &x = one.figure.x, &otherX = other.figure.x;
    return one.frame.left == other.frame.left && one.frame.right == other.frame.right &&
           x.scale == otherX.scale && x.low == otherX.low && x.high == otherX.high &&
           x.linearWidth == otherX.linearWidth;
}

}  // namespace

PlotLayout layOut(const Figure& figure, const Rect& frame, const Theme& theme, const TextMeasure& measure,
                  float lineHeight, const Margins& margins) {
    Rect whole = frame;
    whole.right = std::max(whole.left, whole.right);
    whole.bottom = std::max(whole.top, whole.bottom);
    Parts parts;
    const auto attempt = [&] { return Attempt(figure, whole, theme, measure, lineHeight, parts, margins); };
    const float enoughHeight = std::max(2.5f * lineHeight, 0.45f * whole.height());
    for (bool Parts::* part : {&Parts::hasLegendRows, &Parts::hasXLabel, &Parts::hasTitle, &Parts::hasYLabel,
                               &Parts::hasXNumbers, &Parts::hasLegend}) {
        if (attempt().plot().height() >= enoughHeight) break;
        parts.*part = false;
    }
    // Numbers of the y axis need room at its ends too.
    const Rect plot = attempt().plot();
    parts.hasYNumbers = plot.width() >= 0.45f * whole.width() && plot.height() >= 1.5f * lineHeight;
    return attempt().finished();
}

std::vector<PlotLayout> layOutAll(std::span<const PlacedFigure> figures, const Theme& theme,
                                  const TextMeasure& measure, float lineHeight) {
    std::vector<PlotLayout> layouts;
    for (const PlacedFigure& placed : figures)
        layouts.push_back(layOut(placed.figure, placed.frame, theme, measure, lineHeight));
    const std::vector<PlotLayout> alone = layouts;
    for (size_t i = 0; i < figures.size(); ++i) {
        Margins margins;
        for (size_t k = 0; k < figures.size(); ++k) {
            if (!isAbove(figures[i], figures[k])) continue;
            margins.left = std::max(margins.left, alone[k].plot.left - alone[k].frame.left);
            margins.right = std::max(margins.right, alone[k].frame.right - alone[k].plot.right);
        }
        const Rect& plot = alone[i].plot;
        if (plot.left < plot.right && (plot.left - alone[i].frame.left < margins.left ||
                                       alone[i].frame.right - plot.right < margins.right))
            layouts[i] = layOut(figures[i].figure, figures[i].frame, theme, measure, lineHeight, margins);
    }
    return layouts;
}

glm::vec2 pixelOf(const Rect& plot, const Axis& x, const Axis& y, double xValue, double yValue) {
    return {float(double(plot.left) + x.unitOf(xValue) * double(plot.width())),
            float(double(plot.bottom) - y.unitOf(yValue) * double(plot.height()))};
}

glm::dvec2 valueAt(const Rect& plot, const Axis& x, const Axis& y, const glm::vec2& pixel) {
    return {x.valueAt(double(pixel.x - plot.left) / double(plot.width())),
            y.valueAt(double(plot.bottom - pixel.y) / double(plot.height()))};
}

}  // namespace app
