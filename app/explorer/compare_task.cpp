#include "app/explorer/compare_task.h"

#include <algorithm>
#include <stdexcept>

namespace app {

namespace {

bool takes(const quant::NumberFormat& format, const quant::Method& method) {
    try {
        quant::checkMethod(method, format);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

}  // namespace

std::vector<quant::Granularity> granularitiesFor(const quant::TensorInfo& info,
                                                 const std::vector<quant::Granularity>& asked) {
    std::vector<quant::Granularity> taken;
    for (const quant::Granularity& granularity : asked) {
        if (!quant::granularityProblem(info.shape, granularity).empty()) continue;
        const bool isWhole = granularity.kind == quant::Granularity::Kind::Tensor;
        if (isWhole || quant::layoutOf(info, granularity, "").longestSegment() > 1)
            taken.push_back(granularity);
    }
    if (taken.empty()) taken.emplace_back();
    return taken;
}

// One method at one granularity, on the formats that it means something on.
struct CompareTask::Step {
    quant::Method method;
    quant::Granularity granularity;
    std::vector<quant::NumberFormat> formats;
};

CompareTask::CompareTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device), m_analyzer(device, memoryBytes, path) {}

void CompareTask::want(const CompareQuestion& question) {
    if (m_question == question) return;
    forget();
    m_question = question;
    start([this] { compute(); });
}

void CompareTask::forget() {
    stop();
    m_question.reset();
    m_profile.reset();
    m_cells.clear();
    m_expected = 0;
}

void CompareTask::rest() {
    if (!isDone()) forget();
}

std::vector<CompareTask::Step> CompareTask::steps() const {
    const CompareQuestion& asked = *m_question;
    const bool isSigned =
        asked.sign == quant::Sign::Auto ? m_profile->hasNegative() : asked.sign == quant::Sign::Signed;
    const auto formats = quant::formatsOf({.bits = asked.bits, .formats = asked.formats}, isSigned);
    const auto granularities = granularitiesFor(asked.place.info(), asked.granularities);
    std::vector<Step> steps;
    for (size_t g = 0; g < granularities.size(); ++g) {
        for (const std::string& name : asked.methods) {
            Step step{quant::methodFrom(name), granularities[g], {}};
            for (const quant::NumberFormat& format : formats) {
                // Blocks have a granularity of their own, and stand beside the first.
                if (takes(format, step.method) && (g == 0 || !format.isBlockScaled()))
                    step.formats.push_back(format);
            }
            if (!step.formats.empty()) steps.push_back(std::move(step));
        }
    }
    return steps;
}

void CompareTask::compute() {
    const TensorPlace& place = m_question->place;
    m_analyzer.stream().select(*place.file, place.tensor);
    m_profile = m_analyzer.profilePass().profile(m_analyzer.stream());
    if (m_profile->absmax() == 0) return;
    const auto all = steps();
    for (const Step& step : all) m_expected += step.formats.size();
    for (const Step& step : all) {
        SlicedJob::pause();
        const auto part = quant::compareTensor(m_analyzer, *place.file, place.tensor,
                                               {.formats = step.formats,
                                                .methods = {step.method},
                                                .granularities = {step.granularity},
                                                .sign = m_question->sign},
                                               *m_profile);
        m_cells.insert(m_cells.end(), part.cells.begin(), part.cells.end());
    }
}

}  // namespace app
