#pragma once

#include "app/plot/colour.h"

#include <glm/vec3.hpp>

namespace app {

// Channels of a colour between 0 and 1, as stored (sRGB) and linear in light. Alpha is left out.
glm::dvec3 channels(Colour colour);
glm::dvec3 linearLight(Colour colour);
Colour fromLinearLight(const glm::dvec3& linear);  // clamped to the gamut

// Lightness 0 to 1 and two opponent axes (green to red, blue to yellow) in which equal distances look about
// equal: B. Ottosson, "A perceptual color space for image processing" (OKLab, 2020).
glm::dvec3 oklab(const glm::dvec3& linear);
glm::dvec3 linearFromOklab(const glm::dvec3& lab);

// Relative luminance, and contrast ratio from 1 to 21 as WCAG 2.1 defines them.
double luminance(Colour colour);
double contrast(Colour one, Colour other);

// The colour over the other, by its alpha, as it is seen.
Colour blended(Colour over, Colour under);

}  // namespace app
