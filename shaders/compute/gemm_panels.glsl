// Which panels a workgroup of gemm_tiled, gemm_dot and gemm_coopmat multiplies, by its push constants.
// Successive workgroups walk down bandPanels panels of A before they take the next panel of B, so that both
// stay in a cache.
#ifndef GEMM_PANELS_GLSL
#define GEMM_PANELS_GLSL

uvec2 panelsOfWorkgroup(uint index) {
    const uint perBand = push.bandPanels * push.panelsB;
    const uint band = index / perBand;
    const uint inBand = index - band * perBand;
    const uint rows = min(push.bandPanels, push.panelsA - band * push.bandPanels);
    return uvec2(push.firstPanelA + band * push.bandPanels + inBand % rows, inBand / rows);
}

#endif
