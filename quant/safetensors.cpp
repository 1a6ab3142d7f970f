// Reads the safetensors format (Hugging Face, https://github.com/huggingface/safetensors, "Format"):
//     u64 little-endian: header length; header: JSON, padded with spaces; data: the tensors back to back.
// The header maps each tensor name to {dtype, shape, data_offsets: [begin, end)}, offsets counted from the
// start of the data, and optionally __metadata__ to an object of strings.
#include "quant/safetensors.h"

#include "quant/input_error.h"
#include "quant/json_events.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <format>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace quant {
namespace {

using nlohmann::json;

constexpr std::string_view metadataKey = "__metadata__";

struct Entry {
    TensorInfo info;
    uint64_t begin = 0;  // from the start of the data
    uint64_t end = 0;
    uint64_t nameOffset = 0;  // of the name in the file, for messages
};

// Feeds the parser and notes how far it has read: nlohmann's SAX events carry no positions.
class CountingIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, size_t* count) : m_at(at), m_count(count) {}
    reference operator*() const { return *m_at; }
    CountingIterator& operator++() {
        ++m_at;
        ++*m_count;
        return *this;
    }
    bool operator==(const CountingIterator& other) const { return m_at == other.m_at; }

private:
    const char* m_at;
    size_t* m_count;
};

// Takes the JSON events of a header. Every state accepts only what the format allows there, which bounds
// the nesting at three and refuses unknown and repeated fields; anything else throws InputError at once.
class HeaderReader : public json::json_sax_t {
public:
    HeaderReader(const std::string& path, std::string_view header) : m_path(path), m_header(header) {}

    void run() {
        const char* begin = m_header.data();
        size_t ignored = 0;
        json::sax_parse(CountingIterator(begin, &m_read), CountingIterator(begin + m_header.size(), &ignored),
                        this);
    }

    std::vector<Entry> entries;
    std::map<std::string, std::string> metadata;

    bool start_object(std::size_t) override {
        if (m_place == Place::File) return enter(Place::Root);
        if (m_place != Place::Root) refuse();
        if (m_name == metadataKey) return enter(Place::Metadata);
        m_dtype.reset();
        m_shape.reset();
        m_offsets.reset();
        return enter(Place::Tensor);
    }

    bool key(string_t& key) override {
        if (m_place == Place::Root) {
            startName(key);
        } else if (m_place == Place::Metadata) {
            m_field = key;
            if (metadata.contains(key)) fail(m_name, "key '" + printable(key, 200) + "' appears twice");
        } else {
            startField(key);
        }
        return advance();
    }

    bool string(string_t& value) override {
        if (m_place == Place::Metadata) {
            metadata.emplace(m_field, std::move(value));
        } else if (m_place == Place::Tensor && m_field == "dtype") {
            m_dtype = dtypeFromName(value);
            if (!m_dtype) fail(m_field, "'" + printable(value, 50) + "' is not a known dtype");
        } else {
            refuse();
        }
        return advance();
    }

    bool start_array(std::size_t) override {
        if (m_place != Place::Tensor || m_field == "dtype") refuse();
        numbers().emplace();
        return enter(Place::Numbers);
    }

    bool number_unsigned(number_unsigned_t value) override {
        if (m_place != Place::Numbers) refuse();
        const size_t limit = m_field == "shape" ? maxDimensions : 2;
        if (numbers()->size() == limit) fail(m_field, std::format("has more than {} entries", limit));
        numbers()->push_back(value);
        m_previousEnd = m_read - 1;  // a number ends where the parser has met another character
        return true;
    }

    bool end_array() override {
        if (m_field == "data_offsets" && m_offsets->size() != 2) fail(m_field, "must have two entries");
        return enter(Place::Tensor);
    }

    bool end_object() override {
        if (m_place == Place::Tensor) finishTensor();
        if (m_place == Place::Root) return finishHeader();
        return enter(Place::Root);
    }

    bool null() override { refuse(); }
    bool boolean(bool) override { refuse(); }
    bool number_integer(number_integer_t) override { refuse(); }
    bool number_float(number_float_t, const string_t&) override { refuse(); }
    bool binary(binary_t&) override { refuse(); }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        const uint64_t offset = safetensorsLengthBytes + std::max<size_t>(position, 1) - 1;
        throw InputError(m_path, "", "the header is not valid JSON: " + jsonProblem(error), offset);
    }

private:
    enum class Place { File, Root, Metadata, Tensor, Numbers };

    // Where in the file the token begins whose event is being handled.
    uint64_t tokenOffset() const {
        const size_t start = m_header.find_first_not_of(" \t\r\n,:", m_previousEnd);
        return safetensorsLengthBytes + std::min(start, m_header.size());
    }

    // Every event but numbers ends here: the parser stands right behind the token.
    bool advance() {
        m_previousEnd = m_read;
        return true;
    }
    bool enter(Place place) {
        m_place = place;
        return advance();
    }

    std::optional<std::vector<uint64_t>>& numbers() { return m_field == "shape" ? m_shape : m_offsets; }

    [[noreturn]] void fail(const std::string& field, const std::string& problem) const {
        const std::string tensor = m_name == metadataKey ? "" : m_name;
        throw InputError::atField(m_path, tensor, field, problem, tokenOffset());
    }

    [[noreturn]] void refuse() const {
        switch (m_place) {
            case Place::File:
                fail("", "the header must be a JSON object");
            case Place::Root:
                if (m_name == metadataKey) fail(m_name, "must be an object of strings");
                fail("", "must be an object with dtype, shape and data_offsets");
            case Place::Metadata:
                fail(m_name, "the value of key '" + printable(m_field, 200) + "' must be a string");
            case Place::Tensor:
                fail(m_field, m_field == "dtype" ? "must be a string" : "must be an array of integers");
            case Place::Numbers:
                break;
        }
        fail(m_field, "must hold integers from 0 to 2^64-1 only");
    }

    void startName(const std::string& name) {
        m_name = name;
        m_nameOffset = tokenOffset();
        if (!m_names.insert(name).second) {
            if (name == metadataKey) fail(name, "appears twice");
            fail("", "appears twice");
        }
    }

    void startField(const std::string& field) {
        m_field = field;
        const bool seen = (field == "dtype" && m_dtype) || (field == "shape" && m_shape) ||
                          (field == "data_offsets" && m_offsets);
        if (seen) fail(field, "appears twice");
        if (field != "dtype" && field != "shape" && field != "data_offsets") fail(field, "is not known");
    }

    void finishTensor() {
        const auto failTensor = [&](const std::string& field, const std::string& problem) {
            throw InputError::atField(m_path, m_name, field, problem, m_nameOffset);
        };
        if (!m_dtype) failTensor("dtype", "is missing");
        if (!m_shape) failTensor("shape", "is missing");
        if (!m_offsets) failTensor("data_offsets", "is missing");
        auto info = makeTensorInfo(m_name, *m_dtype, std::move(*m_shape));
        if (!info) failTensor("shape", info.error());
        const uint64_t begin = (*m_offsets)[0], end = (*m_offsets)[1];
        if (begin > end) failTensor("data_offsets", std::format("{} lies behind {}", begin, end));
        if (end - begin != info->sizeBytes) {
            failTensor("data_offsets", std::format("spans {} bytes, but shape and dtype need {}", end - begin,
                                                   info->sizeBytes));
        }
        entries.push_back({std::move(*info), begin, end, m_nameOffset});
    }

    bool finishHeader() {
        // Checked here because the parser takes a NUL for the end of its input.
        const size_t rest = m_header.find_first_not_of(' ', m_read);
        if (rest != std::string_view::npos) {
            throw InputError(m_path, "", "only spaces may follow the header's JSON",
                             safetensorsLengthBytes + rest);
        }
        return advance();
    }

    const std::string& m_path;
    std::string_view m_header;
    size_t m_read = 0;         // bytes that the parser has taken
    size_t m_previousEnd = 0;  // m_read at the end of the previous event
    Place m_place = Place::File;
    std::unordered_set<std::string> m_names;
    std::string m_name;         // key under the root
    uint64_t m_nameOffset = 0;  // where it begins in the file
    std::string m_field;        // key under a tensor or under __metadata__
    std::optional<DType> m_dtype;
    std::optional<std::vector<uint64_t>> m_shape;
    std::optional<std::vector<uint64_t>> m_offsets;
};

std::string readHeader(const InputFile& file) {
    if (file.sizeBytes() < safetensorsLengthBytes) {
        throw InputError(file.path(), "", "is too short to be a file of tensors", file.sizeBytes());
    }
    std::array<unsigned char, safetensorsLengthBytes> field = {};
    file.read(0, std::as_writable_bytes(std::span(field)));
    uint64_t length = 0;
    for (size_t i = 0; i < field.size(); ++i) length |= uint64_t{field[i]} << (8 * i);

    const auto failLength = [&](const std::string& problem) {
        throw InputError::atField(file.path(), "", "header length",
                                  problem + "; not a safetensors file, or a damaged one", 0);
    };
    if (length > maxSafetensorsHeaderBytes)
        failLength(std::format("{} exceeds the limit of {}", length, maxSafetensorsHeaderBytes));
    const uint64_t available = file.sizeBytes() - safetensorsLengthBytes;
    if (length > available) failLength(std::format("{} exceeds the {} bytes that follow", length, available));
    std::string header(length, '\0');
    file.read(safetensorsLengthBytes, std::as_writable_bytes(std::span(header)));
    if (!header.starts_with('{')) {
        throw InputError(file.path(), "", "the header does not begin with '{'; not a safetensors file",
                         safetensorsLengthBytes);
    }
    return header;
}

// Checks that the tensors, sorted by offset, tile the data exactly.
void checkTiling(const std::string& path, const std::vector<Entry>& entries, uint64_t dataBytes) {
    uint64_t expected = 0;
    for (const Entry& entry : entries) {
        const auto failOffsets = [&](const std::string& problem) {
            throw InputError::atField(path, entry.info.name, "data_offsets", problem, entry.nameOffset);
        };
        if (entry.end > dataBytes) {
            failOffsets(std::format("{} lies beyond the {} bytes of data", entry.end, dataBytes));
        }
        if (entry.begin != expected) {
            failOffsets(std::format("begins at {} where {} is expected: {}", entry.begin, expected,
                                    entry.begin < expected ? "tensors overlap" : "a gap"));
        }
        expected = entry.end;
    }
    if (expected != dataBytes) {
        throw InputError(path, "",
                         std::format("the last {} bytes belong to no tensor", dataBytes - expected));
    }
}

}  // namespace

SafetensorsFile::SafetensorsFile(InputFile file) : m_file(std::move(file)) {
    m_path = m_file.path();
    m_format = "safetensors";
    m_fileSizeBytes = m_file.sizeBytes();
    const std::string header = readHeader(m_file);
    HeaderReader reader(m_path, header);
    reader.run();

    // An empty tensor shares its begin with the one behind it; by the end it comes first.
    std::ranges::stable_sort(reader.entries, {},
                             [](const Entry& entry) { return std::pair(entry.begin, entry.end); });
    const uint64_t dataOffset = safetensorsLengthBytes + header.size();
    checkTiling(m_path, reader.entries, m_fileSizeBytes - dataOffset);
    m_metadata = std::move(reader.metadata);
    for (Entry& entry : reader.entries) {
        m_begins.push_back(dataOffset + entry.begin);
        m_tensors.push_back(std::move(entry.info));
    }
}

void SafetensorsFile::readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    m_file.read(m_begins[index] + offset, bytes, m_tensors[index].name);
}

}  // namespace quant
