// Protobuf's wire format (https://protobuf.dev/programming-guides/encoding): a message is a row of fields,
// each a tag (number << 3 | wire type) and a value.
#include "quant/onnx_parse.h"

#include "quant/input_error.h"
#include "quant/onnx.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <format>
#include <span>

namespace quant {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CopyingInputStreamAdaptor;

constexpr int bufferBytes = 1 << 16;
constexpr int maxNesting = 100;  // protobuf's own limit
// What the parts of a message take in memory, roughly, beyond their bytes in the file.
constexpr uint64_t messageBytes = 256, stringBytes = 48, scalarBytes = 32;
constexpr uint64_t freeBytes = uint64_t{1} << 30, freeFactor = 8;

// Feeds protobuf from a file, and keeps an exception away from it.
class FileStream final : public google::protobuf::io::CopyingInputStream {
public:
    explicit FileStream(const InputFile& file) : m_file(file) {}

    int Read(void* buffer, int size) override {
        try {
            const uint64_t count = std::min<uint64_t>(static_cast<uint64_t>(size), left());
            m_file.read(m_at, std::span(static_cast<std::byte*>(buffer), count));
            m_at += count;
            return static_cast<int>(count);
        } catch (...) {
            m_error = std::current_exception();
            return -1;
        }
    }
    int Skip(int count) override {
        const uint64_t skipped = std::min<uint64_t>(static_cast<uint64_t>(count), left());
        m_at += skipped;
        return static_cast<int>(skipped);
    }
    void rethrow() const {
        if (m_error) std::rethrow_exception(m_error);
    }

private:
    uint64_t left() const { return m_file.sizeBytes() - m_at; }

    const InputFile& m_file;
    uint64_t m_at = 0;
    std::exception_ptr m_error;
};

// Walks the fields of a file without keeping them, and estimates what they take once they are parsed: an
// empty message is two bytes in the file and hundreds in memory.
class MemoryEstimate {
public:
    explicit MemoryEstimate(uint64_t limit) : m_limit(limit) {}

    // False where the message is malformed or holds groups, which no model has, or the limit is exceeded.
    bool add(CodedInputStream& stream, const Descriptor& message, int nesting = 0) {
        m_bytes += messageBytes;
        while (const uint32_t tag = stream.ReadTag()) {
            const FieldDescriptor* field = message.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
            const bool isRead =
                WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED
                    ? addBytes(stream, field, nesting)
                    : addScalar(stream, tag);
            if (!isRead || isExceeded()) return false;
        }
        return stream.ConsumedEntireMessage();
    }
    bool isExceeded() const { return m_bytes > m_limit; }

private:
    bool addScalar(CodedInputStream& stream, uint32_t tag) {
        m_bytes += scalarBytes;
        const auto type = WireFormatLite::GetTagWireType(tag);
        const bool isGroup =
            type == WireFormatLite::WIRETYPE_START_GROUP || type == WireFormatLite::WIRETYPE_END_GROUP;
        return !isGroup && WireFormatLite::SkipField(&stream, tag);
    }

    bool addBytes(CodedInputStream& stream, const FieldDescriptor* field, int nesting) {
        int size = 0;
        if (!stream.ReadVarintSizeAsInt(&size)) return false;
        if (field && field->type() == FieldDescriptor::TYPE_MESSAGE) {
            if (nesting == maxNesting) return false;
            const auto outer = stream.PushLimit(size);
            const bool isRead = add(stream, *field->message_type(), nesting + 1);
            stream.PopLimit(outer);
            return isRead;
        }
        const bool isPacked = field && field->is_packable();
        const bool isWide = isPacked && (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                                         field->cpp_type() == FieldDescriptor::CPPTYPE_UINT64);
        // An integer may take a single byte in the file.
        const uint64_t perByte = isWide ? 8 : isPacked ? 4 : 1;
        m_bytes += stringBytes + perByte * static_cast<uint64_t>(size);
        return stream.Skip(size);
    }

    uint64_t m_limit;
    uint64_t m_bytes = 0;
};

[[noreturn]] void failMalformed(const InputFile& file) {
    throw InputError(file.path(), "",
                     "is not a whole ONNX model: malformed, cut short, or nested more than 33 graphs deep");
}

void checkMemory(const InputFile& file) {
    MemoryEstimate estimate(freeBytes + freeFactor * file.sizeBytes());
    FileStream source(file);
    CopyingInputStreamAdaptor buffered(&source, bufferBytes);
    CodedInputStream stream(&buffered);
    const bool isWhole = estimate.add(stream, *onnx::ModelProto::descriptor());
    source.rethrow();
    if (estimate.isExceeded()) {
        throw InputError(
            file.path(), "",
            std::format("holds so many tiny parts that it would take more than 1 GiB and {} times "
                        "its size in memory",
                        freeFactor));
    }
    if (!isWhole) failMalformed(file);
}

}  // namespace

void parseOnnx(const InputFile& file, onnx::ModelProto& model) {
    if (file.sizeBytes() > maxOnnxBytes) {
        throw InputError(
            file.path(), "",
            "is larger than 2 GB, protobuf's limit: such a model keeps its tensors as external data");
    }
    checkMemory(file);
    FileStream source(file);
    CopyingInputStreamAdaptor stream(&source, bufferBytes);
    const bool isWhole = model.ParseFromZeroCopyStream(&stream);
    source.rethrow();
    if (!isWhole) failMalformed(file);
    if (!model.has_graph())
        throw InputError::atField(file.path(), "", "graph", "is missing: not an ONNX model");
}

}  // namespace quant
