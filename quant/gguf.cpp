#include "quant/gguf.h"

#include "quant/gguf_header.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace quant {
namespace {

constexpr uint64_t pieceBytes = 64 << 10;  // of blocks that are decoded together

}  // namespace

GgufFile::GgufFile(InputFile file) : m_file(std::move(file)) {
    m_path = m_file.path();
    m_format = "gguf";
    m_fileSizeBytes = m_file.sizeBytes();
    GgufHeader header = readGgufHeader(m_file);
    m_metadata = std::move(header.metadata);
    for (GgufEntry& entry : header.entries) {
        m_stored.push_back({entry.type, entry.begin});
        m_tensors.push_back(std::move(entry.info));
    }
}

void GgufFile::readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    if (m_stored[index].type->dtype)
        m_file.read(m_stored[index].begin + offset, bytes, m_tensors[index].name);
    else
        readBlocks(index, offset, bytes);
}

void GgufFile::readBlocks(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    const auto& [type, begin] = m_stored[index];
    const uint64_t blockBytesDecoded = type->blockElements * sizeof(float);
    std::vector<std::byte> blocks;
    std::vector<float> values;
    while (!bytes.empty()) {
        const uint64_t first = offset / blockBytesDecoded, inBlock = offset % blockBytesDecoded;
        const uint64_t wanted = (inBlock + bytes.size() + blockBytesDecoded - 1) / blockBytesDecoded;
        const uint64_t count = std::min(wanted, pieceBytes / type->blockBytes);
        blocks.resize(count * type->blockBytes);
        values.resize(count * type->blockElements);
        m_file.read(begin + first * type->blockBytes, blocks, m_tensors[index].name);
        decodeBlocks(*type, blocks, values);
        const auto decoded = std::as_bytes(std::span(values)).subspan(inBlock);
        const size_t size = std::min(decoded.size(), bytes.size());
        std::memcpy(bytes.data(), decoded.data(), size);
        bytes = bytes.subspan(size);
        offset += size;
    }
}

}  // namespace quant
