#pragma once

#include <algorithm>

namespace quant {

// The elements of a bin spread linearly to fit their mean. Position t in [0, 1] of the bin; the density is 1
// + slope·(2t - 1) for means from 1/3 to 2/3, and beyond a triangle that stands on one edge of the bin and
// fills only a part of it.
class LinearSpread {
public:
    // mean: position in the bin, clamped to [0, 1].
    explicit LinearSpread(double mean) {
        const double m = std::clamp(mean, 0.0, 1.0);
        m_slope = std::clamp(6 * m - 3, -1.0, 1.0);
        m_length = std::min({1.0, 3 * m, 3 * (1 - m)});
        m_start = m > 0.5 ? 1 - m_length : 0;
    }

    // The shares of the count, of Σt and of Σt² that lie at or below t.
    double countBelow(double t) const {
        const double u = inside(t);
        return u + m_slope * (u * u - u);
    }
    double sumBelow(double t) const { return m_start * countBelow(t) + m_length * first(inside(t)); }
    double squaresBelow(double t) const {
        const double u = inside(t), second = u * u * u / 3 + m_slope * (u * u * u * u / 2 - u * u * u / 3);
        return m_start * m_start * countBelow(t) + 2 * m_start * m_length * first(u) +
               m_length * m_length * second;
    }

private:
    // Position in the part that is filled.
    double inside(double t) const {
        if (m_length <= 0) return t >= m_start ? 1 : 0;
        return std::clamp((t - m_start) / m_length, 0.0, 1.0);
    }
    double first(double u) const { return u * u / 2 + m_slope * (2 * u * u * u / 3 - u * u / 2); }

    double m_slope, m_start, m_length;
};

}  // namespace quant
