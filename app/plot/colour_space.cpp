#include "app/plot/colour_space.h"

#include <glm/mat3x3.hpp>

#include <algorithm>
#include <cmath>

namespace app {

namespace {

double toLinear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

uint32_t toByte(double linear) {
    const double bounded = std::clamp(linear, 0.0, 1.0);
    const double channel =
        bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * std::pow(bounded, 1 / 2.4) - 0.055;
    return uint32_t(std::lround(255 * channel));
}

// Linear sRGB to the responses of cones, and their cube roots to OKLab; rows written as rows.
glm::dmat3 rows(const glm::dvec3& first, const glm::dvec3& second, const glm::dvec3& third) {
    return glm::transpose(glm::dmat3(first, second, third));
}
const glm::dmat3 conesFromLinear =
    rows({0.4122214708, 0.5363325363, 0.0514459929}, {0.2119034982, 0.6806995451, 0.1073969566},
         {0.0883024619, 0.2817188376, 0.6299787005});
const glm::dmat3 labFromRoots =
    rows({0.2104542553, 0.7936177850, -0.0040720468}, {1.9779984951, -2.4285922050, 0.4505937099},
         {0.0259040371, 0.7827717662, -0.8086757660});

}  // namespace

glm::dvec3 channels(Colour colour) {
    return glm::dvec3(colour & 255, colour >> 8 & 255, colour >> 16 & 255) / 255.0;
}

glm::dvec3 linearLight(Colour colour) {
    const glm::dvec3 stored = channels(colour);
    return {toLinear(stored.r), toLinear(stored.g), toLinear(stored.b)};
}

Colour fromLinearLight(const glm::dvec3& linear) {
    return app::colour(toByte(linear.r) << 16 | toByte(linear.g) << 8 | toByte(linear.b));
}

glm::dvec3 oklab(const glm::dvec3& linear) {
    const glm::dvec3 cones = conesFromLinear * linear;
    return labFromRoots * glm::dvec3(std::cbrt(cones.x), std::cbrt(cones.y), std::cbrt(cones.z));
}

glm::dvec3 linearFromOklab(const glm::dvec3& lab) {
    static const glm::dmat3 rootsFromLab = glm::inverse(labFromRoots);
    static const glm::dmat3 linearFromCones = glm::inverse(conesFromLinear);
    const glm::dvec3 roots = rootsFromLab * lab;
    return linearFromCones * (roots * roots * roots);
}

double luminance(Colour colour) {
    const glm::dvec3 linear = linearLight(colour);
    return 0.2126 * linear.r + 0.7152 * linear.g + 0.0722 * linear.b;
}

double contrast(Colour one, Colour other) {
    const auto [darker, brighter] = std::minmax({luminance(one), luminance(other)});
    return (brighter + 0.05) / (darker + 0.05);
}

Colour blended(Colour over, Colour under) {
    const double alpha = double(over >> 24) / 255;
    const glm::dvec3 mixed = alpha * channels(over) + (1 - alpha) * channels(under);
    const auto byte = [](double channel) { return uint32_t(std::lround(255 * channel)); };
    return app::colour(byte(mixed.r) << 16 | byte(mixed.g) << 8 | byte(mixed.b));
}

}  // namespace app
