// Elements of a matrix that lies as images: see GemmWindow.
#ifndef GEMM_WINDOW_GLSL
#define GEMM_WINDOW_GLSL

#include "compute/gemm_memory.glsl"

// Where the kernel stands for a column of the matrix: y and x of its first element, which may lie outside.
ivec2 windowOrigin(GemmWindow window, uint column) {
    return ivec2(column / window.outWidth * window.strideY, column % window.outWidth * window.strideX) -
           ivec2(window.padTop, window.padLeft);
}

// An element's bits. first: the element where the images of the matrix begin.
uint windowBits(Words images, GemmWindow window, uint first, ivec2 origin, uint row, uint type) {
    const uint area = window.kernelHeight * window.kernelWidth;
    const uint inKernel = row % area;
    const ivec2 place = origin + ivec2(inKernel / window.kernelWidth * window.dilationY,
                                       inKernel % window.kernelWidth * window.dilationX);
    // Read at a clamped place instead of under a condition.
    const ivec2 inside = clamp(place, ivec2(0), ivec2(window.height, window.width) - 1);
    const uint plane = first + row / area * window.height * window.width;
    const uint bits = elementBits(images, plane + uint(inside.x) * window.width + uint(inside.y), type);
    return place == inside ? bits : window.padding;
}

#endif
