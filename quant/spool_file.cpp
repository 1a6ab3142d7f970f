#include "quant/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace quant {

std::optional<SpoolFile> SpoolFile::make() {
    std::error_code unknown;
    std::string name = std::filesystem::temp_directory_path(unknown) / "clipscope-spool-XXXXXX";
    const int descriptor = unknown ? -1 : ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) return {};
    ::unlink(name.c_str());
    return SpoolFile(descriptor);
}

SpoolFile::~SpoolFile() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept : m_descriptor(std::exchange(other.m_descriptor, -1)) {}

SpoolFile& SpoolFile::operator=(SpoolFile&& other) noexcept {
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

bool SpoolFile::append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(m_descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return true;
}

bool SpoolFile::read(uint64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::pread(m_descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(count));
        offset += static_cast<uint64_t>(count);
    }
    return true;
}

}  // namespace quant
