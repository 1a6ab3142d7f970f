#include "quant/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace quant {

FolderLock::FolderLock(const std::filesystem::path& file) {
    std::error_code unknown;
    const auto target = std::filesystem::weakly_canonical(std::filesystem::absolute(file, unknown), unknown);
    m_descriptor = ::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (m_descriptor < 0) return;
    while (::flock(m_descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }
}

FolderLock::~FolderLock() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

}  // namespace quant
