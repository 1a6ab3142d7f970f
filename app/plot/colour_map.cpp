// Colour maps as paths through OKLCh, the polar form of OKLab: lightness is linear along the map, hue is
// linear between key hues, and chroma is a part of what the gamut of sRGB holds there, found by bisection.
#include "app/plot/colour_map.h"

#include "app/plot/colour_space.h"

#include <glm/vec2.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace app {

namespace {

glm::dvec3 fromPolar(double lightness, double chroma, double hueDegrees) {
    const double hue = hueDegrees * std::numbers::pi / 180;
    return linearFromOklab({lightness, chroma * std::cos(hue), chroma * std::sin(hue)});
}

// The largest chroma within the gamut, at most 0.4.
double mostChroma(double lightness, double hueDegrees) {
    double inside = 0, outside = 0.4;
    for (int step = 0; step < 24; ++step) {
        const double middle = (inside + outside) / 2;
        const glm::dvec3 linear = fromPolar(lightness, middle, hueDegrees);
        const bool fits =
            std::min({linear.r, linear.g, linear.b}) >= 0 && std::max({linear.r, linear.g, linear.b}) <= 1;
        (fits ? inside : outside) = middle;
    }
    return inside;
}

Colour polarColour(double lightness, double chroma, double hueDegrees) {
    return fromLinearLight(
        fromPolar(lightness, std::min(chroma, 0.97 * mostChroma(lightness, hueDegrees)), hueDegrees));
}

ColourMap makeSequential() {
    ColourMap map;
    for (size_t i = 0; i < map.size(); ++i) {
        const double unit = double(i) / double(map.size() - 1);
        map[i] = polarColour(std::lerp(0.22, 0.95, unit), 0.13, std::lerp(285.0, 105.0, unit));
    }
    return map;
}

ColourMap makeDiverging() {
    ColourMap map;
    for (size_t i = 0; i < map.size(); ++i) {
        const double signedUnit = 2 * double(i) / double(map.size() - 1) - 1, away = std::abs(signedUnit);
        map[i] = polarColour(std::lerp(0.96, 0.38, away), 0.16 * away, signedUnit < 0 ? 255 : 50);
    }
    return map;
}

}  // namespace

const ColourMap& sequentialMap() {
    static const ColourMap map = makeSequential();
    return map;
}

const ColourMap& divergingMap() {
    static const ColourMap map = makeDiverging();
    return map;
}

Colour mapped(const ColourMap& map, float unit) {
    if (std::isnan(unit)) return 0;
    return map[size_t(std::lround(std::clamp(unit, 0.0f, 1.0f) * 255))];
}

}  // namespace app
