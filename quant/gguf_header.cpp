// Reads the header of the GGUF format (ggml, docs/gguf.md), all numbers little-endian:
//     "GGUF", u32 version, u64 tensors, u64 metadata entries,
//     metadata: string key, u32 type, value; a string is u64 length and bytes, an array u32 type of its
//     elements, u64 length and elements,
//     tensors: string name, u32 dimensions, u64 extents (fastest first), u32 type, u64 offset of the data,
//     counted from the end of the header rounded up to general.alignment.
#include "quant/gguf_header.h"

#include "quant/gguf.h"
#include "quant/input_error.h"
#include "quant/utf8.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <format>
#include <unordered_set>
#include <utility>

namespace quant {
namespace {

constexpr uint64_t maxHeaderBytes = uint64_t{1} << 30;
constexpr uint64_t maxEntries = uint64_t{1} << 20;  // metadata, and tensors
constexpr uint64_t maxNameBytes = 65535;            // of keys by the format, of tensor names by us
constexpr uint64_t maxValueBytes = uint64_t{16} << 20;
constexpr uint32_t maxGgufDimensions = 4;
constexpr int maxArrayDepth = 4;
constexpr size_t windowBytes = 64 << 10;
constexpr const char* alignmentKey = "general.alignment";

enum class ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };
constexpr std::array<uint32_t, 13> valueSizes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};  // 0: it varies

// Reads the header from front to end through a small window, and says where it fails.
class HeaderReader {
public:
    explicit HeaderReader(const InputFile& file)
        : m_file(file), m_end(std::min(file.sizeBytes(), maxHeaderBytes)) {}

    GgufHeader run() {
        readStart();
        for (uint64_t i = 0; i < m_metadataCount; ++i) readMetadata();
        for (uint64_t i = 0; i < m_tensorCount; ++i) readTensor();
        m_tensor.clear();
        placeTensors();
        return std::move(m_header);
    }

private:
    [[noreturn]] void fail(const std::string& problem, uint64_t offset) const {
        throw InputError::atField(m_file.path(), m_tensor, m_field, problem, offset);
    }

    void require(uint64_t sizeBytes) const {
        if (sizeBytes <= m_end - m_at) return;
        if (m_end < m_file.sizeBytes()) fail("the header exceeds the limit of 1 GiB", m_at);
        fail(std::format("{} bytes are needed, but the file ends after {}", sizeBytes, m_end - m_at), m_at);
    }

    void take(std::span<std::byte> bytes) {
        require(bytes.size());
        while (!bytes.empty()) {
            if (m_at < m_windowBegin || m_at >= m_windowBegin + m_window.size()) {
                m_windowBegin = m_at;
                m_window.resize(std::min<uint64_t>(windowBytes, m_end - m_at));
                m_file.read(m_at, m_window);
            }
            const auto rest = std::span(m_window).subspan(m_at - m_windowBegin);
            const size_t count = std::min(rest.size(), bytes.size());
            std::ranges::copy(rest.first(count), bytes.begin());
            bytes = bytes.subspan(count);
            m_at += count;
        }
    }

    template <class Number>
    Number number() {
        static_assert(std::endian::native == std::endian::little);
        std::array<std::byte, sizeof(Number)> bytes;
        take(bytes);
        return std::bit_cast<Number>(bytes);
    }

    void skip(uint64_t sizeBytes) {
        require(sizeBytes);
        m_at += sizeBytes;
    }

    std::string text(uint64_t maxBytes) {
        const uint64_t at = m_at, length = number<uint64_t>();
        if (length > maxBytes) fail(std::format("{} bytes exceed the limit of {}", length, maxBytes), at);
        require(length);
        std::string value(length, '\0');
        take(std::as_writable_bytes(std::span(value)));
        if (!isUtf8(value)) fail("is not valid UTF-8", at);
        return value;
    }

    uint64_t count(const char* field, uint64_t leastBytes) {
        m_field = field;
        const uint64_t at = m_at, value = number<uint64_t>();
        if (value > maxEntries) fail(std::format("{} exceeds the limit of {}", value, maxEntries), at);
        if (value > (m_end - at) / leastBytes)
            fail(std::format("{} entries do not fit into the file", value), at);
        return value;
    }

    void readStart() {
        m_field = "magic";
        std::array<char, ggufMagic.size()> magic;
        take(std::as_writable_bytes(std::span(magic)));
        if (std::string_view(magic) != ggufMagic) fail("is not a GGUF file", 0);
        m_field = "version";
        const auto version = number<uint32_t>();
        if (version != 0 && (version & 0xffff) == 0)
            fail("the file is big-endian, which is not supported", ggufMagic.size());
        if (version != 2 && version != 3)
            fail(std::format("{} is not supported, only 2 and 3", version), ggufMagic.size());
        m_tensorCount = count("tensor count", 8 + 4 + 4 + 8);
        m_metadataCount = count("metadata count", 8 + 4 + 1);
    }

    void readMetadata() {
        m_field = "metadata key";
        const uint64_t at = m_at;
        std::string key = text(maxNameBytes);
        if (key.empty()) fail("is empty", at);
        m_field = key;
        if (!m_names.insert(key).second) fail("appears twice", at);
        const ValueType type = valueType();
        if (type == ValueType::Array) return skipArray(1);
        std::string value = scalar(type);
        if (key == alignmentKey) setAlignment(type, value, at);
        m_header.metadata.emplace(std::move(key), std::move(value));
    }

    ValueType valueType() {
        const uint64_t at = m_at;
        const auto type = number<uint32_t>();
        if (type >= valueSizes.size()) fail(std::format("the value type {} is not known", type), at);
        return static_cast<ValueType>(type);
    }

    // As text that reads back to the same value.
    std::string scalar(ValueType type) {
        switch (type) {
            case ValueType::U8:
                return std::format("{}", number<uint8_t>());
            case ValueType::I8:
                return std::format("{}", number<int8_t>());
            case ValueType::U16:
                return std::format("{}", number<uint16_t>());
            case ValueType::I16:
                return std::format("{}", number<int16_t>());
            case ValueType::U32:
                return std::format("{}", number<uint32_t>());
            case ValueType::I32:
                return std::format("{}", number<int32_t>());
            case ValueType::F32:
                return std::format("{}", number<float>());
            case ValueType::Bool:
                return boolean();
            case ValueType::U64:
                return std::format("{}", number<uint64_t>());
            case ValueType::I64:
                return std::format("{}", number<int64_t>());
            case ValueType::F64:
                return std::format("{}", number<double>());
            case ValueType::String:
            case ValueType::Array:
                break;
        }
        return text(maxValueBytes);
    }

    std::string boolean() {
        const uint64_t at = m_at;
        const auto value = number<uint8_t>();
        if (value > 1) fail(std::format("a boolean must be 0 or 1, not {}", value), at);
        return value == 1 ? "true" : "false";
    }

    void skipArray(int depth) {
        const uint64_t at = m_at;
        if (depth > maxArrayDepth) fail(std::format("arrays are nested deeper than {}", maxArrayDepth), at);
        const ValueType type = valueType();
        const auto length = number<uint64_t>();
        const uint32_t size = valueSizes[std::to_underlying(type)];
        const uint64_t leastBytes = size > 0 ? size : type == ValueType::String ? 8 : 12;
        if (length > (m_end - m_at) / leastBytes)
            fail(std::format("an array of {} elements does not fit into the header", length), at);
        if (size > 0) return skip(length * size);
        for (uint64_t i = 0; i < length; ++i) {
            if (type == ValueType::Array)
                skipArray(depth + 1);
            else
                skip(number<uint64_t>());
        }
    }

    void setAlignment(ValueType type, const std::string& value, uint64_t at) {
        if (type != ValueType::U32) fail("must be a 32-bit unsigned integer", at);
        m_alignment = std::stoul(value);
        if (!std::has_single_bit(m_alignment) || m_alignment < 8)
            fail(std::format("{} is not a power of two of at least 8", m_alignment), at);
    }

    void readTensor() {
        m_tensor.clear();
        m_field = "tensor name";
        const uint64_t at = m_at;
        std::string name = text(maxNameBytes);
        m_tensor = name;
        if (!m_tensorNames.insert(name).second) fail("appears twice", at);
        auto shape = readShape();
        const GgmlType& type = readType();
        m_field = "dimensions";
        auto info = makeTensorInfo(std::move(name), type.dtype.value_or(DType::F32), std::move(shape));
        if (!info) fail(info.error(), at);
        const uint64_t row = info->shape.empty() ? 1 : info->shape.back();
        if (row % type.blockElements != 0)
            fail(std::format("rows of {} do not fill {} blocks of {}", row, type.name, type.blockElements),
                 at);
        if (!type.dtype) {
            info->encoding = type.name;
            info->unreadable = reasonNotToDecode(type);
        }
        m_field = "offset";
        const uint64_t offsetAt = m_at, offset = number<uint64_t>();
        if (offset % m_alignment != 0)
            fail(std::format("{} is not a multiple of the alignment {}", offset, m_alignment), offsetAt);
        // No overflow: a block takes less room than its values as F32, or is such a value.
        const uint64_t sizeBytes = info->elements / type.blockElements * type.blockBytes;
        m_header.entries.push_back({std::move(*info), &type, offset, sizeBytes});
        m_offsetsAt.push_back(offsetAt);
    }

    std::vector<uint64_t> readShape() {
        m_field = "dimensions";
        const uint64_t at = m_at;
        const auto dimensions = number<uint32_t>();
        if (dimensions > maxGgufDimensions)
            fail(std::format("{} exceed the limit of {}", dimensions, maxGgufDimensions), at);
        std::vector<uint64_t> shape(dimensions);
        for (uint64_t& extent : shape) extent = number<uint64_t>();
        std::ranges::reverse(shape);
        return shape;
    }

    const GgmlType& readType() {
        m_field = "type";
        const uint64_t at = m_at;
        const auto id = number<uint32_t>();
        const GgmlType* type = findGgmlType(id);
        if (type == nullptr) fail(std::format("{} is not known", id), at);
        return *type;
    }

    // Until here, `begin` is the offset within the data and `end` the size.
    void placeTensors() {
        m_field = "offset";
        const uint64_t dataOffset = (m_at + m_alignment - 1) / m_alignment * m_alignment;
        const uint64_t dataBytes = m_file.sizeBytes() - std::min(dataOffset, m_file.sizeBytes());
        for (size_t i = 0; i < m_header.entries.size(); ++i) {
            auto& [info, type, begin, end] = m_header.entries[i];
            m_tensor = info.name;
            if (begin > dataBytes || end > dataBytes - begin) {
                fail(
                    std::format("{} bytes from {} on lie beyond the {} bytes of data", end, begin, dataBytes),
                    m_offsetsAt[i]);
            }
            begin += dataOffset;
            end += begin;
        }
        std::ranges::stable_sort(m_header.entries, {},
                                 [](const GgufEntry& entry) { return std::pair(entry.begin, entry.end); });
        uint64_t previousEnd = 0;
        for (const GgufEntry& entry : m_header.entries) {
            m_tensor = entry.info.name;
            if (entry.begin == entry.end) continue;
            if (entry.begin < previousEnd) fail("the data overlap those of another tensor", entry.begin);
            previousEnd = entry.end;
        }
    }

    const InputFile& m_file;
    uint64_t m_end;  // of what may belong to the header
    uint64_t m_at = 0;
    uint64_t m_windowBegin = 0;
    std::vector<std::byte> m_window;
    std::string m_tensor, m_field;  // being read, for messages
    uint64_t m_tensorCount = 0, m_metadataCount = 0;
    uint64_t m_alignment = 32;  // where the metadata say nothing
    std::unordered_set<std::string> m_names, m_tensorNames;
    std::vector<uint64_t> m_offsetsAt;  // where the file states them
    GgufHeader m_header;
};

}  // namespace

GgufHeader readGgufHeader(const InputFile& file) {
    return HeaderReader(file).run();
}

}  // namespace quant
