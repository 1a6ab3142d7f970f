#include "quant/cross_entropy.h"

#include "quant/layer_work.h"
#include "shaders/cross_entropy.h"

#include <algorithm>

namespace quant {

namespace {

using engine::BufferRange;

void check(const CrossEntropyProblem& problem) {
    floatElement(problem.type);
    requireOfLayer(problem.classes > 0 || problem.rows == 0, "rows without classes");
    const uint32_t elements = elementsOf("logits", {problem.rows, problem.classes});
    checkRange("logits", problem.logits, elements, problem.type);
    checkRange("labels", problem.labels, problem.rows);
    checkRange("losses", problem.losses, problem.rows);
    if (problem.mean) checkRange("mean", *problem.mean, 1);
    if (problem.probabilities) checkRange("probabilities", *problem.probabilities, elements);
}

// Adds up level by level until one group is left; sums: [level][losses, counts][groups].
void addUp(LayerWork& work, BufferRange losses, BufferRange counts, const engine::Buffer& sums, uint32_t rows,
           const BufferRange& mean) {
    const auto& kernel = work.laneKernel("loss_mean", {{0, floatElement(GemmType::Fp32)}});
    uint64_t offset = 0;
    for (bool isLast = false; !isLast;) {
        const uint64_t groups = std::max<uint64_t>(quotient<uint64_t>(rows, shaders::lossesPerGroup), 1);
        const BufferRange lossSums(sums, offset, groups * 4),
            countSums(sums, offset + groups * 4, groups * 4);
        const shaders::LossMeanPush push{.losses = losses.address(),
                                         .counts = counts.address(),
                                         .lossSums = lossSums.address(),
                                         .countSums = countSums.address(),
                                         .mean = mean.address(),
                                         .rows = rows};
        work.commands().dispatch(kernel, groups * work.lanes(), push, {losses, counts},
                                 {lossSums, countSums, mean});
        isLast = groups == 1;
        losses = lossSums;
        counts = countSums;
        rows = static_cast<uint32_t>(groups);
        offset += groups * 8;
    }
}

}  // namespace

double crossEntropyErrorBound(uint64_t classes) {
    return (static_cast<double>(classes) + 64) * 0x1p-24;
}

engine::Ticket CrossEntropy::run(const CrossEntropyProblem& problem) {
    check(problem);
    const auto& [type, rows, classes, logits, labels, losses, mean, probabilities, ignoredLabel] = problem;
    LayerWork work(m_device);
    if (rows == 0) {
        if (mean) work.commands().fill({*mean->buffer, mean->offset, 4}, 0x7fc00000u);
        return work.submit();
    }
    growTo(m_device, m_counts, uint64_t{rows} * 4, "rows that count");
    const auto& kernel = work.laneKernel("cross_entropy", {{0, floatElement(type)}});
    const BufferRange written = probabilities.value_or(losses);
    work.inParts(rows, (probabilities ? 4.0 : 2.0) * classes, [&](uint32_t first, uint32_t count) {
        const shaders::CrossEntropyPush push{.logits = logits.address(),
                                             .labels = labels.address(),
                                             .losses = losses.address(),
                                             .counts = m_counts.address(),
                                             .probabilities = written.address(),
                                             .hasProbabilities = probabilities.has_value(),
                                             .classes = classes,
                                             .ignoredLabel = ignoredLabel,
                                             .firstRow = first,
                                             .rows = first + count};
        work.commands().dispatch(kernel, uint64_t{count} * work.lanes(), push, {logits, labels},
                                 {losses, m_counts, written});
    });
    if (mean) {
        const uint64_t groups = quotient<uint64_t>(rows, shaders::lossesPerGroup);
        growTo(m_device, m_sums, 2 * 8 * (groups + 2), "sums of losses");
        addUp(work, losses, m_counts, m_sums, rows, *mean);
    }
    return work.submit();
}

}  // namespace quant
