#pragma once

#include "quant/output_file.h"
#include "quant/tensor_writer.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace quant {

// Whether numpy has the type. The elements of others are written as unsigned integers of their size that hold
// their bits: BF16 as u2, the 8-bit floats as u1. Those of 4 and 6 bits, packed, become bytes in one row.
bool hasNumpyType(DType dtype);

// What stands before the data of an array in the npy format 1.0, a multiple of 64 bytes: row-major,
// little-endian.
std::string npyHeader(const TensorInfo& tensor);

// Streams one tensor as an npy file. The format has no room for metadata, not even the tensor's name.
class NpyWriter final : public TensorWriter {
public:
    // tensor: a description as makeTensorInfo() returns it. Throws all that OutputFile throws.
    NpyWriter(const std::filesystem::path& path, const TensorInfo& tensor);

    void write(std::span<const std::byte> bytes) override;
    void commit() override;

private:
    OutputFile m_file;
    uint64_t m_missingBytes = 0;
};

}  // namespace quant
