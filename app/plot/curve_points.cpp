#include "app/plot/curve_points.h"

#include "app/plot/plot_layout.h"

#include <algorithm>
#include <cmath>

namespace app {

namespace {

// Points of one pixel column, as they come.
class Column {
public:
    // Puts the points that stand for the column behind `run`, in their order, and begins anew.
    void finish(std::vector<glm::vec2>& run) {
        if (m_points.size() <= 4) {
            run.insert(run.end(), m_points.begin(), m_points.end());
        } else {
            const auto [least, most] = std::ranges::minmax_element(m_points, {}, &glm::vec2::y);
            run.push_back(m_points.front());
            for (const auto point : {std::min(least, most), std::max(least, most)})
                if (*point != run.back()) run.push_back(*point);
            if (m_points.back() != run.back()) run.push_back(m_points.back());
        }
        m_points.clear();
    }
    void add(const glm::vec2& point) { m_points.push_back(point); }
    bool holds(const glm::vec2& point) const {
        return !m_points.empty() && std::floor(point.x) == std::floor(m_points.back().x);
    }

private:
    std::vector<glm::vec2> m_points;
};

// The run's part that is seen, with one point beyond at either side.
void cut(std::vector<glm::vec2>& run, const Rect& plot) {
    const auto isLeft = [&](const glm::vec2& point) { return point.x < plot.left; };
    const auto isRight = [&](const glm::vec2& point) { return point.x > plot.right; };
    auto first = std::ranges::find_if_not(run, isLeft);
    if (first != run.begin()) --first;
    auto last = std::ranges::find_if(run, isRight);
    if (last != run.end()) ++last;
    run.erase(last, run.end());
    run.erase(run.begin(), std::min(first, run.end()));
    if (run.size() == 1 && (isLeft(run[0]) || isRight(run[0]))) run.clear();
}

}  // namespace

glm::vec2 drawablePoint(const Rect& plot, const Axis& x, const Axis& y, double xValue, double yValue) {
    constexpr float far = 10000;
    glm::vec2 point = pixelOf(plot, x, y, xValue, yValue);
    if (x.warp(xValue) == -INFINITY) point.x = plot.left;
    if (y.warp(yValue) == -INFINITY) point.y = plot.bottom;
    if (!std::isnan(point.x)) point.x = std::clamp(point.x, plot.left - far, plot.right + far);
    if (!std::isnan(point.y)) point.y = std::clamp(point.y, plot.top - far, plot.bottom + far);
    return point;
}

std::vector<std::vector<glm::vec2>> visibleRuns(const Figure& figure, const Rect& plot,
                                                std::span<const float> x, std::span<const float> y) {
    std::vector<std::vector<glm::vec2>> runs(1);
    Column column;
    const auto finishRun = [&] {
        column.finish(runs.back());
        cut(runs.back(), plot);
        if (!runs.back().empty()) runs.emplace_back();
    };
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        const glm::vec2 point = drawablePoint(plot, figure.x, figure.y, x[i], y[i]);
        if (std::isnan(point.x) || std::isnan(point.y)) {
            finishRun();
            continue;
        }
        if (!column.holds(point)) column.finish(runs.back());
        column.add(point);
    }
    finishRun();
    runs.pop_back();
    return runs;
}

}  // namespace app
