#pragma once

#include "quant/output_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace quant {

// Streams a zip archive of stored members: no byte is written twice, so the target may be a pipe. The same
// members give the same bytes: all are dated 1980-01-01. Sizes, offsets and counts that the plain format
// cannot say are written as zip64.
class ZipWriter {
public:
    static constexpr uint64_t plainLimit = 0xffffffff;  // what the fields of 32 bits cannot say themselves
    static constexpr size_t maxNameBytes = 0xffff;

    // zip64From: the first size or offset that is written as zip64, for tests. Throws as OutputFile does.
    explicit ZipWriter(const std::filesystem::path& path, uint64_t zip64From = plainLimit);

    const std::string& path() const { return m_file.path(); }
    uint64_t missingBytes() const { return m_missingBytes; }  // of the member begun

    // Begins a member; the one before must be complete. name: UTF-8, at most maxNameBytes, unique. Its data
    // must have exactly that many bytes. Throws OutputError, as the others do.
    void begin(std::string_view name, uint64_t sizeBytes);

    // Appends to the member begun, no more than missingBytes().
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

    // Writes the archive's directory and puts the file in place; the last member must be complete.
    void commit();

private:
    void end();
    void append(std::string_view bytes);
    void addToDirectory(uint32_t crc);

    OutputFile m_file;
    uint64_t m_zip64From;
    uint64_t m_offset = 0;  // bytes written so far
    std::string m_directory;
    uint64_t m_members = 0;

    // The member begun.
    bool m_isOpen = false;
    std::string m_name;
    uint64_t m_begin = 0, m_sizeBytes = 0, m_missingBytes = 0;
    uint32_t m_crc = 0;
};

}  // namespace quant
