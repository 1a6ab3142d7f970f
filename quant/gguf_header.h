#pragma once

#include "quant/ggml_type.h"
#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quant {

// A tensor as a GGUF header describes it, checked against the file's size.
struct GgufEntry {
    TensorInfo info;
    const GgmlType* type = nullptr;
    uint64_t begin = 0, end = 0;  // of its data, from the start of the file
};

struct GgufHeader {
    std::map<std::string, std::string> metadata;  // scalar values as text
    std::vector<GgufEntry> entries;               // by offset
};

// Reads and checks the header of a GGUF file; throws InputError. See GgufFile.
GgufHeader readGgufHeader(const InputFile& file);

}  // namespace quant
