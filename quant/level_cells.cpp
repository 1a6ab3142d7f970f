#include "quant/level_cells.h"

#include "quant/error_pass.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace quant {

namespace {

constexpr uint32_t signBit = 0x80000000, noKey = 0xffffffff;
constexpr float largestFloat = std::numeric_limits<float>::max();

// Element values of both signs, rising; affine: codes less the zero point.
std::vector<double> elementValues(const ClippedGrid& grid, uint32_t most) {
    const NumberFormat& format = grid.format;
    const auto refuse = [&] {
        throw std::invalid_argument("format " + format.name() + " has more than " + std::to_string(most) +
                                    " levels");
    };
    std::vector<double> elements;
    if (format.spacing == Spacing::Uniform) {
        if (format.largest() - format.smallest() >= most) refuse();
        for (double code = format.smallest(); code <= format.largest(); ++code)
            elements.push_back(code - grid.zeroPoint());
        return elements;
    }
    if (2 * format.positiveLevelCount() > uint64_t{most} + 1) refuse();
    for (const double level : format.positiveLevels()) {
        elements.push_back(level);
        if (level != 0) elements.insert(elements.begin(), -level);
    }
    return elements;
}

// The kernels' arithmetic (shaders/compute/quantize.glsl) on the host.
class ElementOf {
public:
    explicit ElementOf(const ClippedGrid& grid) : m_format(grid.format) {
        m_exponent = powerScale(std::max(grid.clip, -grid.low)).exponent;
        const shaders::GridCandidate scaled = scaledGrid(grid, m_exponent);
        m_inverseStep = scaled.inverseStep;
        m_smallest = double{scaled.qmin};
        m_largest = double{scaled.qmax};
    }

    bool hasStep() const { return m_inverseStep != 0; }

    double operator()(float x) const {
        const float y = std::ldexp(x, m_exponent) * m_inverseStep;
        if (!m_format.isAffine) return m_format.quantize(double{y});
        return std::clamp(std::nearbyint(double{y}), m_smallest, m_largest);
    }

private:
    NumberFormat m_format;
    int m_exponent;
    float m_inverseStep;
    double m_smallest, m_largest;
};

// Of the least float whose element is at least that.
uint32_t leastKey(const ElementOf& elementOf, double element) {
    uint32_t below = orderKey(-largestFloat) - 1, reached = orderKey(largestFloat) + 1;
    while (reached - below > 1) {
        const uint32_t middle = below + (reached - below) / 2;
        (elementOf(fromOrderKey(middle)) >= element ? reached : below) = middle;
    }
    return reached > orderKey(largestFloat) ? noKey : reached;
}

}  // namespace

uint32_t orderKey(float x) {
    const auto bits = std::bit_cast<uint32_t>(x);
    return (bits & signBit) != 0 ? ~bits : bits | signBit;
}

float fromOrderKey(uint32_t key) {
    return std::bit_cast<float>((key & signBit) != 0 ? key & ~signBit : ~key);
}

LevelCells::LevelCells(const ClippedGrid& grid, uint32_t most) {
    const ElementOf elementOf(grid);
    const std::vector<double> elements = elementValues(grid, most);
    if (!elementOf.hasStep()) {
        values = {0};
        return;
    }
    const auto step = static_cast<double>(grid.step());
    for (size_t level = 0; level < elements.size(); ++level) {
        values.push_back(elements[level] * step);
        if (elements[level] == 0) zeroLevel = static_cast<uint32_t>(level);
        if (level > 0) thresholds.push_back(leastKey(elementOf, elements[level]));
    }
}

float LevelCells::leastOf(uint32_t level) const {
    const uint32_t key = thresholds[level - 1];
    return key == noKey ? std::numeric_limits<float>::infinity() : fromOrderKey(key);
}

float LevelCells::largestBelow(uint32_t level) const {
    const uint32_t key = thresholds[level - 1];
    return fromOrderKey(key == noKey ? orderKey(largestFloat) : key - 1);
}

}  // namespace quant
