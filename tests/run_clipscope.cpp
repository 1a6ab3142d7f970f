#include "tests/run_clipscope.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace app::tests {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    Pipe() {
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    }
    ~Pipe() {
        closeEnd(0);
        closeEnd(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void closeEnd(size_t end) {
        if (ends[end] >= 0) close(ends[end]);
        ends[end] = -1;
    }

    std::array<int, 2> ends{-1, -1};  // to read, to write
};

// In the child, between fork and exec.
[[noreturn]] void become(const std::string& binary, const std::vector<std::string>& arguments,
                         const RunOptions& options, int out, int err) {
    for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
    if (options.fileSizeLimit) {
        const rlimit limit{*options.fileSizeLimit, *options.fileSizeLimit};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(127);
    if (!options.stdoutPath.empty()) out = open(options.stdoutPath.c_str(), O_WRONLY);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (options.closesStdout) close(STDOUT_FILENO);
    std::vector<char*> words = {const_cast<char*>(binary.c_str())};
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    execv(binary.c_str(), words.data());
    _exit(127);
}

// Appends what the pipe holds; closes it at its end.
void drain(Pipe& pipe, short events, std::string& to) {
    if (events == 0) return;
    std::array<char, 65536> bytes;
    const ssize_t size = read(pipe.ends[0], bytes.data(), bytes.size());
    if (size > 0)
        to.append(bytes.data(), static_cast<size_t>(size));
    else
        pipe.closeEnd(0);
}

// Reads both pipes to their ends, sending the signal on the way. False when time runs out.
bool communicate(pid_t child, Pipe& out, Pipe& err, const RunOptions& options, RunResult& result) {
    const auto deadline = Clock::now() + options.timeLimit;
    bool isSignalDue = options.signal != 0;
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        if (Clock::now() > deadline) return false;
        if (isSignalDue && options.signalWhen()) {
            kill(child, options.signal);
            isSignalDue = false;
        }
        std::array<pollfd, 2> waiting{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
        if (poll(waiting.data(), waiting.size(), 10) <= 0) continue;
        drain(out, waiting[0].revents, result.out);
        drain(err, waiting[1].revents, result.err);
    }
    return true;
}

const char* testedBinary() {
    const char* binary = std::getenv("CLIPSCOPE_BINARY");
    if (!binary) throw std::runtime_error("CLIPSCOPE_BINARY does not name the program to test");
    return binary;
}

RunResult run(const std::string& binary, const std::vector<std::string>& arguments,
              const RunOptions& options) {
    Pipe out, err;
    const auto start = Clock::now();
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) become(binary, arguments, options, out.ends[1], err.ends[1]);
    out.closeEnd(1);
    err.closeEnd(1);
    RunResult result;
    const bool isDone = communicate(child, out, err, options, result);
    if (!isDone) kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    result.duration = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    result.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (!isDone) throw std::runtime_error("clipscope ran too long; it said: " + result.err);
    if (result.exitCode == 127) throw std::runtime_error("cannot run " + binary);
    return result;
}

}  // namespace

RunResult runClipscope(const std::vector<std::string>& arguments, const RunOptions& options) {
    return run(testedBinary(), arguments, options);
}

RunResult runShell(const std::string& line, const RunOptions& options) {
    const std::string program = std::filesystem::absolute(testedBinary());
    return run("/bin/sh", {"-c", "clipscope() { '" + program + "' \"$@\"; }\n" + line}, options);
}

}  // namespace app::tests
