#pragma once

#include "quant/input_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quant {

// One file in an archive, as the archive's directory declares it.
struct ZipMember {
    std::string name;  // valid UTF-8
    uint64_t sizeBytes = 0;
    uint64_t index = 0;  // in the archive's directory
};

// A zip archive whose members are stored or deflated, read through libzip. Move-only.
class ZipArchive {
public:
    // Reads the directory and compares it with what stands before each member. Memory grows with the
    // directory. Throws InputError: damaged, or two members of one name.
    explicit ZipArchive(InputFile file);
    ~ZipArchive();
    ZipArchive(ZipArchive&&) noexcept;
    ZipArchive& operator=(ZipArchive&&) noexcept;

    const InputFile& file() const;
    const std::vector<ZipMember>& members() const;

    // Throws InputError naming tensor and field for a member that cannot be read: encrypted, neither stored
    // nor deflated, or of a size that its compressed data cannot have.
    void check(const ZipMember& member, const std::string& tensor) const;

    // Fills `bytes` with the member's data from byte `offset` on. One member is open at a time: reads that
    // proceed forward in one member decompress it once. Going back in a deflated one decompresses it once
    // more, into a file without a name in the temporary folder, from which it is read until another member is
    // read that way; without room for that file, it starts over each time. Holds no more than 64 KiB in
    // memory beside libzip's state. Throws InputError, also when the end is reached and length or CRC turn
    // out wrong. Safe from several threads, which wait for each other.
    void read(const ZipMember& member, uint64_t offset, std::span<std::byte> bytes,
              const std::string& tensor) const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace quant
