#pragma once

#include "quant/input_file.h"

#include <expected>
#include <filesystem>
#include <string>

namespace quant {

// Opens the regular file that a file from elsewhere names, `relative` to `folder`, and only what truly lies
// below the folder: an absolute path, "..", and a symbolic link at any place below the folder are refused,
// for a link could lead out of it (the folder itself may be a link). Returns what is wrong otherwise. Reading
// is as ever: InputFile::path() is folder/relative.
std::expected<InputFile, std::string> openContained(const std::filesystem::path& folder,
                                                    const std::string& relative);

}  // namespace quant
