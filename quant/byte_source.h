#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace quant {

// Bytes of known length that can be read at any place: a file, or a member of an archive. Reading is const
// and safe from several threads.
class ByteSource {
public:
    ByteSource() = default;
    virtual ~ByteSource() = default;
    ByteSource(ByteSource&&) = default;
    ByteSource& operator=(ByteSource&&) = default;

    virtual const std::string& path() const = 0;  // of the file, as given
    virtual uint64_t sizeBytes() const = 0;

    // Fills `bytes` from byte `offset` on. Throws InputError naming the tensor, if one is given, and the
    // offset where the data ended or failed.
    virtual void read(uint64_t offset, std::span<std::byte> bytes, const std::string& tensor = {}) const = 0;
};

}  // namespace quant
