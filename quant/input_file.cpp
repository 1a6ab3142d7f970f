#include "quant/input_file.h"

#include "quant/input_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <format>
#include <system_error>
#include <utility>

namespace quant {
namespace {

std::string describeErrno(int error) {
    return std::generic_category().message(error);
}

// Returns the size; throws unless the descriptor is a regular file.
uint64_t checkRegular(int descriptor, const std::string& path) {
    struct stat status = {};
    if (fstat(descriptor, &status) != 0) {
        throw InputError(path, "", "cannot read its size: " + describeErrno(errno));
    }
    if (S_ISDIR(status.st_mode)) throw InputError(path, "", "is a directory, not a file");
    if (!S_ISREG(status.st_mode)) throw InputError(path, "", "is not a regular file");
    return static_cast<uint64_t>(status.st_size);
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : m_path(path.string()) {
    // Without O_NONBLOCK, opening a FIFO would wait for a writer before its kind can be checked.
    m_descriptor = open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (m_descriptor < 0) throw InputError(m_path, "", "cannot open: " + describeErrno(errno));
    try {
        m_sizeBytes = checkRegular(m_descriptor, m_path);
    } catch (...) {
        close(m_descriptor);
        throw;
    }
}

InputFile::~InputFile() {
    if (m_descriptor >= 0) close(m_descriptor);
}

InputFile::InputFile(InputFile&& other) noexcept
    : ByteSource(std::move(other)),
      m_path(std::move(other.m_path)),
      m_sizeBytes(std::exchange(other.m_sizeBytes, 0)),
      m_descriptor(std::exchange(other.m_descriptor, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
    std::swap(m_path, other.m_path);
    std::swap(m_sizeBytes, other.m_sizeBytes);
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

void InputFile::read(uint64_t offset, std::span<std::byte> bytes, const std::string& tensor) const {
    while (!bytes.empty()) {
        const ssize_t count = pread(m_descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw InputError(m_path, tensor, "cannot read: " + describeErrno(errno), offset);
        if (count == 0) {
            const std::string problem =
                std::format("the file ends {} bytes early: it shrank while being read", bytes.size());
            throw InputError(m_path, tensor, problem, offset);
        }
        bytes = bytes.subspan(static_cast<size_t>(count));
        offset += static_cast<uint64_t>(count);
    }
}

}  // namespace quant
