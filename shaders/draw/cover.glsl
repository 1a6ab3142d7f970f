// Anti-aliasing by distance: how much of a pixel a shape covers, its edge `distance` pixels away (inside:
// below zero).
#ifndef COVER_GLSL
#define COVER_GLSL

float cover(float distance) {
    return clamp(0.5 - distance, 0.0, 1.0);
}

// Distance to the segment and, along it, the place of the nearest point in pixels.
vec2 segmentDistance(vec2 point, vec2 from, vec2 to) {
    const vec2 along = to - from, offset = point - from;
    const float squared = dot(along, along);
    const float t = squared > 0.0 ? clamp(dot(offset, along) / squared, 0.0, 1.0) : 0.0;
    return vec2(length(offset - t * along), t * sqrt(squared));
}

// Logical pixels drawn and left out, in turn, by Dash of app/plot/figure.h; dots are round.
const vec4 dashPatterns[5] = vec4[5](vec4(1, 0, 1, 0), vec4(7, 5, 7, 5), vec4(0.01, 5, 0.01, 5),
                                     vec4(8, 5, 0.01, 5), vec4(14, 6, 14, 6));

// Distance along the line from `at` (logical pixels) to what its pattern draws; 0 in a dash.
float dashDistance(uint dash, float at) {
    if (dash == 0u) return 0.0;
    const vec4 pattern = dashPatterns[min(dash, 4u)];
    const float period = pattern.x + pattern.y + pattern.z + pattern.w;
    const float place = at - period * floor(at / period);
    const float second = pattern.x + pattern.y;
    // To the dash before, the one after, and the first of the next period.
    float distance = max(place - pattern.x, 0.0);
    distance = min(distance, max(max(second - place, place - second - pattern.z), 0.0));
    return min(distance, period - place);
}

// Clip space of a pixel.
vec4 clipSpace(vec2 pixel, vec2 imageSize) {
    return vec4(2.0 * pixel / imageSize - 1.0, 0.0, 1.0);
}

// Corner 0 to 5 of a rectangle's two triangles, each coordinate 0 or 1.
vec2 cornerOf(uint vertex) {
    return vec2(vertex == 1u || vertex == 2u || vertex == 4u, vertex == 2u || vertex == 4u || vertex == 5u);
}

#endif
