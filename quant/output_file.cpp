#include "quant/output_file.h"

#include "quant/input_error.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <format>
#include <optional>
#include <random>
#include <system_error>
#include <utility>

namespace quant {
namespace {

namespace fs = std::filesystem;

// The temporary files of this process. A slot belongs to one OutputFile from Filling until Free. The signal
// handler takes an Active slot by making it Removing, so its path cannot change underneath.
enum SlotState : int { Free, Filling, Active, Removing, Removed };
struct Slot {
    std::atomic<int> state = Free;
    std::array<char, PATH_MAX> path = {};
};
constinit std::array<Slot, 16> slots;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler uses it");

// Returns -1 when there is no slot or the path is too long: the file is then not removed on a signal.
int takeSlot(const std::string& path) {
    if (path.size() >= PATH_MAX) return -1;
    for (size_t i = 0; i < slots.size(); ++i) {
        int expected = Free;
        if (!slots[i].state.compare_exchange_strong(expected, Filling)) continue;
        std::memcpy(slots[i].path.data(), path.c_str(), path.size() + 1);
        slots[i].state = Active;
        return static_cast<int>(i);
    }
    return -1;
}

void freeSlot(int slot) {
    if (slot < 0) return;
    std::atomic<int>& state = slots[static_cast<size_t>(slot)].state;
    // A slot that another thread is Removing stays taken: the process is about to end.
    for (int expected : {Active, Removed}) {
        if (state.compare_exchange_strong(expected, Free)) return;
    }
}

[[noreturn]] void failWith(const std::string& path, const std::string& what, int error) {
    throw OutputError(path, what + ": " + std::generic_category().message(error));
}

// The path with its folder made canonical, and followed while it is a symbolic link, up to the first name
// below /proc: the links there are not paths. The last name need not exist.
fs::path followLinks(const fs::path& given) {
    fs::path path = given;
    for (int hop = 0; hop < 40; ++hop) {
        std::error_code error;
        const fs::path folder = fs::canonical(path.has_parent_path() ? path.parent_path() : ".", error);
        if (error) {
            failWith(given.string(), "folder '" + path.parent_path().string() + "'", error.value());
        }
        const fs::path resolved = folder / path.filename();
        if (resolved.string().starts_with("/proc/")) return resolved;
        if (!fs::is_symlink(fs::symlink_status(resolved, error))) return resolved;
        path = folder / fs::read_symlink(resolved, error);
        if (error) failWith(given.string(), "cannot read a symbolic link", error.value());
    }
    failWith(given.string(), "cannot follow", ELOOP);
}

// N where the path is /proc/PID/fd/N with this process's PID. Opening such a file anew would write at its
// beginning, over what the shell's >> should keep; a duplicate shares the position.
std::optional<int> ownDescriptor(const fs::path& resolved) {
    if (resolved.parent_path() != std::format("/proc/{}/fd", getpid())) return {};
    const std::string name = resolved.filename().string();
    int number = -1;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || *rest != '\0') return {};
    return number;
}

std::string temporaryName() {
    std::random_device random;
    return std::format(".clipscope-{}-{:08x}{:08x}.tmp", getpid(), random(), random());
}

// Pipes, terminals and some network file systems cannot be synchronized, which is no failure to write.
bool synchronize(int descriptor) {
    while (fsync(descriptor) != 0) {
        if (errno == EINVAL || errno == ENOTSUP || errno == EROFS) return true;
        if (errno != EINTR) return false;
    }
    return true;
}

}  // namespace

OutputFile::OutputFile(const fs::path& path) : m_path(path.string()) {
    if (path.empty()) fail("cannot write", ENOENT);
    struct stat status = {};
    const bool exists = stat(m_path.c_str(), &status) == 0;
    if (!exists && errno != ENOENT) fail("cannot write", errno);
    if ((exists && S_ISDIR(status.st_mode)) || !path.has_filename()) fail("cannot write", EISDIR);

    const fs::path resolved = followLinks(path);
    const bool isSpecial = exists && !S_ISREG(status.st_mode);
    if (const auto descriptor = ownDescriptor(resolved)) {
        m_descriptor = fcntl(*descriptor, F_DUPFD_CLOEXEC, 0);
    } else if (isSpecial || resolved.string().starts_with("/proc/")) {
        m_descriptor = open(m_path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } else {
        // rename() would replace a read-only file without asking.
        if (exists && faccessat(AT_FDCWD, m_path.c_str(), W_OK, AT_EACCESS) != 0) fail("cannot write", errno);
        m_target = resolved;
        openTemporary();
    }
    if (m_descriptor < 0)
        fail(m_target.empty() ? "cannot open" : "cannot create a file in its folder", errno);
}

OutputFile::~OutputFile() {
    release();
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : m_path(std::move(other.m_path)),
      m_target(std::move(other.m_target)),
      m_temporary(std::exchange(other.m_temporary, {})),
      m_slot(std::exchange(other.m_slot, -1)),
      m_descriptor(std::exchange(other.m_descriptor, -1)),
      m_isBroken(other.m_isBroken) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
    std::swap(m_path, other.m_path);
    std::swap(m_target, other.m_target);
    std::swap(m_temporary, other.m_temporary);
    std::swap(m_slot, other.m_slot);
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_isBroken, other.m_isBroken);
    return *this;
}

void OutputFile::write(std::span<const std::byte> bytes) {
    assert(m_descriptor >= 0);
    while (!bytes.empty()) {
        const ssize_t count = ::write(m_descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            m_isBroken = true;
            fail("cannot write", errno);
        }
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
}

void OutputFile::commit() {
    assert(m_descriptor >= 0);
    if (m_isBroken) fail("cannot complete after a failed write", EIO);
    if (!synchronize(m_descriptor)) fail("cannot bring the data to the disk", errno);
    // Even when close() fails, the descriptor is gone. Network file systems report lost writes here.
    if (close(std::exchange(m_descriptor, -1)) != 0 && errno != EINTR) fail("cannot close", errno);
    if (m_temporary.empty()) return;

    if (rename(m_temporary.c_str(), m_target.c_str()) != 0) fail("cannot put in place", errno);
    freeSlot(std::exchange(m_slot, -1));
    m_temporary.clear();
    // A folder that may be written but not read cannot be synchronized: the file is there all the same.
    const int folder = open(m_target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    const int error = synchronize(folder) ? 0 : errno;
    close(folder);
    if (error != 0) fail("cannot bring the folder to the disk", error);
}

// Leaves m_descriptor negative and errno set on failure.
void OutputFile::openTemporary() {
    const fs::path folder = m_target.parent_path();
    for (int attempt = 0; attempt < 8; ++attempt) {
        m_temporary = folder / temporaryName();
        // Registered before it exists, so that no signal can come in between.
        m_slot = takeSlot(m_temporary);
        m_descriptor = open(m_temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (m_descriptor >= 0) return;
        freeSlot(std::exchange(m_slot, -1));
        m_temporary.clear();
        if (errno != EEXIST) return;
    }
}

void OutputFile::release() noexcept {
    if (m_descriptor >= 0) close(std::exchange(m_descriptor, -1));
    if (!m_temporary.empty()) unlink(m_temporary.c_str());
    m_temporary.clear();
    freeSlot(std::exchange(m_slot, -1));
}

void OutputFile::fail(const std::string& what, int error) const {
    failWith(m_path, what, error);
}

void removeUnfinishedOutputs() noexcept {
    const int savedErrno = errno;
    for (Slot& slot : slots) {
        int expected = Active;
        if (!slot.state.compare_exchange_strong(expected, Removing)) continue;
        unlink(slot.path.data());
        slot.state = Removed;
    }
    errno = savedErrno;
}

}  // namespace quant
