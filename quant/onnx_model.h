#pragma once

#include "quant/input_file.h"
#include "quant/onnx_places.h"
#include "quant/onnx_tensor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace quant {

// The files that hold a model's external data, opened once each; safe from several threads.
class OnnxExternalFiles {
public:
    explicit OnnxExternalFiles(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    // Throws InputError naming the tensor of the model `file`: see openContained().
    std::shared_ptr<const InputFile> open(const std::string& file, const std::string& tensor,
                                          const std::string& location);

private:
    std::filesystem::path m_folder;
    std::mutex m_mutex;
    std::map<std::string, std::shared_ptr<const InputFile>> m_files;
};

// What stands behind an OnnxFile.
struct OnnxModel {
    explicit OnnxModel(std::filesystem::path folder) : externalFiles(std::move(folder)) {}

    onnx::ModelProto proto;
    std::vector<OnnxPlace> places;      // per tensor of the file
    std::vector<OnnxStorage> storages;  // likewise
    mutable OnnxExternalFiles externalFiles;

    std::set<std::string> locations() const;  // of external data, as the model names them
};

}  // namespace quant
