#pragma once

#include "quant/tensor_file.h"

#include <cstddef>
#include <memory>

namespace app {

// A tensor of an open file. The file stays open as long as anything points at one of its tensors.
struct TensorPlace {
    std::shared_ptr<const quant::TensorFile> file;
    size_t tensor = 0;

    const quant::TensorInfo& info() const { return file->tensors()[tensor]; }
    bool operator==(const TensorPlace&) const = default;
};

}  // namespace app
