#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <optional>

namespace quant {

// Softmax with cross entropy of logits [rows][classes] (fp32, fp16 or bf16) and labels [rows] (int32): the
// loss of a row is ln Σ e^logit - logit of its label. Everything else is of fp32, all without gaps on whole
// words.
struct CrossEntropyProblem {
    GemmType type = GemmType::Fp32;
    uint32_t rows = 0, classes = 0;
    engine::BufferRange logits, labels;
    engine::BufferRange losses;                        // [rows]
    std::optional<engine::BufferRange> mean;           // one number
    std::optional<engine::BufferRange> probabilities;  // [rows][classes]
    // Rows of this label, whatever the classes, have no loss (0) and do not count in the mean.
    int32_t ignoredLabel = -100;
};

// Error bound of a loss, times 1 + loss; of a probability, times itself, next to 2^-24 and to what is too
// small for a normal float; of the mean in the same way with rows + classes, times 1 + mean.
double crossEntropyErrorBound(uint64_t classes);

// Cross entropy on a device. It keeps scratch memory, and is used from one thread.
class CrossEntropy {
public:
    explicit CrossEntropy(engine::Device& device) : m_device(device) {}

    // Computes, in submissions of some 50 ms as far as a row or tile takes no longer, and returns the last
    // one's ticket.
    //
    // A label that is no class gives a loss of NaN, and with it a mean of NaN; so do a logit that is NaN or
    // plus infinity, in its row, and a row of minus infinities. The mean of no rows that count is NaN.
    // Throws std::invalid_argument for integers, rows without classes, ranges that are too small or not on
    // whole words, and 2^31 elements or more; engine::OutOfMemory.
    //
    // Cost: reads the logits twice, or three times for probabilities, a row at once through the caches.
    engine::Ticket run(const CrossEntropyProblem& problem);

private:
    engine::Device& m_device;
    engine::Buffer m_counts, m_sums;
};

}  // namespace quant
