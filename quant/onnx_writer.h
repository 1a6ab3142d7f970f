#pragma once

#include "quant/onnx.h"
#include "quant/onnx_levels.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quant {

// What takes the place of a tensor's values: integer levels, or other values of its dtype.
struct OnnxReplacement {
    size_t tensor = 0;  // index into OnnxFile::tensors()
    std::optional<OnnxLevels> levels;
};

// Throws InputError where a tensor of the model cannot be replaced: unreadable, or in place of levels an
// operator set older than 7 (ONNX 1.2), a subgraph's input, a model with training graphs, whose bindings name
// its initializers.
void checkOnnxReplacement(const OnnxFile& file, size_t tensor, bool byLevels);

// Writes a model again with some tensors replaced (see OnnxDequantizer); all else stays as it is.
//
// The model is one file, external data included, if that takes at most maxModelBytes. Otherwise the replaced
// tensors, external data, and initializers of 1024 bytes and more go into PATH.data beside it, each at a
// multiple of 4096 bytes. The files appear whole or not at all, the data before the model that needs it.
// Memory: some twice the input's size.
class OnnxWriter {
public:
    // Replacements: at most one per tensor, in the order in which their data will come. Throws InputError
    // (see checkOnnxReplacement), OutputError.
    OnnxWriter(const OnnxFile& input, const std::filesystem::path& path,
               const std::vector<OnnxReplacement>& replacements, uint64_t maxModelBytes = maxOnnxBytes);
    ~OnnxWriter();

    // How the parts of replacement `index` are called; empty for values.
    const OnnxPartNames& namesOf(size_t index) const;

    // Sets an entry of metadata_props; before commit().
    void setMetadata(const std::string& key, const std::string& value);

    // Appends data, in pieces of any size: for each replacement its levels, row-major, one or (above 8 bits)
    // two little-endian bytes each, or values of the tensor's dtype. Throws OutputError, also beyond their
    // size.
    void write(std::span<const std::byte> bytes);

    // Completes the model. Throws InputError (external data that cannot be read), OutputError, also when data
    // is missing or the model exceeds 2 GB even so.
    void commit();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace quant
