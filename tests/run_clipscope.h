#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace app::tests {

struct RunOptions {
    std::map<std::string, std::string> environment;  // beside or instead of what the tests run under
    std::string folder;                              // to run in; empty: the tests' own
    std::string stdoutPath;                          // opened as standard output, which is then not captured
    bool closesStdout = false;
    std::optional<uint64_t> fileSizeLimit;  // RLIMIT_FSIZE in bytes: what a full disk looks like
    int signal = 0;                         // sent once when signalWhen says so
    std::function<bool()> signalWhen;
    std::chrono::seconds timeLimit{120};  // afterwards the program is killed, and runClipscope throws
};

struct RunResult {
    int exitCode = -1;  // 128 + signal when one ended the program
    std::string out, err;
    std::chrono::milliseconds duration{0};
};

// Runs the program that the environment variable CLIPSCOPE_BINARY names and waits for its end. Throws
// std::runtime_error: no such program, or it ran too long.
RunResult runClipscope(const std::vector<std::string>& arguments, const RunOptions& options = {});

// The same of a line for sh, in which `clipscope` is that program.
RunResult runShell(const std::string& line, const RunOptions& options = {});

}  // namespace app::tests
