#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "quant/analysis.h"

#include <optional>
#include <string>
#include <vector>

namespace app {

// Which calibrators' clips are to be found on which format.
struct MethodsQuestion {
    TensorPlace place;
    quant::NumberFormat format;
    std::vector<std::string> methods;

    bool operator==(const MethodsQuestion&) const = default;
};

// The exact clips of calibrators on one format, one after another; octav comes first.
class MethodsTask : public Task {
public:
    MethodsTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~MethodsTask() override { stop(); }

    // profile: of the tensor. Starts anew where the question is another.
    void want(const MethodsQuestion& question, const quant::Profile& profile);
    void forget();

    // Those found so far. octav is there whether or not it is asked for.
    const std::vector<quant::MethodResult>& results() const { return m_results; }
    const quant::MethodResult* find(std::string_view method) const;

private:
    void compute();

    quant::Analyzer m_analyzer;
    std::optional<MethodsQuestion> m_question;
    std::optional<quant::Profile> m_profile;
    std::vector<quant::MethodResult> m_results;
};

}  // namespace app
