#version 460
// The OCTAV root of every segment for up to eight grids: a segment is read once and kept in shared memory, where only
// the elements near and above the roots stay. Newton's steps decide in floats where to look; what is counted and
// summed there is exact, and the host verifies and finishes in integers (quant/segment_octav.cpp).
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_reduce.glsl"

layout(constant_id = 4) const uint keptPerLane = 1;  // longest segment over lanes, rounded up; 1 where none is kept
layout(constant_id = 5) const bool isKept = false;
layout(constant_id = 6) const uint gridCount = 8;
layout(push_constant, scalar) uniform Push { SegmentOctavPush push; };

shared uint kept[workgroupSize * keptPerLane];

const uint maxSteps = 48u, newtonSteps = 12u;  // after these, bisection
const uint widestShift = 7u;                   // of a 24-bit significand in 32 bits
const uint largestFinite = 0x7f7fffffu;

// Of this invocation's segment.
uint segmentElements, firstElement;
uint listed;       // candidates of this lane
uint nonzero;      // nonzero finite magnitudes
uint largest;      // the largest of them
uint floorBits;    // magnitudes below this are no longer listed

uint shiftOf(uint magnitude) { return max(magnitude >> 23, 1u) - 1u; }
uint significandOf(uint magnitude) { return magnitude < 0x800000u ? magnitude : magnitude & 0x7fffffu | 0x800000u; }

// Bits of the magnitude value * 2^(shift - 149), value being a float of at least 1.
uint magnitudeBitsOf(float value, uint shift) {
    if (shift == 0u && value < 8388608.0) return uint(value);
    const int field = int(floatBitsToUint(value) >> 23) + int(shift) - 149;
    return uint(clamp(field, 1, 254)) << 23 | floatBitsToUint(value) & 0x7fffffu;
}

uint fetch(uint i) {
    return countedMagnitude(loadElement(push.data, firstElement + segmentOffset(push.geometry, i)), push.sides);
}
uint keptIndex(uint j) { return j * workgroupSize + gl_LocalInvocationID.x; }
uint candidate(uint j) { return isKept ? kept[keptIndex(j)] : fetch(laneIndex() + j * laneCount()); }

// Reads the segment and keeps it. Returns the sum of its magnitudes.
float load() {
    float sum = 0.0;
    listed = 0u;
    nonzero = 0u;
    largest = 0u;
    for (uint i = laneIndex(); i < segmentElements; i += laneCount()) {
        const uint magnitude = fetch(i);
        nonzero += uint(magnitude != 0u);
        largest = max(largest, magnitude);
        sum += uintBitsToFloat(magnitude);
        if (isKept) kept[keptIndex(listed)] = magnitude;
        ++listed;
    }
    nonzero = reduceAdd(nonzero);
    largest = reduceMax(largest);
    floorBits = 0u;
    return reduceAddFloat(sum);
}

// Drops what lies below the floor, in place: a lane writes only where it has read.
void compact(uint newFloor) {
    uint left = 0u;
    for (uint j = 0u; j < listed; ++j) {
        const uint magnitude = kept[keptIndex(j)];
        kept[keptIndex(left)] = magnitude;
        left += uint(magnitude >= newFloor);
    }
    listed = left;
    floorBits = newFloor;
}

// The search for one grid's root: it is above `low` and at most `high`.
struct Search {
    uint threshold;
    uint low, high;
    bool isDone;
};

// Count, exact sum and neighbours at every search's threshold.
void evaluate(in Search searches[gridCount], out SegmentRoot roots[gridCount]) {
    uint shifts[gridCount];
    for (uint g = 0u; g < gridCount; ++g) {
        shifts[g] = shiftOf(searches[g].threshold);
        roots[g] = SegmentRoot(0xffffffffu, 0u, 0u, 0u, 0u, 0u, 0u, shifts[g]);
    }
    for (uint j = 0u; j < listed; ++j) {
        const uint magnitude = candidate(j);
        const uint significand = significandOf(magnitude), shift = shiftOf(magnitude);
        for (uint g = 0u; g < gridCount; ++g) {
            const bool hit = magnitude >= searches[g].threshold;
            const uint fixedPoint = hit ? significand << min(shift - shifts[g], widestShift) : 0u;
            roots[g].atOrAbove += uint(hit);
            roots[g].sumLow += fixedPoint & 0xffffu;
            roots[g].sumHigh += fixedPoint >> 16;
            roots[g].v = min(roots[g].v, hit ? magnitude : 0xffffffffu);
            roots[g].u = max(roots[g].u, hit ? 0u : magnitude);
        }
    }
    for (uint g = 0u; g < gridCount; ++g) {
        roots[g].atOrAbove = reduceAdd(roots[g].atOrAbove);
        roots[g].sumLow = reduceAdd(roots[g].sumLow);
        roots[g].sumHigh = reduceAdd(roots[g].sumHigh);
        roots[g].v = reduceMin(roots[g].v);
        roots[g].u = max(reduceMax(roots[g].u), max(floorBits, 1u) - 1u);
        roots[g].below = nonzero - roots[g].atOrAbove;
    }
}

uint countAbove(uint value) {
    uint count = 0u;
    for (uint j = 0u; j < listed; ++j) count += uint(candidate(j) > value);
    return reduceAdd(count);
}

void store(uint grid, SegmentRoot root, uint state) {
    root.shiftAndState |= state << 16;
    if (laneIndex() == 0u) push.roots.at[segmentIndex(push.geometry) * gridCount + grid] = root;
}

// From the counts at the threshold to the root, or to the next threshold.
void advance(inout Search search, uint grid, SegmentRoot root, uint stepNumber) {
    const uint shift = root.shiftAndState;
    uint next = root.u;
    if (root.atOrAbove == 0u) {
        search.high = min(search.high, root.u);
    } else if (shiftOf(largest) - shift > widestShift) {
        // A lower threshold only widens the range.
        store(grid, root, segmentUnsolved);
        search.isDone = true;
        return;
    } else {
        const float factor = push.inverseNoiseFactor[grid];
        const float sum = float(root.sumHigh) * 65536.0 + float(root.sumLow);
        next = magnitudeBitsOf(factor * sum / (float(root.below) + factor * float(root.atOrAbove)), shift);
        const bool isBelow = next <= root.u;
        const bool isAbove = next > root.v;
        const bool isAtValue = isAbove && search.high <= root.v;
        if (isAtValue) root.aboveV = countAbove(root.v);
        if (isAtValue || (!isBelow && !isAbove)) {
            store(grid, root, isAtValue ? segmentAtValue : segmentSolved);
            search.isDone = true;
            return;
        }
        if (isBelow) search.high = min(search.high, root.u);
        if (isAbove) search.low = max(search.low, root.v);
    }
    if (stepNumber >= newtonSteps) next = search.low + (search.high - search.low + 1u) / 2u;
    search.threshold = clamp(next, min(search.low + 1u, search.high), search.high);
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    segmentElements = segmentLength(push.geometry, segment);
    firstElement = segmentStart(push.geometry, segment);
    const float sum = load();
    if (segment >= push.geometry.segments) return;
    if (nonzero == 0u) {
        for (uint g = 0u; g < gridCount; ++g) store(g, SegmentRoot(0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u), segmentEmpty);
        return;
    }
    const float mean = sum / float(nonzero);
    Search searches[gridCount];
    SegmentRoot roots[gridCount];
    uint lowest = largestFinite;
    for (uint g = 0u; g < gridCount; ++g) {
        const uint start = clamp(floatBitsToUint(mean * push.startRatio[g]), 1u, largest);
        searches[g] = Search(start, 0u, largest, false);
        lowest = min(lowest, start);
    }
    if (isKept && lowest > 0x1000000u) compact(lowest - 0x400000u);  // half an octave below
    for (uint stepNumber = 0u; stepNumber < maxSteps; ++stepNumber) {
        evaluate(searches, roots);
        bool isDone = true;
        lowest = largestFinite;
        for (uint g = 0u; g < gridCount; ++g) {
            if (!searches[g].isDone) advance(searches[g], g, roots[g], stepNumber);
            isDone = isDone && searches[g].isDone;
            if (!searches[g].isDone) lowest = min(lowest, searches[g].threshold);
        }
        if (isDone) return;
        if (lowest < floorBits) load();
    }
    for (uint g = 0u; g < gridCount; ++g) {
        if (!searches[g].isDone) store(g, roots[g], segmentUnsolved);
    }
}
