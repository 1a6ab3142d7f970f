#include "app/quantize_jobs.h"

#include "app/did_you_mean.h"
#include "app/number_text.h"
#include "quant/input_error.h"
#include "quant/quantization_plan.h"

#include <map>
#include <stdexcept>
#include <utility>

namespace app {

namespace {

std::map<std::string, TensorRef> refsByName(const Selection& selection) {
    std::map<std::string, TensorRef> refs;
    for (const TensorRef ref : selection.tensors) refs.emplace(selection.info(ref).name, ref);
    return refs;
}

[[noreturn]] void refuseUnknown(const std::string& planPath, const std::string& name,
                                const Selection& selection) {
    for (const auto& [ref, reason] : selection.skipped) {
        if (selection.info(ref).name == name)
            throw quant::InputError(selection.fileOf(ref).path(), name, reason);
    }
    std::vector<std::string> names;
    for (const TensorRef ref : selection.tensors) names.push_back(selection.info(ref).name);
    throw quant::InputError(planPath, name,
                            "is not in " + selection.files.front()->path() + didYouMean(name, names));
}

// The method must mean something on the format, and the tensor have the granularity's axis.
void checkFits(const std::string& planPath, const quant::PlannedTensor& planned,
               const quant::TensorInfo& info) {
    try {
        quant::checkMethod(planned.method, planned.format);
    } catch (const std::invalid_argument& error) {
        throw quant::InputError::atField(planPath, planned.name, "method", error.what());
    }
    const std::string problem = quant::granularityProblem(info.shape, planned.granularity);
    if (problem.empty()) return;
    throw quant::InputError::atField(
        planPath, planned.name, "granularity",
        planned.granularity.name() + ": shape " + shapeText(info.shape) + " " + problem);
}

}  // namespace

std::vector<quant::QuantizeJob> jobsFor(const Selection& selection, const quant::QuantizeOptions& options) {
    std::vector<size_t> tensors;
    for (const TensorRef ref : selection.tensors) tensors.push_back(ref.tensor);
    return quant::jobsFor(tensors, options);
}

std::vector<quant::QuantizeJob> jobsOfPlan(const std::string& planPath, Selection& selection,
                                           const quant::QuantizeOptions& options) {
    const auto refs = refsByName(selection);
    std::vector<TensorRef> chosen;
    std::vector<quant::QuantizeJob> jobs;
    for (const quant::PlannedTensor& planned : quant::readQuantizationPlan(quant::InputFile(planPath))) {
        const auto found = refs.find(planned.name);
        if (found == refs.end()) refuseUnknown(planPath, planned.name, selection);
        const TensorRef ref = found->second;
        checkFits(planPath, planned, selection.info(ref));
        quant::QuantizeJob& job = jobs.emplace_back(quant::QuantizeJob{ref.tensor, options});
        job.options.format = planned.format;
        job.options.granularity = planned.granularity;
        job.options.method = planned.method;
        chosen.push_back(ref);
    }
    selection.tensors = std::move(chosen);
    return jobs;
}

}  // namespace app
