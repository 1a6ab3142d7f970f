#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "quant/comparison.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

// Which cells of a tensor's comparison are to be filled.
struct CompareQuestion {
    TensorPlace place;
    std::vector<uint32_t> bits;
    std::vector<quant::NumberFormat> formats;  // instead of integers of `bits` bits, unless empty
    quant::Sign sign{};
    std::vector<std::string> methods;
    std::vector<quant::Granularity> granularities;

    bool operator==(const CompareQuestion&) const = default;
};

// Of the granularities asked for those that say anything of a tensor of that shape: it has their axis, and
// more than one element shares a clip. The whole tensor where none is left.
std::vector<quant::Granularity> granularitiesFor(const quant::TensorInfo& info,
                                                 const std::vector<quant::Granularity>& asked);

// The SQNR of every method on every format at every granularity of one tensor, a method at one granularity
// after the other; left out is what means nothing (checkMethod).
class CompareTask : public Task {
public:
    CompareTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~CompareTask() override { stop(); }

    // Starts anew where the question is another.
    void want(const CompareQuestion& question);
    void forget();
    // Nobody looks at the moment: what is not done is given up, what is done is kept.
    void rest();

    // Those found so far, in the order of quant::TensorComparison.
    const std::vector<quant::ComparisonCell>& cells() const { return m_cells; }
    // All of them, once that is known.
    size_t expected() const { return m_expected; }
    // Once the tensor's profile is known.
    const std::optional<quant::Profile>& profile() const { return m_profile; }

private:
    struct Step;
    std::vector<Step> steps() const;
    void compute();

    quant::Analyzer m_analyzer;
    std::optional<CompareQuestion> m_question;
    std::optional<quant::Profile> m_profile;
    std::vector<quant::ComparisonCell> m_cells;
    size_t m_expected = 0;
};

}  // namespace app
