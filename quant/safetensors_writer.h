#pragma once

#include "quant/output_file.h"
#include "quant/tensor_writer.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace quant {

// Streams a safetensors file. The same arguments give the same bytes.
//
// Tensors lie back to back in the order given. The data as a whole begins at a multiple of 8 bytes, but a
// tensor behind one of odd size is not aligned to its elements, so list wide types first where that matters.
class SafetensorsWriter final : public TensorWriter {
public:
    // tensors: descriptions as makeTensorInfo() returns them, names unique and UTF-8. metadata: strings for
    // __metadata__, left out if empty. Throws OutputError: names that repeat, are "__metadata__" or are not
    // UTF-8, a header beyond 100,000,000 bytes, and all that OutputFile throws.
    SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorInfo>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

    // Bytes of data, without the header, that are still to be written.
    uint64_t missingBytes() const { return m_missingBytes; }

    void write(std::span<const std::byte> bytes) override;
    void commit() override;

private:
    OutputFile m_file;
    uint64_t m_missingBytes = 0;
};

}  // namespace quant
