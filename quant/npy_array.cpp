// Reads the npy format (numpy, numpy/lib/format.py, "NPY format", versions 1.0, 2.0, 3.0):
//     "\x93NUMPY", u8 major, u8 minor, header length (u16 in version 1, else u32, little-endian),
//     header: a Python dict literal padded with spaces and ended by a newline, data.
#include "quant/npy_array.h"

#include "quant/input_error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <format>
#include <optional>
#include <string_view>
#include <utility>

namespace quant {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor data is handed out in native order");

constexpr uint64_t maxHeaderBytes = 1 << 20;  // numpy itself warns above 10,000
constexpr uint64_t maxWholeReadBytes = 16 << 20;
constexpr uint64_t readAheadBytes = 1 << 20;

// Where an array lies, for messages.
struct ArrayPlace {
    const std::string& path;
    const std::string& tensor;  // empty for a file that is the array

    InputError error(const std::string& field, const std::string& problem, uint64_t offset) const {
        return InputError::atField(path, tensor, field, problem, offset);
    }
};

struct Header {
    std::optional<std::string> descr;
    std::optional<bool> isFortranOrder;
    std::optional<std::vector<uint64_t>> shape;
};

// Parses the dict literal, and nothing more of Python: strings without escapes, True and False, tuples of
// non-negative decimal integers, which may bear the L of Python 2.
class HeaderParser {
public:
    HeaderParser(const ArrayPlace& place, std::string_view text, uint64_t fileOffset)
        : m_place(place), m_text(text), m_fileOffset(fileOffset) {}

    Header parse() {
        Header header;
        expect('{', "the header must be a dict");
        while (!accept('}')) {
            parseEntry(header);
            if (accept(',')) continue;
            expect('}', "expected ',' or '}'");
            break;
        }
        m_field = "";
        parseEnd();
        requireField("descr", header.descr.has_value());
        requireField("fortran_order", header.isFortranOrder.has_value());
        requireField("shape", header.shape.has_value());
        return header;
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw m_place.error(m_field, problem, m_fileOffset + m_at);
    }

    void skipSpaces() { m_at = std::min(m_text.find_first_not_of(' ', m_at), m_text.size()); }

    bool accept(char wanted) {
        skipSpaces();
        if (m_at == m_text.size() || m_text[m_at] != wanted) return false;
        ++m_at;
        return true;
    }

    void expect(char wanted, const char* problem) {
        if (!accept(wanted)) fail(problem);
    }

    void requireField(const char* field, bool isThere) const {
        if (!isThere) throw m_place.error(field, "is missing", m_fileOffset);
    }

    void parseEntry(Header& header) {
        m_field = "";
        skipSpaces();
        const size_t keyAt = m_at;
        m_field = parseString("expected a key in quotes");
        expect(':', "expected ':' after the key");
        if (m_field == "descr") {
            if (header.descr) failAt(keyAt, "appears twice");
            header.descr = parseDescr();
        } else if (m_field == "fortran_order") {
            if (header.isFortranOrder) failAt(keyAt, "appears twice");
            header.isFortranOrder = parseBool();
        } else if (m_field == "shape") {
            if (header.shape) failAt(keyAt, "appears twice");
            header.shape = parseShape();
        } else {
            failAt(keyAt, "is not known");
        }
    }

    [[noreturn]] void failAt(size_t at, const char* problem) {
        m_at = at;
        fail(problem);
    }

    std::string parseString(const char* problem) {
        skipSpaces();
        const char quote = m_at < m_text.size() ? m_text[m_at] : '\0';
        if (quote != '\'' && quote != '"') fail(problem);
        const size_t begin = m_at + 1;
        const size_t end = m_text.find(quote, begin);
        if (end == std::string_view::npos) fail("the string does not end");
        const std::string_view value = m_text.substr(begin, end - begin);
        if (value.contains('\\')) fail("escapes in strings are not supported");
        m_at = end + 1;
        return std::string(value);
    }

    std::string parseDescr() {
        skipSpaces();
        if (m_text.substr(m_at).starts_with('[')) return parseFields();
        return parseString("must be a string");
    }

    // The list of fields of a structured array, as it is written; tensors cannot have such elements.
    std::string parseFields() {
        const size_t begin = m_at;
        size_t depth = 0;
        do {
            const char next = m_at < m_text.size() ? m_text[m_at] : '\0';
            if (next == '\0') fail("the list of fields does not end");
            if (next == '\'' || next == '"') {
                parseString("");
                continue;
            }
            if (next == '[' || next == '(') ++depth;
            if (next == ']' || next == ')') --depth;
            ++m_at;
        } while (depth > 0);
        return std::string(m_text.substr(begin, m_at - begin));
    }

    bool parseBool() {
        skipSpaces();
        for (const bool value : {false, true}) {
            const std::string_view word = value ? "True" : "False";
            if (!m_text.substr(m_at).starts_with(word)) continue;
            m_at += word.size();
            return value;
        }
        fail("must be True or False");
    }

    std::vector<uint64_t> parseShape() {
        std::vector<uint64_t> shape;
        expect('(', "must be a tuple");
        while (!accept(')')) {
            if (shape.size() == maxDimensions) fail(std::format("has more than {} entries", maxDimensions));
            shape.push_back(parseInteger());
            if (accept(',')) continue;
            // (3) is a number in Python; the tuple is (3,).
            if (shape.size() == 1) fail("must be a tuple: expected ','");
            expect(')', "expected ',' or ')'");
            break;
        }
        return shape;
    }

    uint64_t parseInteger() {
        skipSpaces();
        uint64_t value = 0;
        const char* end = m_text.data() + m_text.size();
        const auto [rest, error] = std::from_chars(m_text.data() + m_at, end, value);
        if (error != std::errc()) fail("must hold integers from 0 to 2^64-1 only");
        m_at = static_cast<size_t>(rest - m_text.data());
        if (m_at < m_text.size() && m_text[m_at] == 'L') ++m_at;
        return value;
    }

    void parseEnd() {
        skipSpaces();
        if (m_at + 1 != m_text.size() || m_text[m_at] != '\n') {
            fail("only spaces and a newline at the end may follow the header's dict");
        }
    }

    const ArrayPlace& m_place;
    std::string_view m_text;
    uint64_t m_fileOffset;  // of the text
    size_t m_at = 0;
    std::string m_field;  // being parsed, for messages
};

// The file's part before the data.
struct Prologue {
    std::string header;
    uint64_t headerOffset = 0;
    uint64_t dataOffset() const { return headerOffset + header.size(); }
};

Prologue readPrologue(const ByteSource& source, const ArrayPlace& place) {
    std::array<unsigned char, 12> start = {};
    const auto requireBytes = [&](uint64_t sizeBytes) {
        if (source.sizeBytes() < sizeBytes)
            throw place.error("", "the header of the npy file is cut short", source.sizeBytes());
    };
    requireBytes(10);  // what versions have in common
    source.read(0, std::as_writable_bytes(std::span(start)).first(std::min<size_t>(12, source.sizeBytes())),
                place.tensor);
    if (std::memcmp(start.data(), npyMagic.data(), npyMagic.size()) != 0)
        throw place.error("", "is not an npy file", 0);
    const unsigned major = start[npyMagic.size()], minor = start[npyMagic.size() + 1];
    if (major < 1 || major > 3 || minor != 0) {
        throw place.error("version", std::format("{}.{} of the npy format is not supported", major, minor),
                          npyMagic.size());
    }
    Prologue prologue{{}, major == 1 ? 10u : 12u};
    requireBytes(prologue.headerOffset);
    uint64_t length = 0;
    for (size_t i = prologue.headerOffset; i-- > 8;) length = length << 8 | start[i];
    if (length > maxHeaderBytes) {
        throw place.error("header length", std::format("{} exceeds the limit of {}", length, maxHeaderBytes),
                          8);
    }
    requireBytes(prologue.headerOffset + length);
    prologue.header.resize(length);
    source.read(prologue.headerOffset, std::as_writable_bytes(std::span(prologue.header)), place.tensor);
    return prologue;
}

struct ElementType {
    std::string_view code;
    DType dtype;
    uint32_t componentBytes;
};
constexpr std::array elementTypes = {
    ElementType{"f2", DType::F16, 2}, ElementType{"f4", DType::F32, 4}, ElementType{"f8", DType::F64, 8},
    ElementType{"i1", DType::I8, 1},  ElementType{"i2", DType::I16, 2}, ElementType{"i4", DType::I32, 4},
    ElementType{"i8", DType::I64, 8}, ElementType{"u1", DType::U8, 1},  ElementType{"u2", DType::U16, 2},
    ElementType{"u4", DType::U32, 4}, ElementType{"u8", DType::U64, 8}, ElementType{"b1", DType::Bool, 1},
    ElementType{"c8", DType::C64, 4},
};

std::string describeUnsupported(const std::string& descr) {
    const char kind = descr.starts_with('[') ? 'V' : descr.size() > 1 ? descr[1] : '\0';
    const char* kindName = kind == 'O'                                 ? "Python objects are"
                           : kind == 'S' || kind == 'a' || kind == 'U' ? "strings are"
                           : kind == 'V'                               ? "raw and structured data are"
                           : kind == 'M' || kind == 'm'                ? "dates and times are"
                           : kind == 'c'                               ? "complex numbers but complex64 are"
                                                                       : "this type is";
    return "'" + printable(descr, 50) + "': " + kindName + " not supported";
}

// Looks up the type behind the byte order, which is the first character of descr; null for one that tensors
// cannot have.
const ElementType* parseElementType(const ArrayPlace& place, const std::string& descr, uint64_t offset) {
    const auto fail = [&](const std::string& problem) { return place.error("descr", problem, offset); };
    if (descr.starts_with('[')) return nullptr;
    const std::string_view code = std::string_view(descr).substr(std::min<size_t>(descr.size(), 1));
    if (descr.empty() || !std::string_view("<>|=").contains(descr[0])) {
        throw fail("'" + printable(descr, 50) + "' does not begin with a byte order");
    }
    const auto type = std::ranges::find(elementTypes, code, &ElementType::code);
    if (type == elementTypes.end()) return nullptr;
    if (descr[0] == '|' && type->componentBytes > 1) throw fail("'" + descr + "' leaves the byte order open");
    return &*type;
}

// A piece of the file in memory, for reads that proceed forward.
class ReadWindow {
public:
    // Reads ahead by up to readAhead bytes, never beyond `end` (bytes from the start of the file).
    ReadWindow(const ByteSource& source, const std::string& tensor, uint64_t readAhead, uint64_t end)
        : m_source(source), m_tensor(tensor), m_readAhead(readAhead), m_end(end) {}

    std::span<const std::byte> bytes(uint64_t offset, uint64_t sizeBytes) {
        if (offset < m_begin || offset + sizeBytes > m_begin + m_bytes.size()) {
            m_begin = offset;
            m_bytes.resize(std::max(sizeBytes, std::min(m_readAhead, m_end - offset)));
            m_source.read(offset, m_bytes, m_tensor);
        }
        return std::span(m_bytes).subspan(offset - m_begin, sizeBytes);
    }

private:
    const ByteSource& m_source;
    const std::string& m_tensor;
    uint64_t m_readAhead;
    uint64_t m_end;
    uint64_t m_begin = 0;
    std::vector<std::byte> m_bytes;
};

// Walks over the columns (all indices but the first) in the file's order, second index fastest, and gives
// the position that each has within a row of the row-major order.
class ColumnWalk {
public:
    explicit ColumnWalk(const std::vector<uint64_t>& shape)
        : m_shape(shape), m_index(shape.size()), m_strides(shape.size(), 1) {
        for (size_t i = shape.size() - 1; i-- > 0;) m_strides[i] = m_strides[i + 1] * shape[i + 1];
    }

    uint64_t positionInRow() const { return m_position; }

    void next() {
        for (size_t i = 1; i < m_shape.size(); ++i) {
            m_position += m_strides[i];
            if (++m_index[i] < m_shape[i]) return;
            m_position -= m_shape[i] * m_strides[i];
            m_index[i] = 0;
        }
    }

private:
    const std::vector<uint64_t>& m_shape;
    std::vector<uint64_t> m_index;
    std::vector<uint64_t> m_strides;  // in elements, row-major
    uint64_t m_position = 0;
};

// True where column-major order differs from row-major: two extents above one, and elements at all.
bool orderMatters(const TensorInfo& info) {
    return info.elements > 0 &&
           std::ranges::count_if(info.shape, [](uint64_t extent) { return extent > 1; }) > 1;
}

void swapBytes(std::span<std::byte> bytes, size_t componentBytes) {
    for (; !bytes.empty(); bytes = bytes.subspan(componentBytes)) {
        std::ranges::reverse(bytes.first(componentBytes));
    }
}

}  // namespace

NpyArray::NpyArray(const ByteSource& source, std::string name, const std::string& namedInErrors) {
    const ArrayPlace place{source.path(), namedInErrors};
    const Prologue prologue = readPrologue(source, place);
    m_dataOffset = prologue.dataOffset();
    Header header = HeaderParser(place, prologue.header, prologue.headerOffset).parse();
    const ElementType* type = parseElementType(place, *header.descr, prologue.headerOffset);
    if (type == nullptr && !namedInErrors.empty()) {
        m_info = {.name = std::move(name),
                  .encoding = *header.descr,
                  .unreadable = describeUnsupported(*header.descr)};
        return;
    }
    if (type == nullptr)
        throw place.error("descr", describeUnsupported(*header.descr), prologue.headerOffset);
    auto info = makeTensorInfo(std::move(name), type->dtype, std::move(*header.shape));
    if (!info) throw place.error("shape", info.error(), prologue.headerOffset);

    const uint64_t available = source.sizeBytes() - m_dataOffset;
    if (available != info->sizeBytes) {
        const std::string problem = std::format("shape and descr need {} bytes of data, but the file has {}",
                                                info->sizeBytes, available);
        throw place.error("", problem, m_dataOffset + std::min(available, info->sizeBytes));
    }
    m_componentBytes = type->componentBytes;
    m_isBigEndian = header.descr->front() == '>' && type->componentBytes > 1;
    m_isColumnMajor = *header.isFortranOrder && orderMatters(*info);
    m_info = std::move(*info);
}

void NpyArray::read(const ByteSource& source, uint64_t offset, std::span<std::byte> bytes) const {
    if (m_isColumnMajor) {
        readColumnMajor(source, offset, bytes);
    } else {
        source.read(m_dataOffset + offset, bytes, m_info.name);
    }
    if (m_isBigEndian) swapBytes(bytes, m_componentBytes);
}

// The rows that the range touches, firstRow to lastRow, are contiguous in each column of the file. Of the
// first and the last the range may hold only a part, so each column decides whether it needs them.
void NpyArray::readColumnMajor(const ByteSource& source, uint64_t offset, std::span<std::byte> bytes) const {
    const TensorInfo& info = m_info;
    const uint64_t size = elementSizeBytes(info.dtype);
    const uint64_t rows = info.shape[0], columns = info.elements / rows;
    const uint64_t begin = offset / size, end = begin + bytes.size() / size;
    const uint64_t firstRow = begin / columns, lastRow = (end - 1) / columns;

    const uint64_t columnBytes = rows * size, runBytes = (lastRow + 1 - firstRow) * size;
    const bool isDense = columnBytes <= 4096 || runBytes >= columnBytes / 4;
    const uint64_t readAhead = info.sizeBytes <= maxWholeReadBytes ? info.sizeBytes
                               : isDense                           ? readAheadBytes
                                                                   : 0;
    const uint64_t readEnd = m_dataOffset + (columns - 1) * columnBytes + (lastRow + 1) * size;
    ReadWindow window(source, info.name, readAhead, readEnd);
    ColumnWalk walk(info.shape);
    for (uint64_t column = 0; column < columns; ++column, walk.next()) {
        const uint64_t position = walk.positionInRow();
        const uint64_t rowBegin = firstRow + (firstRow * columns + position < begin ? 1 : 0);
        const uint64_t rowEnd = lastRow + (lastRow * columns + position < end ? 1 : 0);
        if (rowBegin >= rowEnd) continue;
        const auto run =
            window.bytes(m_dataOffset + column * columnBytes + rowBegin * size, (rowEnd - rowBegin) * size);
        uint64_t to = (rowBegin * columns + position - begin) * size;
        for (size_t from = 0; from < run.size(); from += size, to += columns * size) {
            std::memcpy(&bytes[to], &run[from], size);
        }
    }
}

}  // namespace quant
