#pragma once

#include <filesystem>

namespace quant {

// Keeps other processes that want the same from changing a file until it is released: an advisory lock on the
// folder that the file lies in (links resolved), so that nothing is left behind. Waits for those that hold
// it. Where the folder cannot be opened there is nothing to lock, and writing will say why.
class FolderLock {
public:
    explicit FolderLock(const std::filesystem::path& file);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int m_descriptor = -1;
};

}  // namespace quant
