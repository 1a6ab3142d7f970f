#include "quant/tensor_folder.h"

#include "quant/input_error.h"
#include "quant/safetensors_index.h"

#include <algorithm>
#include <set>
#include <string>
#include <system_error>

namespace quant {
namespace {

namespace fs = std::filesystem;

// Sorted, so that the order does not depend on the file system.
std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    const auto isHidden = [&] { return entry->path().filename().string().starts_with('.'); };
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        std::error_code unknown;  // then opening it will say why
        if (!isHidden() && hasTensorFileExtension(entry->path()) && !entry->is_directory(unknown))
            names.push_back(entry->path().filename().string());
    }
    if (error) throw InputError(folder.string(), "", "cannot list the folder: " + error.message());
    std::ranges::sort(names);
    return names;
}

}  // namespace

std::vector<std::unique_ptr<TensorFile>> openTensorFiles(const fs::path& path) {
    std::vector<std::unique_ptr<TensorFile>> files;
    std::error_code unknown;
    if (!fs::is_directory(path, unknown)) {
        files.push_back(openTensorFile(path));
        return files;
    }
    const auto names = namesIn(path);
    if (names.empty()) throw InputError(path.string(), "", "is a folder without any file of tensors");
    std::map<std::string, std::unique_ptr<TensorFile>> indexes;
    std::set<std::string> shards;
    for (const std::string& name : names) {
        if (!name.ends_with(safetensorsIndexExtension)) continue;
        const auto& index = indexes[name] = openTensorFile(path / name);
        for (const std::string& source : index->sourcePaths())
            shards.insert(fs::path(source).filename().string());
    }
    for (const std::string& name : names) {
        if (const auto index = indexes.find(name); index != indexes.end())
            files.push_back(std::move(index->second));
        else if (!shards.contains(name))
            files.push_back(openTensorFile(path / name));
    }
    return files;
}

}  // namespace quant
