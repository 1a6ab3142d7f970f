#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace quant {

// An output that appears whole or not at all: written under a hidden name (.clipscope-*.tmp) in the target's
// folder, and renamed over the target by commit(). A file that the target names before then stays whole,
// for readers that have it open and under its other hard links too; a symbolic link is followed and kept.
// The new file gets the permissions that the umask gives.
//
// What cannot be replaced is written straight, without that promise: devices such as /dev/null, FIFOs, and
// what the process has open, such as /dev/stdout and /dev/fd/N. Opening a FIFO waits for its reader.
//
// SIGXFSZ and SIGPIPE end the process unless it ignores them; then EFBIG and EPIPE arrive as OutputError.
class OutputFile {
public:
    // Throws OutputError: a directory, a folder that is missing or cannot be written, a target that may not
    // be written.
    explicit OutputFile(const std::filesystem::path& path);

    // Without commit(), the temporary file is removed and the target is left as it was.
    ~OutputFile();
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&& other) noexcept;

    const std::string& path() const { return m_path; }  // as given

    // Appends; unbuffered. Throws OutputError naming path and cause, as when the disk is full; afterwards
    // the file cannot be committed.
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

    // Brings the data to the disk and then puts it under the target's name. Once only. Throws OutputError;
    // the target is then as it was, unless the folder alone could not be synchronized.
    void commit();

private:
    void openTemporary();
    void release() noexcept;
    [[noreturn]] void fail(const std::string& what, int error) const;

    std::string m_path;
    std::filesystem::path m_target;  // links resolved; empty where the output is written straight
    std::string m_temporary;         // absolute; empty when there is none
    int m_slot = -1;                 // where removeUnfinishedOutputs() finds m_temporary
    int m_descriptor = -1;
    bool m_isBroken = false;  // a write failed
};

// Removes the temporary files of all outputs that are not committed yet. Async-signal-safe: to be called by
// a handler that ends the process, or any thread; outputs that are still being written then fail to
// commit. Covers the first 16 outputs that are open at the same time.
void removeUnfinishedOutputs() noexcept;

}  // namespace quant
