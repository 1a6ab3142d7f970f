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

// Logical pixels drawn and left out, in turn, as dashPattern() of app/plot/dash_pattern.h has them.
const vec4 dashPatterns[5] =
    vec4[5](vec4(1, 0, 1, 0), vec4(6, 4, 6, 4), vec4(1.5, 3, 1.5, 3), vec4(7, 3, 1.5, 3), vec4(12, 5, 12, 5));

// Distance along the line from `at` to the nearest end of a stroke of its pattern, in logical pixels; below
// zero within a stroke.
float dashDistance(uint dash, float at) {
    if (dash == 0u) return -1e9;
    const vec4 pattern = dashPatterns[min(dash, 4u)];
    const float period = pattern.x + pattern.y + pattern.z + pattern.w;
    const float place = at - period * floor(at / period);
    const float second = pattern.x + pattern.y;
    const float first = abs(place - 0.5 * pattern.x) - 0.5 * pattern.x;
    const float next = abs(place - period - 0.5 * pattern.x) - 0.5 * pattern.x;
    return min(min(first, next), abs(place - second - 0.5 * pattern.z) - 0.5 * pattern.z);
}

// Clip space of a pixel.
vec4 clipSpace(vec2 pixel, vec2 imageSize) {
    return vec4(2.0 * pixel / imageSize - 1.0, 0.0, 1.0);
}

// Corner 0 to 3 of a rectangle, as Commands::drawQuads numbers them, each coordinate 0 or 1.
vec2 cornerOf(uint vertex) {
    return vec2(vertex & 1u, vertex >> 1u);
}

#endif
