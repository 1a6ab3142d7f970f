#version 460
// The OCTAV root of every segment for up to eight grids: a segment is read once and kept in shared memory,
// where only the elements near and above the roots stay. Newton's steps decide in floats where to look; what
// is counted and summed there is exact, and the host verifies and finishes in integers
// (quant/segment_root.cpp).
#extension GL_GOOGLE_include_directive : require

#include "compute/segment_reduce.glsl"

layout(constant_id = 4) const uint keptPerLane =
    1;  // longest segment over lanes, rounded up; 1 where none is kept
layout(constant_id = 5) const bool isKept = false;
layout(push_constant, scalar) uniform Push {
    SegmentOctavPush push;
};

shared uint kept[workgroupSize * keptPerLane];

const uint maxSteps = 48u, newtonSteps = 12u;  // after these, bisection
const uint widestShift = 7u;                   // of a 24-bit significand in 32 bits
const uint roughSteps = 6u;
const uint margin = 0x180000u;     // of the floor below a root's expected place: a fifth of an octave
const uint worthwhile = 0x80000u;  // rise of the floor that pays for a compaction
const uint settled = 0x20000u;  // a Newton step below 1.6% brings the next within reach of the exact search

// Of this invocation's segment.
uint segmentElements, firstElement;
uint listed;     // candidates of this lane
uint nonzero;    // nonzero finite magnitudes
uint largest;    // the largest of them
uint floorBits;  // magnitudes below this are no longer listed

uint shiftOf(uint magnitude) {
    return max(magnitude >> 23, 1u) - 1u;
}
uint significandOf(uint magnitude) {
    return magnitude < 0x800000u ? magnitude : magnitude & 0x7fffffu | 0x800000u;
}

// Bits of the magnitude value * 2^(shift - 149), value being a float of at least 1.
uint magnitudeBitsOf(float value, uint shift) {
    if (shift == 0u && value < 8388608.0) return uint(value);
    const int field = int(floatBitsToUint(value) >> 23) + int(shift) - 149;
    return uint(clamp(field, 1, 254)) << 23 | floatBitsToUint(value) & 0x7fffffu;
}

uint fetch(uint i) {
    return countedMagnitude(loadElement(push.data, firstElement + segmentOffset(i)), push.sides);
}
uint keptIndex(uint j) {
    return j * workgroupSize + gl_LocalInvocationID.x;
}
uint candidate(uint j) {
    return isKept ? kept[keptIndex(j)] : fetch(laneIndex() + j * laneCount());
}

// Reads the segment and keeps what reaches the floor. Returns the sum of all its magnitudes.
float load(uint newFloor) {
    float sum = 0.0;
    listed = 0u;
    nonzero = 0u;
    largest = 0u;
    for (uint i = laneIndex(); i < segmentElements; i += laneCount()) {
        const uint magnitude = fetch(i);
        nonzero += uint(magnitude != 0u);
        largest = max(largest, magnitude);
        sum += uintBitsToFloat(magnitude);
        // Written always and kept by moving on: on CPUs a store costs less than a branch that is hard to
        // predict.
        if (isKept) kept[keptIndex(listed)] = magnitude;
        listed += uint(!isKept || magnitude >= newFloor);
    }
    nonzero = reduceAdd(nonzero);
    largest = reduceMax(largest);
    floorBits = isKept ? newFloor : 0u;
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
    uint grid;
    uint threshold;
    uint low, high;
    bool isDone;
};

// Count, exact sum and neighbours at a threshold.
SegmentRoot evaluate(uint threshold) {
    const uint shift = shiftOf(threshold);
    SegmentRoot root = SegmentRoot(0xffffffffu, 0u, 0u, 0u, 0u, 0u, 0u, shift);
    for (uint j = 0u; j < listed; ++j) {
        const uint magnitude = candidate(j);
        const bool hit = magnitude >= threshold;
        const uint fixedPoint =
            hit ? significandOf(magnitude) << min(shiftOf(magnitude) - shift, widestShift) : 0u;
        root.atOrAbove += uint(hit);
        root.sumLow += fixedPoint & 0xffffu;
        root.sumHigh += fixedPoint >> 16;
        root.v = min(root.v, hit ? magnitude : 0xffffffffu);
        root.u = max(root.u, hit ? 0u : magnitude);
    }
    root.atOrAbove = reduceAdd(root.atOrAbove);
    root.sumLow = reduceAdd(root.sumLow);
    root.sumHigh = reduceAdd(root.sumHigh);
    root.v = reduceMin(root.v);
    root.u = max(reduceMax(root.u), max(floorBits, 1u) - 1u);
    root.below = nonzero - root.atOrAbove;
    return root;
}

// Newton's next threshold from float sums: cheaper than evaluate(), for the way to the root's neighbourhood.
uint newtonStep(uint grid, uint threshold) {
    const float scale = uintBitsToFloat(0x7f000000u - (threshold & 0x7f800000u));  // keeps sums near 1
    uint above = 0u;
    float sum = 0.0;
    for (uint j = 0u; j < listed; ++j) {
        const uint magnitude = candidate(j);
        const bool hit = magnitude >= threshold;
        above += uint(hit);
        sum += hit ? uintBitsToFloat(magnitude) * scale : 0.0;
    }
    const float factor = push.inverseNoiseFactor[grid];
    const float count = float(reduceAdd(above));
    const float root = factor * reduceAddFloat(sum) / (float(nonzero) - count + factor * count) / scale;
    return clamp(floatBitsToUint(root), 1u, largest);
}

uint countAbove(uint value) {
    uint count = 0u;
    for (uint j = 0u; j < listed; ++j) count += uint(candidate(j) > value);
    return reduceAdd(count);
}

void finish(inout Search search, SegmentRoot root, uint state) {
    search.isDone = true;
    root.shiftAndState |= state << 16;
    if (laneIndex() == 0u) push.roots.at[segmentIndex(push.geometry) * push.gridCount + search.grid] = root;
}

// From the counts at the threshold to the root, or to the next threshold.
void advance(inout Search search, SegmentRoot root, uint stepNumber) {
    const uint shift = root.shiftAndState;
    uint next = root.u;
    if (root.atOrAbove == 0u) {
        search.high = min(search.high, root.u);
    } else if (shiftOf(largest) - shift > widestShift) {
        finish(search, root, segmentUnsolved);  // a lower threshold would only widen the range
        return;
    } else {
        const float factor = push.inverseNoiseFactor[search.grid];
        const float sum = float(root.sumHigh) * 65536.0 + float(root.sumLow);
        next = magnitudeBitsOf(factor * sum / (float(root.below) + factor * float(root.atOrAbove)), shift);
        const bool isBelow = next <= root.u;
        const bool isAbove = next > root.v;
        const bool isAtValue = isAbove && search.high <= root.v;
        if (isAtValue) root.aboveV = countAbove(root.v);
        if (isAtValue || (!isBelow && !isAbove)) {
            finish(search, root, isAtValue ? segmentAtValue : segmentSolved);
            return;
        }
        if (isBelow) search.high = min(search.high, root.u);
        if (isAbove) search.low = max(search.low, root.v);
    }
    if (stepNumber >= newtonSteps) next = search.low + (search.high - search.low + 1u) / 2u;
    search.threshold = clamp(next, min(search.low + 1u, search.high), search.high);
}

// The grids come with rising start ratios, so that each can drop what only smaller roots need.
void solve(uint grid, float mean) {
    uint start = clamp(floatBitsToUint(mean * push.startRatio[grid]), 1u, largest);
    if (isKept) {
        const uint floor_ = start > margin ? start - margin : 0u;
        if (floor_ < floorBits)
            load(floor_);
        else if (floor_ > floorBits + worthwhile)
            compact(floor_);
    }
    for (uint stepNumber = 0u; stepNumber < roughSteps; ++stepNumber) {
        const uint next = newtonStep(grid, start);
        if (isKept && next < floorBits) load(0u);
        const uint moved = max(next, start) - min(next, start);
        start = next;
        if (moved < settled) break;
    }
    Search search = Search(grid, start, 0u, largest, false);
    for (uint stepNumber = 0u; stepNumber < maxSteps && !search.isDone; ++stepNumber) {
        if (search.threshold < floorBits) load(0u);
        const SegmentRoot root = evaluate(search.threshold);
        advance(search, root, stepNumber);
    }
    if (!search.isDone) finish(search, SegmentRoot(0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u), segmentUnsolved);
}

void main() {
    const uint segment = segmentIndex(push.geometry);
    segmentElements = segmentLength(push.geometry, segment);
    firstElement = segmentStart(push.geometry, segment);
    const float sum = load(push.firstFloor);
    if (segment >= push.geometry.segments) return;
    const float mean = sum / float(max(nonzero, 1u));
    for (uint grid = 0u; grid < push.gridCount; ++grid) {
        if (nonzero != 0u) {
            solve(grid, mean);
        } else {
            Search search = Search(grid, 0u, 0u, 0u, false);
            finish(search, SegmentRoot(0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u), segmentEmpty);
        }
    }
}
