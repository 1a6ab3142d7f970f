// Which tiles the lanes of a workgroup transform.
#ifndef CONV_WINOGRAD_TILES_GLSL
#define CONV_WINOGRAD_TILES_GLSL

// Of the lane. On a CPU driver the lanes' tiles are neighbours in a row, so that what they read are runs;
// else they follow each other over the ends of rows, so that wide subgroups have no idle lanes.
struct Tile {
    uint image, row, column;  // in tiles
    uint place;               // in scratch
    bool exists;
};

uint workgroupRun() {
    return workgroupIndex() % push.runs;
}

uint firstPlaneOfWorkgroup() {
    return workgroupIndex() / push.runs * push.planesPerLane;
}

// With offset 0, the first of the run.
Tile tileAt(uint offset) {
    uint index;
    Tile found;
    if (picksLanes) {
        const uint across = (push.tilesAcross + workgroupSize - 1u) / workgroupSize;
        const uint run = push.firstRun + workgroupRun();
        found.column = run % across * workgroupSize + offset;
        index = run / across;
        found.place = index * push.tilesAcross + found.column - push.firstTile;
        found.exists = found.column < push.tilesAcross;
    } else {
        found.place = workgroupRun() * workgroupSize + offset;
        found.exists = found.place < push.tiles;
        index = push.firstTile + min(found.place, push.tiles - 1u);
        found.column = index % push.tilesAcross;
        index /= push.tilesAcross;
    }
    found.row = index % push.tilesDown;
    found.image = index / push.tilesDown;
    return found;
}

#endif
