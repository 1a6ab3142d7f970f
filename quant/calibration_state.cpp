// The file of a calibration, all integers little-endian:
//   8 bytes "CLIPCAL\0", u32 version (1), u32 tensors; for each tensor, names rising byte by byte,
//     u32 name's bytes, u32 bins, u64 contributions, u64 elements, u32 max key, u32 min key, name,
//     for each bin, index rising: u32 index, u64 count, u64 sum of rests;
//   u32 CRC-32 (as in zlib) of all before.
#include "quant/calibration_state.h"

#include "quant/input_error.h"
#include "quant/input_file.h"
#include "quant/utf8.h"

#include <zlib.h>

#include <algorithm>
#include <format>
#include <span>
#include <utility>

namespace quant {

namespace {

constexpr std::string_view magic("CLIPCAL\0", 8);
constexpr uint32_t version = 1;
constexpr size_t headBytes = 16, tensorBytes = 32, binBytes = 20, checksumBytes = 4;
constexpr size_t maxNameBytes = 65535;
constexpr uint32_t maxBins = 2 * Profile::binsPerSide;

void append(std::string& to, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i) & 0xff);
}

uint64_t integerAt(std::string_view bytes, size_t offset, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
    return value;
}

uint32_t checksumOf(std::string_view bytes) {
    return static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

// Reads the bytes of one state.
class Reader {
public:
    Reader(std::string_view bytes, const std::string& path) : m_bytes(bytes), m_path(path) {}

    std::map<std::string, CalibratedTensor> read() {
        checkHead();
        m_end = m_bytes.size() - checksumBytes;
        const uint32_t count = u32();
        checkLength(count);
        if (integerAt(m_bytes, m_end, checksumBytes) != checksumOf(m_bytes.substr(0, m_end)))
            throw InputError::atField(m_path, "", "checksum", "does not fit the data: the file is damaged",
                                      m_end);
        std::map<std::string, CalibratedTensor> tensors;
        for (uint32_t i = 0; i < count; ++i) readTensor(tensors);
        return tensors;
    }

    // Of a whole head: whether the rest is worth reading, and how large it can be.
    bool isCurrent() const {
        return m_bytes.size() == headBytes && m_bytes.starts_with(magic) &&
               integerAt(m_bytes, magic.size(), 4) == version;
    }
    uint64_t count() const { return integerAt(m_bytes, magic.size() + 4, 4); }
    uint64_t mostBytes() const {
        return headBytes + checksumBytes +
               count() * (tensorBytes + maxNameBytes + uint64_t{maxBins} * binBytes);
    }

private:
    void checkHead() {
        if (!m_bytes.starts_with(magic.substr(0, m_bytes.size())) || m_bytes.empty())
            throw InputError(m_path, "", "is not the state of a calibration");
        if (m_bytes.size() < headBytes) throw InputError(m_path, "", "is cut short", m_bytes.size());
        m_end = headBytes;
        m_at = magic.size();
        const uint32_t found = u32();
        if (found != version) {
            throw InputError::atField(m_path, "", "version",
                                      std::format("is {}; {} can be read", found, version), magic.size());
        }
        if (m_bytes.size() < headBytes + checksumBytes)
            throw InputError(m_path, "", "is cut short", m_bytes.size());
    }

    // Walks over the tensors: a file that is cut short or continues says so rather than that its checksum is
    // wrong.
    void checkLength(uint32_t count) {
        const size_t start = m_at;
        for (uint32_t i = 0; i < count; ++i) {
            const size_t head = m_at;
            need(tensorBytes);
            const uint64_t name = integerAt(m_bytes, head, 4), bins = integerAt(m_bytes, head + 4, 4);
            m_at += tensorBytes;
            need(name + bins * binBytes);
            m_at += name + bins * binBytes;
        }
        if (m_at != m_end) throw InputError(m_path, "", std::format("{} bytes too many", m_end - m_at), m_at);
        m_at = start;
    }

    void need(uint64_t bytes) const {
        if (bytes > m_end - m_at) throw InputError(m_path, "", "is cut short", m_bytes.size());
    }

    uint64_t integer(size_t size) {
        need(size);
        m_at += size;
        return integerAt(m_bytes, m_at - size, size);
    }
    uint32_t u32() { return static_cast<uint32_t>(integer(4)); }
    uint64_t u64() { return integer(8); }

    void readTensor(std::map<std::string, CalibratedTensor>& tensors) {
        const size_t start = m_at;
        const uint32_t nameBytes = u32(), bins = u32();
        CalibratedTensor tensor;
        tensor.contributions = u64();
        const uint64_t elements = u64();
        tensor.profile.maxKey = u32();
        tensor.profile.minKey = u32();
        if (nameBytes > maxNameBytes)
            fail("", "name", std::format("is {} bytes long; 65535 are allowed", nameBytes), start);
        const std::string name(m_bytes.substr(m_at, nameBytes));
        m_at += nameBytes;
        if (!isUtf8(name)) fail(name, "name", "is not UTF-8", start);
        if (!tensors.empty() && name <= tensors.rbegin()->first)
            fail(name, "name", name == tensors.rbegin()->first ? "appears twice" : "is out of order", start);
        if (tensor.contributions == 0) fail(name, "contributions", "is 0", start + 8);
        if (bins > maxBins)
            fail(name, "bins", std::format("is {}; a profile has {}", bins, maxBins), start + 4);
        const size_t binsAt = m_at;
        for (uint32_t i = 0; i < bins; ++i) {
            const uint32_t index = u32();
            const uint64_t count = u64(), rests = u64();
            tensor.profile.bins.push_back({index, count, rests});
        }
        check(name, tensor.profile, elements, start, binsAt);
        tensors.emplace_hint(tensors.end(), name, std::move(tensor));
    }

    void check(const std::string& name, const SparseProfile& profile, uint64_t elements, size_t start,
               size_t binsAt) const {
        if (const auto flaw = flawOf(profile)) {
            const size_t keyAt = start + (flaw->field == "max" ? 24 : 28);
            fail(name, flaw->field, flaw->problem, flaw->bin ? binsAt + *flaw->bin * binBytes : keyAt);
        }
        if (profile.elements() != elements) {
            fail(name, "elements", std::format("is {}, but the bins hold {}", elements, profile.elements()),
                 start + 16);
        }
    }

    [[noreturn]] void fail(const std::string& tensor, const std::string& field, const std::string& problem,
                           size_t offset) const {
        throw InputError::atField(m_path, tensor, field, problem, offset);
    }

    std::string_view m_bytes;
    const std::string& m_path;
    size_t m_at = 0, m_end = 0;
};

}  // namespace

void CalibrationState::add(const std::string& name, const CalibratedTensor& added,
                           const std::string& source) {
    if (name.size() > maxNameBytes) throw InputError(source, name, "the name is longer than 65535 bytes");
    CalibratedTensor& tensor = m_tensors[name];
    const uint64_t elements = tensor.profile.elements() + added.profile.elements();
    uint64_t contributions = 0;
    const bool isTooOften = __builtin_add_overflow(tensor.contributions, added.contributions, &contributions);
    if (elements > maxProfileElements || isTooOften) {
        if (tensor.contributions == 0) m_tensors.erase(name);
        throw InputError(source, name,
                         isTooOften
                             ? "the contributions add up to more than 2^64"
                             : std::format("would bring the state to {} elements, beyond 2^44", elements));
    }
    tensor.contributions = contributions;
    tensor.profile = (Profile::fromSparse(tensor.profile) += Profile::fromSparse(added.profile)).sparse();
}

void CalibrationState::add(const std::string& name, const Profile& profile, const std::string& source) {
    add(name, {1, profile.sparse()}, source);
}

void CalibrationState::merge(const CalibrationState& other, const std::string& source) {
    CalibrationState sum = *this;
    for (const auto& [name, tensor] : other.m_tensors) sum.add(name, tensor, source);
    *this = std::move(sum);
}

std::string CalibrationState::bytes() const {
    std::string bytes(magic);
    append(bytes, version, 4);
    append(bytes, m_tensors.size(), 4);
    for (const auto& [name, tensor] : m_tensors) {
        const auto& [contributions, profile] = tensor;
        append(bytes, name.size(), 4);
        append(bytes, profile.bins.size(), 4);
        append(bytes, contributions, 8);
        append(bytes, profile.elements(), 8);
        append(bytes, profile.maxKey, 4);
        append(bytes, profile.minKey, 4);
        bytes += name;
        for (const auto& [index, count, rests] : profile.bins) {
            append(bytes, index, 4);
            append(bytes, count, 8);
            append(bytes, rests, 8);
        }
    }
    append(bytes, checksumOf(bytes), checksumBytes);
    return bytes;
}

CalibrationState CalibrationState::fromBytes(std::string_view bytes, const std::string& path) {
    CalibrationState state;
    state.m_tensors = Reader(bytes, path).read();
    return state;
}

CalibrationState CalibrationState::read(const std::filesystem::path& path) {
    const InputFile file(path);
    // A look at the start first: what is no state, or one of another version, may be as large as a model.
    std::string bytes(std::min<uint64_t>(file.sizeBytes(), headBytes), '\0');
    file.read(0, std::as_writable_bytes(std::span(bytes)));
    const Reader head(bytes, file.path());
    if (head.isCurrent()) {
        if (file.sizeBytes() > head.mostBytes())
            throw InputError(file.path(), "",
                             std::format("has {} bytes, more than {} tensor{}", file.sizeBytes(),
                                         head.count(), head.count() == 1 ? " takes" : "s take"),
                             headBytes);
        const size_t start = bytes.size();
        bytes.resize(file.sizeBytes());
        file.read(start, std::as_writable_bytes(std::span(bytes)).subspan(start));
    }
    return fromBytes(bytes, file.path());
}

}  // namespace quant
