#pragma once

#include "app/explorer/tensor_place.h"
#include "app/explorer/tensor_rows.h"

#include <string>
#include <vector>

namespace app {

// What a workspace is made of: files and folders whose headers have been read. A tensor whose name one of
// another file before it has goes by FILE:NAME in its row.
struct OpenedFiles {
    std::vector<std::string> inputs;  // paths, as the user gave them
    std::string raw;                  // layout of bare elements; empty for none
    std::vector<TensorPlace> places;  // of rows
    std::vector<TensorRow> rows;      // all tensors, in the order of the inputs
};

// It may take a while, and may be called on any thread. Throws quant::InputError, std::invalid_argument
// (raw).
OpenedFiles openFiles(const std::vector<std::string>& inputs, const std::string& raw);

}  // namespace app
