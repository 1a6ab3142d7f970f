// What becomes of the sums of the matrix kernels: C is stored here. A kernel that includes this file calls
// storeFloat or storeInteger for every element.
#ifndef GEMM_EPILOGUE_GLSL
#define GEMM_EPILOGUE_GLSL

#extension GL_KHR_shader_subgroup_quad : require

#include "compute/gemm_memory.glsl"

layout(constant_id = 9) const uint finishing = finishPlain;

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Finish {
    GemmFinish values;
};

// Where an element of C stands.
struct PlaceOfC {
    uint batch;
    uint row;
    uint column;
};

uint channelOf(GemmEpilogue epilogue, PlaceOfC place) {
    const uint inBatch = (epilogue.flags & flagRowChannels) != 0u ? place.row : place.column;
    return place.batch % epilogue.channelBatches * epilogue.channels + inBatch;
}

uint wordAt(uvec2 address, uint index) {
    return Words(address).at[index];
}

bool isThere(uvec2 address) {
    return address != uvec2(0u);
}

// c: the row of C.
void storeFloat(GemmEpilogue epilogue, Words c, PlaceOfC place, float sum) {
    precise float value = epilogue.alpha * sum;
    // What C holds without a beta may be NaN.
    if (epilogue.beta != 0.0) value += epilogue.beta * uintBitsToFloat(c.at[place.column]);
    if (isThere(epilogue.bias)) value += uintBitsToFloat(wordAt(epilogue.bias, channelOf(epilogue, place)));
    if ((epilogue.flags & flagRelu) != 0u) value = value < 0.0 ? 0.0 : value;  // NaN stays
    c.at[place.column] = floatBitsToUint(value);
}

void storePlain(GemmEpilogue epilogue, Words c, PlaceOfC place, uint sum) {
    sum *= uint(int(epilogue.alpha));
    if (epilogue.beta != 0.0) sum += c.at[place.column];
    if (isThere(epilogue.bias)) sum += wordAt(epilogue.bias, channelOf(epilogue, place));
    if ((epilogue.flags & flagRelu) != 0u) sum = uint(max(int(sum), 0));
    c.at[place.column] = sum;
}

// Without 8-bit stores: neighbours of the word belong to other invocations.
void storeByte(Words c, uint column, uint value) {
    const uvec2 address = uvec2(wordsFrom(c, column, 1u));
    const uint shift = 8u * (address.x & 3u);
    Words word = Words(uvec2(address.x & ~3u, address.y));
    atomicAnd(word.at[0], ~(0xffu << shift));
    atomicOr(word.at[0], (value & 0xffu) << shift);
}

// Where the subgroup's lanes hold neighbouring columns, all of them C's, four make a word. column: the
// lane's, of which the first lane's is a multiple of 4.
void storeBytesOfLanes(Words c, uint column, uint value) {
    if ((uvec2(c).x & 3u) != 0u) {
        storeByte(c, column, value);
        return;
    }
    uint word = (value & 0xffu) << (8u * (column & 3u));
    word |= subgroupQuadSwapHorizontal(word);
    word |= subgroupQuadSwapVertical(word);
    if ((column & 3u) == 0u) c.at[column >> 2] = word;
}

// The sum of (a - zeroA) * (b - zeroB), with bias, modulo 2^32.
int totalOf(GemmEpilogue epilogue, Finish finish, PlaceOfC place, uint channel, uint sum) {
    const uint matrixA = place.batch % finish.values.matricesA,
               matrixB = place.batch % finish.values.matricesB;
    const uint zeroA = wordAt(finish.values.zeroPointsA, finish.values.hasChannelsA != 0u ? channel : 0u);
    const uint zeroB = wordAt(finish.values.zeroPointsB, finish.values.hasChannelsB != 0u ? channel : 0u);
    uint total = sum + finish.values.k * zeroA * zeroB;
    if (isThere(finish.values.addend))
        total += wordAt(finish.values.addend,
                        (place.batch * finish.values.m + place.row) * finish.values.n + place.column);
    if (isThere(finish.values.rowSums))
        total -= zeroB * wordAt(finish.values.rowSums, matrixA * finish.values.m + place.row);
    if (isThere(finish.values.columnSums))
        total -= zeroA * wordAt(finish.values.columnSums, matrixB * finish.values.n + place.column);
    if (isThere(epilogue.bias)) total += wordAt(epilogue.bias, channel);
    return int(total);
}

// total * multiplier / 2^shift to the nearest integer, halves upwards; saturates at 32 bits. multiplier is
// at least 0.
int scaledInteger(int total, int multiplier, int shift) {
    int high;
    uint low, carry;
    imulExtended(total, multiplier, high, low);
    low = uaddCarry(low, shift <= 32 ? 1u << (shift - 1) : 0u, carry);
    high += int(carry) + (shift > 32 ? 1 << (shift - 33) : 0);
    if (shift >= 32) return high >> (shift - 32);
    const int result = int(low >> shift | uint(high) << (32 - shift));
    return high >> shift == result >> 31 ? result : high < 0 ? int(0x80000000u) : 0x7fffffff;
}

// isOfLanes: as storeBytesOfLanes wants it; the same for all lanes.
void storeFinished(GemmEpilogue epilogue, Words c, PlaceOfC place, uint sum, bool isOfLanes) {
    Finish finish = Finish(epilogue.finish);
    const uint channel = channelOf(epilogue, place);
    const int total = totalOf(epilogue, finish, place, channel, sum);
    const uint scale = finish.values.hasChannelMultipliers != 0u ? channel : 0u;
    const uint multiplier = wordAt(finish.values.multipliers, scale);
    if (finishing == finishDequantize) {
        precise const float value = uintBitsToFloat(multiplier) * float(total);
        c.at[place.column] = floatBitsToUint(max(value, finish.values.lowest));
        return;
    }
    const int zero = finish.values.zeroPointC;
    const int low = finish.values.low - zero, high = finish.values.high - zero;
    int scaled;
    if (finishing == finishFixed) {
        scaled = scaledInteger(total, int(multiplier), int(wordAt(finish.values.shifts, scale)));
        scaled = clamp(scaled, low, high);
    } else {
        precise const float value = uintBitsToFloat(multiplier) * float(total);
        scaled = int(roundEven(clamp(value, float(low), float(high))));
    }
    if (isOfLanes)
        storeBytesOfLanes(c, place.column, uint(scaled + zero));
    else
        storeByte(c, place.column, uint(scaled + zero));
}

void storeInteger(GemmEpilogue epilogue, Words c, PlaceOfC place, uint sum, bool isOfLanes) {
    if (finishing == finishPlain)
        storePlain(epilogue, c, place, sum);
    else
        storeFinished(epilogue, c, place, sum, isOfLanes);
}
void storeInteger(GemmEpilogue epilogue, Words c, PlaceOfC place, uint sum) {
    storeInteger(epilogue, c, place, sum, false);
}

// The row of C of an element; bytes of 8-bit ones.
Words rowOfC(Words c, uint row, uint strideElements) {
    const bool isByte = finishing == finishRequantize || finishing == finishFixed;
    return wordsFrom(c, row, isByte ? strideElements : 4u * strideElements);
}

#endif
