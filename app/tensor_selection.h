#pragma once

#include "quant/metric.h"
#include "quant/raw.h"
#include "quant/segments.h"
#include "quant/tensor_file.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace app {

struct TensorRef {
    size_t file = 0, tensor = 0;  // indices into Selection::files and the file's tensors()
    auto operator<=>(const TensorRef&) const = default;
};

struct SkippedTensor {
    TensorRef ref;
    std::string reason;
};

// What the command line says of the files to read.
struct Inputs {
    std::vector<std::string> paths;       // files, and folders of files
    std::optional<quant::RawLayout> raw;  // what the files hold that do not say so themselves
};

// The tensors of some files that a command works on, in the order of the command line and the files.
struct Selection {
    std::vector<std::unique_ptr<quant::TensorFile>> files;
    std::vector<TensorRef> tensors;
    std::vector<SkippedTensor> skipped;

    std::vector<std::string> sourcePaths() const;  // of all files that are read
    const quant::TensorFile& fileOf(TensorRef ref) const { return *files[ref.file]; }
    const quant::TensorInfo& info(TensorRef ref) const { return fileOf(ref).tensors()[ref.tensor]; }
};

// Opens the files and picks the tensors that match any of the globs (all without globs). Skipped are those
// that are not of a float type, those that cannot be decoded and those that lack the channel axis. Throws
// quant::InputError: a file that cannot be used, a glob that matches nothing, an axis that no tensor has.
Selection selectTensors(const Inputs& inputs, const std::vector<std::string>& globs,
                        const quant::Granularity& granularity);

// The same for a command that works on one file: a folder must hold exactly one.
Selection selectFromOneFile(const Inputs& inputs, const std::vector<std::string>& globs,
                            const quant::Granularity& granularity);

// The files that hold the weights of a metric; none where it has no weights. Throws quant::InputError.
std::vector<std::string> sourcePaths(const quant::Metric& metric);

// Leaves of the selected tensors of one file only its weights (quant::weightTensors); returns how many go.
size_t keepWeights(Selection& selection);

// The data of the selected tensors.
uint64_t bytesOf(const Selection& selection);

// Says on stderr how many of the selected tensors are F64, which the kernels do not read, or that none is
// selected.
void noteSelection(const Selection& selection);

// The first tensor of that name. Throws quant::InputError. An empty name stands for the only tensor of a
// float type; UsageError when there is not exactly one.
TensorRef findTensor(const Selection& selection, const std::string& name);

}  // namespace app
