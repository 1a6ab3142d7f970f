#include "app/tensor_selection.h"

#include "app/did_you_mean.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/usage_error.h"
#include "quant/input_error.h"

#include <algorithm>

namespace app {

namespace {

std::vector<TensorRef> allTensors(const Selection& selection) {
    std::vector<TensorRef> refs;
    for (size_t file = 0; file < selection.files.size(); ++file) {
        const size_t tensors = selection.files[file]->tensors().size();
        for (size_t tensor = 0; tensor < tensors; ++tensor) refs.push_back({file, tensor});
    }
    return refs;
}

bool matchesAny(const std::vector<std::string>& globs, const std::string& name) {
    return std::ranges::any_of(globs, [&](const std::string& glob) { return matches(glob, name); });
}

void requireMatch(const Selection& selection, const std::vector<TensorRef>& refs, const std::string& glob) {
    std::vector<std::string> names;
    for (const TensorRef ref : refs) {
        names.push_back(selection.info(ref).name);
        if (matches(glob, names.back())) return;
    }
    const std::string problem = "none of " + counted(names.size(), "tensor") + " matches '" + glob + "'";
    throw quant::InputError(selection.files.front()->path(), "", problem + didYouMean(glob, names));
}

// Empty for a tensor that can be analyzed.
std::string reasonToSkip(const quant::TensorInfo& info, const quant::Granularity& granularity) {
    if (!isAnalyzable(info.dtype)) return "dtype " + std::string(name(info.dtype)) + " is not a float type";
    const std::string problem = quant::granularityProblem(info.shape, granularity);
    return problem.empty() ? "" : "shape " + shapeText(info.shape) + " " + problem;
}

}  // namespace

Selection selectTensors(const std::vector<std::string>& paths, const std::vector<std::string>& globs,
                        const quant::Granularity& granularity) {
    Selection selection;
    for (const std::string& path : paths) selection.files.push_back(quant::openTensorFile(path));
    const auto refs = allTensors(selection);
    for (const std::string& glob : globs) requireMatch(selection, refs, glob);
    const SkippedTensor* withoutAxis = nullptr;
    for (const TensorRef ref : refs) {
        const quant::TensorInfo& info = selection.info(ref);
        if (!globs.empty() && !matchesAny(globs, info.name)) continue;
        const std::string reason = reasonToSkip(info, granularity);
        if (reason.empty())
            selection.tensors.push_back(ref);
        else
            selection.skipped.push_back({ref, reason});
    }
    for (const SkippedTensor& skipped : selection.skipped) {
        if (!withoutAxis && isAnalyzable(selection.info(skipped.ref).dtype)) withoutAxis = &skipped;
    }
    if (withoutAxis && selection.tensors.empty()) {
        const auto& [ref, reason] = *withoutAxis;
        throw quant::InputError(selection.fileOf(ref).path(), selection.info(ref).name, reason);
    }
    return selection;
}

uint64_t bytesOf(const Selection& selection) {
    uint64_t bytes = 0;
    for (const TensorRef ref : selection.tensors) bytes += selection.info(ref).sizeBytes;
    return bytes;
}

void noteNarrowing(const Selection& selection) {
    const auto wide = std::ranges::count_if(
        selection.tensors, [&](TensorRef ref) { return selection.info(ref).dtype == quant::DType::F64; });
    if (wide > 0)
        printMessage("note", counted(static_cast<uint64_t>(wide), "F64 tensor") + " narrowed to F32");
}

TensorRef findTensor(const Selection& selection, const std::string& name) {
    const std::string& path = selection.files.front()->path();
    if (name.empty()) {
        if (selection.tensors.size() == 1) return selection.tensors.front();
        throw UsageError(
            "--tensor is needed: " + path + " has " + counted(selection.tensors.size(), "tensor"), "sweep");
    }
    std::vector<std::string> names;
    for (const TensorRef ref : selection.tensors) {
        if (selection.info(ref).name == name) return ref;
        names.push_back(selection.info(ref).name);
    }
    for (const auto& [ref, reason] : selection.skipped) {
        if (selection.info(ref).name == name) throw quant::InputError(path, name, reason);
    }
    const std::string problem = "no tensor is named '" + name + "' (" + counted(names.size(), "tensor") + ")";
    throw quant::InputError(path, "", problem + didYouMean(name, names));
}

}  // namespace app
