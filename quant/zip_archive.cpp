#include "quant/zip_archive.h"

#include "quant/input_error.h"
#include "quant/spool_file.h"
#include "quant/utf8.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <exception>
#include <format>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

namespace quant {
namespace {

constexpr size_t skipBytes = 64 << 10;
// Deflate stores at best 258 bytes in 2 bits; the sum covers what precedes the first such code.
constexpr uint64_t maxDeflateRatio = 1032, deflateStartBytes = 64;

struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
    void operator()(zip_file_t* member) const { zip_fclose(member); }
};

struct ZipError {
    zip_error_t value;
    ZipError() { zip_error_init(&value); }
    ~ZipError() { zip_error_fini(&value); }
    ZipError(const ZipError&) = delete;
    ZipError& operator=(const ZipError&) = delete;
};

// What libzip reads the archive from: pread on the open file, whatever stands under its path by now.
struct FileSource {
    InputFile file;
    uint64_t position = 0;
    ZipError error;
    std::exception_ptr failure;  // of the file, to be thrown once libzip has returned

    explicit FileSource(InputFile source) : file(std::move(source)) {}

    zip_int64_t read(void* data, uint64_t sizeBytes) {
        const uint64_t count = std::min(sizeBytes, file.sizeBytes() - std::min(position, file.sizeBytes()));
        try {
            file.read(position, std::span(static_cast<std::byte*>(data), count));
        } catch (...) {
            failure = std::current_exception();
            zip_error_set(&error.value, ZIP_ER_READ, 0);
            return -1;
        }
        position += count;
        return static_cast<zip_int64_t>(count);
    }

    zip_int64_t seek(void* data, uint64_t sizeBytes) {
        const zip_int64_t target =
            zip_source_seek_compute_offset(position, file.sizeBytes(), data, sizeBytes, &error.value);
        if (target < 0) return -1;
        position = static_cast<uint64_t>(target);
        return 0;
    }

    zip_int64_t describe(void* data, uint64_t sizeBytes) {
        if (sizeBytes < sizeof(zip_stat_t)) return -1;
        auto* stat = static_cast<zip_stat_t*>(data);
        zip_stat_init(stat);
        stat->valid |= ZIP_STAT_SIZE;
        stat->size = file.sizeBytes();
        return sizeof(zip_stat_t);
    }

    static zip_int64_t handle(void* self, void* data, zip_uint64_t sizeBytes, zip_source_cmd_t command) {
        auto& source = *static_cast<FileSource*>(self);
        switch (command) {
            case ZIP_SOURCE_OPEN:
                source.position = 0;
                return 0;
            case ZIP_SOURCE_READ:
                return source.read(data, sizeBytes);
            case ZIP_SOURCE_SEEK:
                return source.seek(data, sizeBytes);
            case ZIP_SOURCE_TELL:
                return static_cast<zip_int64_t>(source.position);
            case ZIP_SOURCE_STAT:
                return source.describe(data, sizeBytes);
            case ZIP_SOURCE_ERROR:
                return zip_error_to_data(&source.error.value, data, sizeBytes);
            case ZIP_SOURCE_SUPPORTS:
                return zip_source_make_command_bitmap(
                    ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
                    ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
            case ZIP_SOURCE_CLOSE:
            case ZIP_SOURCE_FREE:
                return 0;
            default:
                zip_error_set(&source.error.value, ZIP_ER_OPNOTSUPP, 0);
                return -1;
        }
    }
};

}  // namespace

struct ZipArchive::State {
    FileSource source;
    std::unique_ptr<zip_t, CloseArchive> archive;
    std::vector<ZipMember> members;

    std::mutex mutex;  // guards what follows, source and archive
    std::unique_ptr<zip_file_t, CloseMember> open;
    std::optional<uint64_t> openIndex;  // of the open member
    uint64_t position = 0;              // in it, decompressed
    std::optional<SpoolFile> spool;     // the data of a member
    uint64_t spooledIndex = 0;
    bool canSpool = true;

    explicit State(InputFile file) : source(std::move(file)) {}

    const std::string& path() const { return source.file.path(); }

    // The file's own failure goes before what libzip makes of it.
    [[noreturn]] void fail(const std::string& tensor, zip_error_t* error, uint64_t offset) {
        const int code = zip_error_code_zip(error);
        const std::string problem = zip_error_strerror(error);
        open.reset();  // the error may be its own
        openIndex.reset();
        if (source.failure) std::rethrow_exception(std::exchange(source.failure, nullptr));
        if (code == ZIP_ER_CRC)
            throw InputError::atField(path(), tensor, "CRC-32", "differs from the data's");
        if (code == ZIP_ER_INCONS || code == ZIP_ER_DATA_LENGTH || code == ZIP_ER_EOF)
            failSize(tensor, offset);
        throw InputError(path(), tensor, "cannot be decompressed: " + problem, offset);
    }

    [[noreturn]] void failSize(const std::string& tensor, uint64_t offset) const {
        throw InputError::atField(path(), tensor, "size", "differs from the length of the data", offset);
    }

    void openArchive();
    void listMembers();
    void openAt(const ZipMember& member, uint64_t offset, const std::string& tensor);
    void readOn(std::span<std::byte> bytes, const std::string& tensor);
    void checkEnd(const std::string& tensor);
    bool goesBack(const ZipMember& member, uint64_t offset) const;
    void spoolWhole(const ZipMember& member, const std::string& tensor);
};

void ZipArchive::State::openArchive() {
    ZipError error;
    zip_source_t* raw = zip_source_function_create(&FileSource::handle, &source, &error.value);
    if (raw != nullptr) archive.reset(zip_open_from_source(raw, ZIP_RDONLY | ZIP_CHECKCONS, &error.value));
    if (archive) return;
    if (raw != nullptr) zip_source_free(raw);
    if (source.failure) std::rethrow_exception(source.failure);
    if (zip_error_code_zip(&error.value) == ZIP_ER_EXISTS)
        throw InputError(path(), "", "is a damaged zip archive: two members have the same name");
    throw InputError(path(), "",
                     "is a damaged zip archive: " + std::string(zip_error_strerror(&error.value)));
}

void ZipArchive::State::listMembers() {
    std::unordered_set<std::string> names;
    const auto count = static_cast<uint64_t>(std::max<zip_int64_t>(zip_get_num_entries(archive.get(), 0), 0));
    for (uint64_t i = 0; i < count; ++i) {
        zip_stat_t stat;
        if (zip_stat_index(archive.get(), i, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0 ||
            (stat.valid & ZIP_STAT_SIZE) == 0) {
            throw InputError(path(), "", std::format("entry {} of the zip directory cannot be read", i));
        }
        ZipMember member{stat.name, stat.size, i};
        if (!isUtf8(member.name)) {
            throw InputError(path(), "", "the member '" + printable(member.name, 200) + "' is not UTF-8");
        }
        // Two names may become one as they are converted from other code pages.
        if (!names.insert(member.name).second) {
            throw InputError(path(), "", "the member '" + printable(member.name, 200) + "' appears twice");
        }
        members.push_back(std::move(member));
    }
}

void ZipArchive::State::openAt(const ZipMember& member, uint64_t offset, const std::string& tensor) {
    if (openIndex != member.index || offset < position) {
        openIndex.reset();
        open.reset(zip_fopen_index(archive.get(), member.index, 0));
        if (!open) fail(tensor, zip_get_error(archive.get()), 0);
        openIndex = member.index;
        position = 0;
    }
    // Short gaps are read: what is read without a gap is compared with its CRC.
    if (offset > position + skipBytes && zip_file_is_seekable(open.get()) == 1) {
        if (zip_fseek(open.get(), static_cast<zip_int64_t>(offset), SEEK_SET) != 0)
            fail(tensor, zip_file_get_error(open.get()), offset);
        position = offset;
    }
    std::array<std::byte, skipBytes> skipped;
    while (position < offset)
        readOn(std::span(skipped).first(std::min<uint64_t>(skipBytes, offset - position)), tensor);
}

void ZipArchive::State::readOn(std::span<std::byte> bytes, const std::string& tensor) {
    while (!bytes.empty()) {
        const zip_int64_t count = zip_fread(open.get(), bytes.data(), bytes.size());
        if (count < 0) fail(tensor, zip_file_get_error(open.get()), position);
        if (count == 0) failSize(tensor, position);
        bytes = bytes.subspan(static_cast<size_t>(count));
        position += static_cast<uint64_t>(count);
    }
}

// libzip compares length and CRC with the directory once it is asked for more than there is.
void ZipArchive::State::checkEnd(const std::string& tensor) {
    std::byte beyond{};
    const zip_int64_t count = zip_fread(open.get(), &beyond, 1);
    if (count < 0) fail(tensor, zip_file_get_error(open.get()), position);
    if (count > 0) failSize(tensor, position);
}

// In what must be decompressed again for it, and is worth a file.
bool ZipArchive::State::goesBack(const ZipMember& member, uint64_t offset) const {
    return openIndex == member.index && offset < position && member.sizeBytes > skipBytes &&
           zip_file_is_seekable(open.get()) != 1;
}

void ZipArchive::State::spoolWhole(const ZipMember& member, const std::string& tensor) {
    spool.reset();
    auto file = SpoolFile::make();
    canSpool = file.has_value();
    openAt(member, 0, tensor);
    std::vector<std::byte> piece(skipBytes);
    while (canSpool && position < member.sizeBytes) {
        const auto some = std::span(piece).first(std::min<uint64_t>(skipBytes, member.sizeBytes - position));
        readOn(some, tensor);
        canSpool = file->append(some);
    }
    if (!canSpool) return;
    checkEnd(tensor);
    spool = std::move(file);
    spooledIndex = member.index;
}

ZipArchive::ZipArchive(InputFile file) : m_state(std::make_unique<State>(std::move(file))) {
    m_state->openArchive();
    m_state->listMembers();
}

ZipArchive::~ZipArchive() = default;
ZipArchive::ZipArchive(ZipArchive&&) noexcept = default;
ZipArchive& ZipArchive::operator=(ZipArchive&&) noexcept = default;

const InputFile& ZipArchive::file() const {
    return m_state->source.file;
}

const std::vector<ZipMember>& ZipArchive::members() const {
    return m_state->members;
}

void ZipArchive::check(const ZipMember& member, const std::string& tensor) const {
    const auto failField = [&](const std::string& field, const std::string& problem) {
        throw InputError::atField(m_state->path(), tensor, field, problem);
    };
    zip_stat_t stat;
    zip_stat_init(&stat);
    zip_stat_index(m_state->archive.get(), member.index, 0, &stat);  // was read before: see listMembers
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
        failField("encryption", "encrypted members are not supported");
    const uint32_t method = (stat.valid & ZIP_STAT_COMP_METHOD) != 0 ? stat.comp_method : ZIP_CM_STORE;
    if (method != ZIP_CM_STORE && method != ZIP_CM_DEFLATE)
        failField("compression method",
                  std::format("{} is not supported: neither 0, stored, nor 8, deflated", method));
    const uint64_t stored = stat.comp_size;
    if (method == ZIP_CM_STORE && member.sizeBytes != stored)
        failField("size", std::format("{}, but {} bytes are stored", member.sizeBytes, stored));
    if (member.sizeBytes / maxDeflateRatio > stored + deflateStartBytes)
        failField("size", std::format("{} bytes cannot come of {} deflated ones", member.sizeBytes, stored));
}

void ZipArchive::read(const ZipMember& member, uint64_t offset, std::span<std::byte> bytes,
                      const std::string& tensor) const {
    State& state = *m_state;
    const std::scoped_lock lock(state.mutex);
    const auto isSpooled = [&] { return state.spool && state.spooledIndex == member.index; };
    if (!isSpooled() && state.canSpool && state.goesBack(member, offset)) state.spoolWhole(member, tensor);
    if (isSpooled()) {
        if (state.spool->read(offset, bytes)) return;
        throw InputError(state.path(), tensor, "cannot be read again from the temporary folder", offset);
    }
    state.openAt(member, offset, tensor);
    state.readOn(bytes, tensor);
    if (state.position == member.sizeBytes) state.checkEnd(tensor);
}

}  // namespace quant
