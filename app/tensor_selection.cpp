#include "app/tensor_selection.h"

#include "app/did_you_mean.h"
#include "app/messages.h"
#include "app/number_text.h"
#include "app/options.h"
#include "app/usage_error.h"
#include "quant/input_error.h"
#include "quant/quantize.h"
#include "quant/tensor_folder.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

namespace app {

namespace {

std::vector<std::unique_ptr<quant::TensorFile>> openInputs(const Inputs& inputs) {
    std::vector<std::unique_ptr<quant::TensorFile>> files;
    for (const std::string& path : inputs.paths) {
        if (inputs.raw) {
            files.push_back(std::make_unique<quant::RawFile>(quant::InputFile(path), *inputs.raw));
            continue;
        }
        for (auto& file : quant::openTensorFiles(path)) files.push_back(std::move(file));
    }
    return files;
}

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
    if (!info.unreadable.empty()) return info.unreadable;
    if (!isAnalyzable(info.dtype)) return "dtype " + std::string(name(info.dtype)) + " is not a float type";
    const std::string problem = quant::granularityProblem(info.shape, granularity);
    return problem.empty() ? "" : "shape " + shapeText(info.shape) + " " + problem;
}

Selection selectFrom(std::vector<std::unique_ptr<quant::TensorFile>> files,
                     const std::vector<std::string>& globs, const quant::Granularity& granularity) {
    Selection selection{std::move(files), {}, {}};
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
        const quant::TensorInfo& info = selection.info(skipped.ref);
        const bool lacksAxis = info.unreadable.empty() && isAnalyzable(info.dtype);
        if (lacksAxis && withoutAxis == nullptr) withoutAxis = &skipped;
    }
    if (withoutAxis != nullptr && selection.tensors.empty()) {
        const auto& [ref, reason] = *withoutAxis;
        throw quant::InputError(selection.fileOf(ref).path(), selection.info(ref).name, reason);
    }
    return selection;
}

}  // namespace

std::vector<std::string> Selection::sourcePaths() const {
    std::vector<std::string> paths;
    for (const auto& file : files) std::ranges::copy(file->sourcePaths(), std::back_inserter(paths));
    return paths;
}

Selection selectTensors(const Inputs& inputs, const std::vector<std::string>& globs,
                        const quant::Granularity& granularity) {
    return selectFrom(openInputs(inputs), globs, granularity);
}

Selection selectFromOneFile(const Inputs& inputs, const std::vector<std::string>& globs,
                            const quant::Granularity& granularity) {
    auto files = openInputs(inputs);
    if (files.size() == 1) return selectFrom(std::move(files), globs, granularity);
    const auto nameOf = [&](size_t file) {
        return std::filesystem::path(files[file]->path()).filename().string();
    };
    throw quant::InputError(inputs.paths.front(), "",
                            "holds " + counted(files.size(), "file") + " of tensors (" + nameOf(0) + ", " +
                                nameOf(1) + (files.size() > 2 ? ", ...)" : ")") + ": name one of them");
}

std::vector<std::string> sourcePaths(const quant::Metric& metric) {
    if (metric.kind != quant::MetricKind::Weighted) return {};
    return quant::openTensorFile(metric.path)->sourcePaths();
}

size_t keepWeights(Selection& selection) {
    const auto weights = quant::weightTensors(*selection.files.front());  // ascending
    return std::erase_if(selection.tensors,
                         [&](TensorRef ref) { return !std::ranges::binary_search(weights, ref.tensor); });
}

uint64_t bytesOf(const Selection& selection) {
    uint64_t bytes = 0;
    for (const TensorRef ref : selection.tensors) bytes += selection.info(ref).sizeBytes;
    return bytes;
}

void noteSelection(const Selection& selection) {
    if (selection.tensors.empty() && !selection.files.empty()) {
        printMessage("warning", selection.files.front()->path() + ": holds no tensor of a float type (" +
                                    counted(selection.skipped.size(), "tensor") + " skipped)");
    }
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
