// Values to pixels along an axis. Needs draw.h.
#ifndef AXIS_GLSL
#define AXIS_GLSL

bool isNan(float x) {
    return (floatBitsToUint(x) & 0x7fffffffu) > 0x7f800000u;
}

// Where values are evenly spread, as Axis::warp of app/plot/axis.h has it. Log shows nothing at or below
// zero: that lies far below every axis.
float warp(AxisMap map, float value) {
    if (map.scale == axisLog) return value > 0.0 ? log2(value) : -1e30;
    if (map.scale == axisSymlog) return (value < 0.0 ? -1.0 : 1.0) * log(1.0 + abs(value) / map.linearWidth);
    return value;
}

float unwarp(AxisMap map, float warped) {
    if (map.scale == axisLog) return exp2(warped);
    if (map.scale == axisSymlog)
        return (warped < 0.0 ? -1.0 : 1.0) * map.linearWidth * (exp(abs(warped)) - 1.0);
    return warped;
}

float pixelOf(AxisMap map, float value) {
    return map.start + (warp(map, value) - map.low) * map.pixelsPerUnit;
}

float valueAt(AxisMap map, float pixel) {
    return unwarp(map, map.low + (pixel - map.start) / map.pixelsPerUnit);
}

#endif
