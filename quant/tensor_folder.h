#pragma once

#include "quant/tensor_file.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace quant {

// Opens a file of tensors, or of a folder every one that lies directly in it and bears an extension that
// openTensorFile knows, by name; hidden files are left alone. Files that an index in the folder refers to
// come with the index alone. Throws InputError: a folder that cannot be listed or holds no such file, and
// whatever openTensorFile throws.
std::vector<std::unique_ptr<TensorFile>> openTensorFiles(const std::filesystem::path& path);

}  // namespace quant
