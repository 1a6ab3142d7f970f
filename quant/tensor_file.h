#pragma once

#include "quant/dtype.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quant {

// One tensor as its file describes it. Row-major shape; an empty shape is a scalar with one element.
struct TensorInfo {
    std::string name;  // valid UTF-8, but otherwise anything: printable() before it meets a terminal
    DType dtype = DType::F32;
    std::vector<uint64_t> shape;
    uint64_t elements = 0;   // product of shape, checked against overflow
    uint64_t sizeBytes = 0;  // elements * elementSizeBits(dtype) / 8
    // What the file stores where it is not dtype: "Q4_K" for blocks that are decoded to F32 while they are
    // read; else empty.
    std::string encoding;
    std::string unreadable;  // why the data cannot be read: read() throws InputError with it; else empty
};

// Most dimensions that a tensor may have; numpy's limit too.
constexpr size_t maxDimensions = 64;

// The description of a tensor with its counts computed, or what is wrong with it: too many dimensions, a
// product that overflows 64 bits (zeros in the shape left out), packed elements that end within a byte.
std::expected<TensorInfo, std::string> makeTensorInfo(std::string name, DType dtype,
                                                      std::vector<uint64_t> shape);

// An open file of tensors. Opening reads and checks the header alone; data is read with pread on demand,
// so a file may be larger than memory. Reading is const and safe from several threads.
class TensorFile {
public:
    virtual ~TensorFile() = default;

    const std::string& path() const { return m_path; }
    const std::string& format() const { return m_format; }      // "safetensors", "npy", "gguf" and so on
    uint64_t fileSizeBytes() const { return m_fileSizeBytes; }  // of all files that sourcePaths() lists
    // Every file that the tensors are read from: path(), and those that it refers to.
    virtual std::vector<std::string> sourcePaths() const { return {m_path}; }
    const std::vector<TensorInfo>& tensors() const { return m_tensors; }  // in file order
    // Free text that the file carries about itself, by key; empty for formats without any.
    const std::map<std::string, std::string>& metadata() const { return m_metadata; }

    // Fills `bytes` with the data of tensor `index` from byte `offset` of its row-major, little-endian
    // data on. The range must lie within the tensor and hold whole elements: offset and size are multiples
    // of elementSizeBytes(dtype). Throws InputError when the range cannot be read whole, as when the file
    // has shrunk. Costs one pread, except for column-major npy files (see quant/npy_array.h), members of npz
    // files (quant/zip_archive.h) and block encodings (quant/gguf.h).
    void read(size_t index, uint64_t offset, std::span<std::byte> bytes) const;

protected:
    // As read(), with the range checked and not empty.
    virtual void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const = 0;

    std::string m_path;
    std::string m_format;
    uint64_t m_fileSizeBytes = 0;
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, std::string> m_metadata;
};

// Opens a file by how it begins, by the end of its name where its format has no magic, or else as
// safetensors. Throws InputError: missing, a directory, empty, not of a known format, or malformed.
std::unique_ptr<TensorFile> openTensorFile(const std::filesystem::path& path);

// Whether the name ends as those of a format that openTensorFile knows: ".npz", ".safetensors.index.json".
bool hasTensorFileExtension(const std::filesystem::path& path);

}  // namespace quant
