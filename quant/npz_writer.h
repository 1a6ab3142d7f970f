#pragma once

#include "quant/tensor_writer.h"
#include "quant/zip_writer.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace quant {

// Throws InputError, naming `source`, for a tensor that cannot be a member NAME.npy which numpy finds by its
// name and every program unpacks below the folder it is told: a name that repeats, is empty, absolute, has an
// empty part or one that is "." or "..", a backslash or NUL, is longer than 65531 bytes, or is what numpy
// calls another member.
void checkNpzNames(const std::string& source, const std::vector<TensorInfo>& tensors);

// Streams an npz archive, as numpy.savez writes it: tensor NAME is the stored member NAME.npy (see
// hasNumpyType for types that numpy lacks). Of the metadata the entry quantizationMetadataKey alone has a
// place, as the last member, quantizationMember. The same arguments give the same bytes.
class NpzWriter final : public TensorWriter {
public:
    // tensors: descriptions as makeTensorInfo() returns them. zip64From: see ZipWriter. Throws InputError
    // (see checkNpzNames) and all that OutputFile throws.
    NpzWriter(const std::filesystem::path& path, const std::string& source, std::vector<TensorInfo> tensors,
              const std::map<std::string, std::string>& metadata = {},
              uint64_t zip64From = ZipWriter::plainLimit);

    void write(std::span<const std::byte> bytes) override;
    void commit() override;

private:
    void beginNext();

    ZipWriter m_archive;
    std::vector<TensorInfo> m_tensors;
    std::string m_record;  // may be empty
    size_t m_next = 0;     // tensor
};

}  // namespace quant
