#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace quant {

// Bytes kept on disk for a while, in a file of the temporary folder that has no name and goes with the
// object. Move-only.
class SpoolFile {
public:
    // None where the temporary folder takes no files.
    static std::optional<SpoolFile> make();
    ~SpoolFile();
    SpoolFile(SpoolFile&& other) noexcept;
    SpoolFile& operator=(SpoolFile&& other) noexcept;

    bool append(std::span<const std::byte> bytes);                 // false: the disk is full
    bool read(uint64_t offset, std::span<std::byte> bytes) const;  // false: not there, or unreadable

private:
    explicit SpoolFile(int descriptor) : m_descriptor(descriptor) {}

    int m_descriptor = -1;
};

}  // namespace quant
