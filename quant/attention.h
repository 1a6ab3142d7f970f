#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <optional>

namespace quant {

// softmax(scale · Q·Kᵀ + mask)·V for each head: Q [heads][queries][depth], K [heads / group][keys][depth],
// V [heads / group][keys][valueDepth], result [heads][queries][valueDepth]; a batch is more heads. `group`
// neighbouring heads share a head of K and V. All lie without gaps on whole words, Q, K and V of the same
// type (fp32, fp16 or bf16), everything else of fp32.
struct AttentionProblem {
    GemmType type = GemmType::Fp32;
    uint32_t heads = 1, group = 1;
    uint32_t queries = 0, keys = 0;
    uint32_t depth = 0, valueDepth = 0;  // 1 to 256
    engine::BufferRange q, k, v, result;

    std::optional<float> scale;  // 1/√depth where there is none
    // The last query sees every key, each earlier one a key less: query i sees keys up to i + keys - queries.
    bool isCausal = false;
    // [queries][keys], added to the scores of every head: minus infinity hides a key. With isCausal, both
    // apply.
    std::optional<engine::BufferRange> mask;
    // [heads][queries]: ln Σ e^score over the keys that the query sees, minus infinity where it sees none.
    // With it, a backward pass makes the weights again.
    std::optional<engine::BufferRange> logSums;
};

// Error bound of an element of the result: at most this times the greatest |v| of its column among the keys
// that are seen, where largestScore is at least scale · Σ|q·k| + |mask| of any of these keys. Of a log of
// sums: half of it, times 1 + |log of sum|. Every score goes through depth + 3 roundings of 2^-24, an
// exponential multiplies what it is given by 2^-22, and each of up to 2·keys further operations rounds once.
// Weights below 2^-126 of the greatest count as none.
double attentionErrorBound(uint64_t depth, uint64_t keys, double largestScore);

// Attention on a device, by tiles with an online softmax: memory beside the operands is linear in queries and
// keys, and scores are never stored. It keeps that memory, and is used from one thread.
//
// Cost: 2·queries·keys·(depth + valueDepth) operations a head, about half of it when causal.
class Attention {
public:
    explicit Attention(engine::Device& device) : m_device(device) {}

    // Computes, in submissions of some 50 ms as far as a row or tile takes no longer, and returns the last
    // one's ticket.
    //
    // A query that sees no key gives zeros. NaN in a score that is seen makes its row NaN, and so does a
    // score of plus infinity; what hidden keys and their values hold is of no effect. Throws
    // std::invalid_argument for integers, depths that are not 1 to 256, heads that are no multiple of the
    // group, ranges that are too small or not on whole words, 2^31 elements or 2^30 queries and keys or more;
    // engine::OutOfMemory.
    engine::Ticket run(const AttentionProblem& problem);

    // That is kept, at present.
    uint64_t scratchBytes() const;

private:
    struct Work;
    void widen(Work& work, engine::BufferRange& operand, engine::Buffer& to, uint64_t elements);
    void attend(Work& work);
    void combine(Work& work);

    engine::Device& m_device;
    engine::Buffer m_q, m_k, m_v;          // 16-bit operands as floats
    engine::Buffer m_sums, m_sliceTotals;  // of slices of keys
};

}  // namespace quant
