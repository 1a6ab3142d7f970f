#pragma once

#include "quant/byte_source.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace quant {

// A regular file open for reading; move-only. Reading is const and safe from several threads.
class InputFile final : public ByteSource {
public:
    // Throws InputError: missing, a directory, not a regular file, not readable. Never waits on a FIFO.
    explicit InputFile(const std::filesystem::path& path);
    ~InputFile() override;
    InputFile(InputFile&& other) noexcept;
    InputFile& operator=(InputFile&& other) noexcept;

    const std::string& path() const override { return m_path; }
    uint64_t sizeBytes() const override { return m_sizeBytes; }  // when it was opened

    // Fills `bytes` from byte `offset` of the file on. Throws InputError naming the tensor, if one is given,
    // and the offset where the data ended or failed: a file may shrink, or its disk fail, while it is read.
    void read(uint64_t offset, std::span<std::byte> bytes, const std::string& tensor = {}) const override;

private:
    std::string m_path;
    uint64_t m_sizeBytes = 0;
    int m_descriptor = -1;
};

}  // namespace quant
