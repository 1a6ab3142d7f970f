#include "quant/output_file.h"

#include "quant/input_error.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <utility>
#include <vector>

using namespace quant;
using quant::tests::TempFolder;
namespace fs = std::filesystem;

namespace {

std::string messageOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const OutputError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

std::string openMessage(const fs::path& path) {
    return messageOf([&] { OutputFile file(path); });
}

void writeWhole(const fs::path& path, std::string_view text) {
    OutputFile file(path);
    file.write(text);
    file.commit();
}

// Runs the action in a process of its own, so that limits, users and signals stay there. Returns the exit
// status: what the action returned, or 99 if it threw.
int exitStatusOf(const std::function<int()>& action) {
    const pid_t child = fork();
    if (child == 0) {
        int status = 99;
        try {
            status = action();
        } catch (...) {
        }
        _exit(status);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

bool becomeOrdinaryUser() {
    return geteuid() != 0 || setuid(65534) == 0;
}

}  // namespace

TEST_CASE("an output appears at commit, whole, and leaves nothing else behind") {
    const TempFolder folder;
    OutputFile file(folder / "out");
    file.write(std::string_view("one "));
    CHECK_FALSE(fs::exists(folder / "out"));
    CHECK(folder.entries() == 1);
    file.write(std::as_bytes(std::span("two", 3)));
    file.write(std::string_view());
    file.commit();
    CHECK(folder.read("out") == "one two");
    CHECK(folder.entries() == 1);
}

TEST_CASE("an output that is not committed leaves the target as it was") {
    const TempFolder folder;
    folder.write("out", "old");
    {
        OutputFile file(folder / "out");
        file.write(std::string_view("new"));
        CHECK(folder.read("out") == "old");
    }
    CHECK(folder.read("out") == "old");
    CHECK(folder.entries() == 1);
}

TEST_CASE("other hard links of a replaced file keep their contents") {
    const TempFolder folder;
    folder.write("out", "old");
    fs::create_hard_link(folder / "out", folder / "other");
    writeWhole(folder / "out", "new");
    CHECK(folder.read("out") == "new");
    CHECK(folder.read("other") == "old");
}

TEST_CASE("a symbolic link is followed and kept, dangling or not") {
    const TempFolder folder;
    fs::create_directory(folder / "real");
    fs::create_symlink("real", folder / "alias");
    fs::create_symlink("alias/file", folder / "link");
    for (const char* text : {"first", "second"}) {
        writeWhole(folder / "link", text);
        CHECK(fs::is_symlink(folder / "link"));
        CHECK(folder.read("real/file") == text);
    }
    CHECK(folder.entries() == 3);
    fs::create_symlink("loop", folder / "loop");
    CHECK(openMessage(folder / "loop").ends_with("Too many levels of symbolic links"));
}

TEST_CASE("a new file has the permissions that the umask gives") {
    const TempFolder folder;
    for (const mode_t mask : {mode_t{0027}, mode_t{0002}}) {
        const mode_t before = umask(mask);
        writeWhole(folder / "out", "x");
        umask(before);
        struct stat status = {};
        REQUIRE(stat((folder / "out").c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == (0666 & ~mask));
    }
}

TEST_CASE("a bare file name is written to the working folder") {
    const TempFolder folder;
    CHECK(exitStatusOf([&] {
              fs::current_path(folder.path());
              writeWhole("out", "x");
              return 0;
          }) == 0);
    CHECK(folder.read("out") == "x");
}

TEST_CASE("an output outlives a change of the working folder") {
    const TempFolder folder;
    CHECK(exitStatusOf([&] {
              fs::current_path(folder.path());
              OutputFile file("out");
              fs::current_path("/");
              file.write(std::string_view("x"));
              file.commit();
              return 0;
          }) == 0);
    CHECK(folder.read("out") == "x");
}

TEST_CASE("targets that cannot be are refused when the output is opened") {
    const TempFolder folder;
    const std::string directory = folder.path(), missing = folder / "none/out", below = folder / "file/out";
    folder.write("file", "");
    CHECK(openMessage(directory) == directory + ": cannot write: Is a directory");
    CHECK(openMessage(directory + "/") == directory + "/: cannot write: Is a directory");
    CHECK(openMessage(directory + "/new/") == directory + "/new/: cannot write: Is a directory");
    CHECK(openMessage(missing) == missing + ": folder '" + directory + "/none': No such file or directory");
    CHECK(openMessage(below) == below + ": cannot write: Not a directory");
    CHECK(openMessage("") == ": cannot write: No such file or directory");
    CHECK(openMessage(folder / std::string(300, 'x')).ends_with(": cannot write: File name too long"));
}

TEST_CASE("a folder or a file without write permission is refused") {
    const TempFolder folder;
    const std::string inside = folder / "closed/out", file = folder.write("file", "old");
    fs::create_directory(folder / "closed");
    REQUIRE(chmod((folder / "closed").c_str(), 0555) == 0);
    REQUIRE(chmod(folder.path().c_str(), 0777) == 0);
    REQUIRE(chmod(file.c_str(), 0444) == 0);
    CHECK(exitStatusOf([&] {
              if (!becomeOrdinaryUser()) return 2;
              if (openMessage(inside) != inside + ": cannot create a file in its folder: Permission denied")
                  return 3;
              return openMessage(file) == file + ": cannot write: Permission denied" ? 0 : 4;
          }) == 0);
    CHECK(folder.read("file") == "old");
}

TEST_CASE("a file that grows too large is an error, and nothing of it remains") {
    const TempFolder folder;
    const std::string path = folder.write("out", "old");
    CHECK(exitStatusOf([&] {
              signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{4096, 4096};
              if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
              OutputFile file(path);
              const std::string bytes(10'000, 'x');
              if (messageOf([&] { file.write(bytes); }) != path + ": cannot write: File too large") return 3;
              return messageOf([&] { file.commit(); }).starts_with(path + ": cannot complete") ? 0 : 4;
          }) == 0);
    CHECK(folder.read("out") == "old");
}

TEST_CASE("a failed write leaves no temporary file") {
    const TempFolder folder;
    CHECK(
        exitStatusOf([&] {
            signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{10, 10};
            if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
            return messageOf([&] { writeWhole(folder / "out", "more than ten bytes"); }).contains("too large")
                       ? 0
                       : 3;
        }) == 0);
    CHECK(folder.entries() == 0);
}

TEST_CASE("a full disk is an error that names path and cause") {
    CHECK(messageOf([] { writeWhole("/dev/full", "x"); }) ==
          "/dev/full: cannot write: No space left on device");
}

TEST_CASE("a target that became a folder is an error at commit, and the folder stays") {
    const TempFolder folder;
    OutputFile file(folder / "out");
    fs::create_directory(folder / "out");
    CHECK(messageOf([&] { file.commit(); }).ends_with("out: cannot put in place: Is a directory"));
    file = OutputFile(folder / "other");
    CHECK(fs::is_directory(folder / "out"));
}

TEST_CASE("a device is written to, not replaced") {
    writeWhole("/dev/null", "x");
    CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a FIFO is written to, not replaced") {
    const TempFolder folder;
    const std::string path = folder / "fifo";
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    const int reader = open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(reader >= 0);
    writeWhole(path, "hello");
    std::array<char, 16> bytes = {};
    CHECK(read(reader, bytes.data(), bytes.size()) == 5);
    close(reader);
    CHECK(std::string_view(bytes.data()) == "hello");
    CHECK(fs::is_fifo(path));
    CHECK(folder.entries() == 1);
}

TEST_CASE("a pipe whose reader is gone is an error") {
    std::array<int, 2> ends = {};
    REQUIRE(pipe(ends.data()) == 0);
    close(ends[0]);
    const std::string path = "/dev/fd/" + std::to_string(ends[1]);
    CHECK(exitStatusOf([&] {
              signal(SIGPIPE, SIG_IGN);
              return messageOf([&] { writeWhole(path, "x"); }) == path + ": cannot write: Broken pipe" ? 0
                                                                                                       : 1;
          }) == 0);
    close(ends[1]);
}

TEST_CASE("standard output that is a file is appended to where it stands, by every name") {
    const TempFolder folder;
    folder.write("log", "before ");
    CHECK(exitStatusOf([&] {
              const int log = open((folder / "log").c_str(), O_WRONLY | O_APPEND);
              if (dup2(log, STDOUT_FILENO) < 0) return 2;
              writeWhole("/dev/stdout", "one ");
              writeWhole("/dev/fd/1", "two ");
              writeWhole("/proc/self/fd/1", "three");
              return ::write(STDOUT_FILENO, ".", 1) == 1 ? 0 : 3;
          }) == 0);
    CHECK(folder.read("log") == "before one two three.");
    CHECK(folder.entries() == 1);
}

TEST_CASE("a moved output is still committed or removed once") {
    const TempFolder folder;
    {
        OutputFile first(folder / "a");
        first.write(std::string_view("a"));
        OutputFile second(std::move(first));
        OutputFile third(folder / "b");
        third = std::move(second);
        third.commit();
    }
    CHECK(folder.read("a") == "a");
    CHECK(folder.entries() == 1);
}

TEST_CASE("removing unfinished outputs removes them alone, and they cannot be committed") {
    const TempFolder folder;
    writeWhole(folder / "done", "x");
    OutputFile file(folder / "out");
    CHECK(folder.entries() == 2);
    removeUnfinishedOutputs();
    CHECK(folder.entries() == 1);
    CHECK(messageOf([&] { file.commit(); }).contains("cannot put in place: No such file"));
    CHECK(folder.entries() == 1);
}

TEST_CASE("any number of outputs may be open, and their places in the table are given back") {
    const TempFolder folder;
    for (int round = 0; round < 3; ++round) {
        std::vector<OutputFile> files;
        for (int i = 0; i < 20; ++i) files.emplace_back(folder / std::to_string(i));
        CHECK(folder.entries() == 20);
        removeUnfinishedOutputs();
        CHECK(folder.entries() == 4);
        files.clear();
        CHECK(folder.entries() == 0);
    }
}

TEST_CASE("a signal handler can remove unfinished outputs") {
    const TempFolder folder;
    std::array<int, 2> ready = {};
    REQUIRE(pipe(ready.data()) == 0);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, [](int) {
            removeUnfinishedOutputs();
            _exit(130);
        });
        OutputFile file(folder / "out");
        file.write(std::string_view("half"));
        if (write(ready[1], "x", 1) != 1) _exit(2);
        for (;;) pause();
    }
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    CHECK(folder.entries() == 1);
    REQUIRE(kill(child, SIGINT) == 0);
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 130);
    CHECK(folder.entries() == 0);
    for (const int end : ready) close(end);
}
