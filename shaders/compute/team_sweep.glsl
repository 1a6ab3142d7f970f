// How a team reads its block of a tensor once for up to eight candidates and adds up what they come to
// (error.h has the shape of the sums). Before it is included, a kernel defines
//
//     Sum, Sum noSum(), Sum added(Sum, Sum)  what is added up for a candidate
//     uvec2 wordsOf(Sum)                     as it is stored
//     Sum steps[candidatesPerTeam]
//     takeCandidate(uint c, uint candidate)  steps[c] is to be of that candidate
//     addQuad(uint quad, uvec4 bits, vec4 x) adds the four elements from 4 * quad on to every steps[c]
#ifndef TEAM_SWEEP_GLSL
#define TEAM_SWEEP_GLSL

const uint quadsPerLane = blockElements / 4u / teamSize;
const uint quadsPerStep = 16u;

shared Sum sums[256u];

// The block's sums go to partials[firstBlock + block][candidate].
void sweepBlock(Words4 data, uint elements, int exponent, uint candidateCount, Words2 partials,
                uint firstBlock) {
    const uint lane = gl_LocalInvocationID.x % teamSize;
    const uint candidateGroups = (candidateCount + candidatesPerTeam - 1u) / candidatesPerTeam;
    const uint team = invocationIndex() / teamSize;
    const uint block = team / candidateGroups;
    const uint first = team % candidateGroups * candidatesPerTeam;
    const bool inside = block * blockElements < elements;
    Sum totals[candidatesPerTeam];
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        takeCandidate(c, min(first + c, candidateCount - 1u));
        totals[c] = noSum();
    }
    const uint firstQuad = block * (blockElements / 4u) + lane;
    for (uint outer = 0u; inside && outer < quadsPerLane; outer += quadsPerStep) {
        if (4u * (firstQuad - lane + outer * teamSize) >= elements) break;
        for (uint c = 0u; c < candidatesPerTeam; ++c) steps[c] = noSum();
        for (uint j = outer; j < outer + quadsPerStep; ++j) {
            const uint quad = firstQuad + j * teamSize;
            if (4u * quad >= elements) break;
            uvec4 bits = loadQuad(data, quad);
            // Past the end stands padding: infinities add nothing.
            for (uint i = 1u; i < 4u; ++i) bits[i] = 4u * quad + i < elements ? bits[i] : 0x7f800000u;
            addQuad(quad, bits,
                    vec4(scaledElement(bits.x, exponent), scaledElement(bits.y, exponent),
                         scaledElement(bits.z, exponent), scaledElement(bits.w, exponent)));
        }
        for (uint c = 0u; c < candidatesPerTeam; ++c) totals[c] = added(totals[c], steps[c]);
    }
    for (uint c = 0u; c < candidatesPerTeam; ++c) {
        const uint slot = gl_LocalInvocationID.x;
        barrier();
        sums[slot] = totals[c];
        for (uint half_ = teamSize / 2u; half_ > 0u; half_ /= 2u) {
            barrier();
            if (lane < half_) sums[slot] = added(sums[slot], sums[slot + half_]);
        }
        if (lane == 0u && inside && first + c < candidateCount)
            partials.at[(firstBlock + block) * candidateCount + first + c] = wordsOf(sums[slot]);
    }
}

#endif
