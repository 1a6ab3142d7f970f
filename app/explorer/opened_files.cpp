#include "app/explorer/opened_files.h"

#include "app/tensor_selection.h"
#include "quant/raw.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

namespace app {

namespace {

std::optional<quant::RawLayout> rawLayout(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return quant::rawLayoutFrom(text);
}

// A name that no other row has: rows are chosen by name.
std::string rowName(const std::string& path, const std::string& name,
                    std::unordered_set<std::string>& taken) {
    if (taken.insert(name).second) return name;
    const std::string qualified = std::filesystem::path(path).filename().string() + ":" + name;
    std::string unique = qualified;
    for (size_t more = 2; !taken.insert(unique).second; ++more)
        unique = qualified + " (" + std::to_string(more) + ")";
    return unique;
}

}  // namespace

OpenedFiles openFiles(const std::vector<std::string>& inputs, const std::string& raw) {
    Selection selection = selectTensors({inputs, rawLayout(raw)}, {}, {});
    std::vector<std::shared_ptr<const quant::TensorFile>> files;
    for (auto& file : selection.files) files.push_back(std::move(file));
    std::map<TensorRef, std::string> problems;
    for (const SkippedTensor& skipped : selection.skipped) problems[skipped.ref] = skipped.reason;
    OpenedFiles opened{.inputs = inputs, .raw = raw};
    std::unordered_set<std::string> names;
    for (size_t file = 0; file < files.size(); ++file) {
        for (size_t tensor = 0; tensor < files[file]->tensors().size(); ++tensor) {
            const quant::TensorInfo& info = files[file]->tensors()[tensor];
            const auto problem = problems.find({file, tensor});
            TensorRow row =
                tensorRow(opened.rows.size(), info, problem == problems.end() ? "" : problem->second);
            row.name = rowName(files[file]->path(), info.name, names);
            opened.rows.push_back(std::move(row));
            opened.places.push_back({files[file], tensor});
        }
    }
    return opened;
}

}  // namespace app
