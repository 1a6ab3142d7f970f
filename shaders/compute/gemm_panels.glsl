// Which panels a workgroup of gemm_tiled, gemm_dot and gemm_coopmat multiplies, by its push constants, and
// where what it computes goes. Successive workgroups walk down bandPanels panels of A before they take the
// next panel of B, so that both stay in a cache; then comes the next batch, or the next slice of k.
#ifndef GEMM_PANELS_GLSL
#define GEMM_PANELS_GLSL

struct PanelsOfWorkgroup {
    uint inA;  // of one matrix, packed or not
    uint inB;
    uint batch;  // or slice
};

bool isWorkgroupIdle() {
    return workgroupIndex() >= push.panelsA * push.panelsB * push.batches;
}

PanelsOfWorkgroup panelsOfWorkgroup() {
    const uint each = push.panelsA * push.panelsB;
    const uint batch = workgroupIndex() / each, index = workgroupIndex() % each;
    const uint perBand = push.bandPanels * push.panelsB;
    const uint band = index / perBand;
    const uint inBand = index - band * perBand;
    const uint rows = min(push.bandPanels, push.panelsA - band * push.bandPanels);
    const uint inA = push.firstPackedA + push.firstPanelA + band * push.bandPanels + inBand % rows;
    return PanelsOfWorkgroup(inA, push.firstPackedB + inBand / rows, batch);
}

uint firstDepth(PanelsOfWorkgroup panels) {
    return panels.batch * push.sliceDepth;
}

uint depthOf(PanelsOfWorkgroup panels) {
    return push.sliceDepth == 0u ? push.depth : min(push.depth - firstDepth(panels), push.sliceDepth);
}

// rowBytes: of one k of a panel.
Words panelOfA(PanelsOfWorkgroup panels, uint rowBytes) {
    const uint matrix =
        push.sliceDepth == 0u ? (push.epilogue.firstBatch + panels.batch) % push.matricesA : 0u;
    return wordsFrom(
        push.a, (matrix * push.allPanelsA + panels.inA - push.firstPackedA) * push.depth + firstDepth(panels),
        rowBytes);
}

Words panelOfB(PanelsOfWorkgroup panels, uint rowBytes) {
    const uint matrix =
        push.sliceDepth == 0u ? (push.epilogue.firstBatch + panels.batch) % push.matricesB : 0u;
    return wordsFrom(
        push.b, (matrix * push.panelsB + panels.inB - push.firstPackedB) * push.depth + firstDepth(panels),
        rowBytes);
}

Words rowOfPanels(PanelsOfWorkgroup panels, uint row) {
    return rowOfC(rowOfC(push.c, panels.batch, push.cBatch), row, push.cRow);
}

PlaceOfC placeOf(PanelsOfWorkgroup panels, uint row, uint column) {
    return PlaceOfC(push.epilogue.firstBatch + panels.batch, row, column);
}

#endif
