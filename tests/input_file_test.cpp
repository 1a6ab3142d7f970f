#include "quant/input_file.h"

#include "quant/input_error.h"
#include "quant/tensor_file.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <utility>

using namespace quant;
using quant::tests::TempFolder;

namespace {

std::string messageOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

std::string openMessage(const std::filesystem::path& path) {
    return messageOf([&] { InputFile file(path); });
}

std::string readText(const InputFile& file, uint64_t offset, size_t sizeBytes) {
    std::string text(sizeBytes, '?');
    file.read(offset, std::as_writable_bytes(std::span(text)));
    return text;
}

}  // namespace

TEST_CASE("any range of a file can be read") {
    const TempFolder folder;
    const InputFile file(folder.write("x", "abcdefgh"));
    CHECK(file.sizeBytes() == 8);
    CHECK(readText(file, 0, 8) == "abcdefgh");
    CHECK(readText(file, 3, 2) == "de");
    CHECK(readText(file, 8, 0).empty());
}

TEST_CASE("an input that cannot be opened is refused with its path and the reason") {
    const TempFolder folder;
    const std::string missing = folder / "missing", directory = folder.path(), fifo = folder / "fifo";
    CHECK(openMessage(missing) == missing + ": cannot open: No such file or directory");
    CHECK(openMessage("") == ": cannot open: No such file or directory");
    CHECK(openMessage(directory) == directory + ": is a directory, not a file");
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(openMessage(fifo) == fifo + ": is not a regular file");
    CHECK(openMessage("/dev/null") == "/dev/null: is not a regular file");
}

TEST_CASE("a file without read permission is refused") {
    const TempFolder folder;
    const std::string path = folder.write("secret", "x");
    REQUIRE(chmod(path.c_str(), 0) == 0);
    REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
    const pid_t child = fork();
    if (child == 0) {  // permissions do not hold for root
        if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
        _exit(openMessage(path) == path + ": cannot open: Permission denied" ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a file that shrinks while being read is an error with path, tensor and offset") {
    const TempFolder folder;
    const std::string path = folder.write("x", "abcdefgh");
    const InputFile file(path);
    std::filesystem::resize_file(path, 5);
    std::array<std::byte, 6> bytes;
    CHECK(messageOf([&] { file.read(2, bytes, "w"); }) ==
          path + ": tensor 'w': the file ends 3 bytes early: it shrank while being read (at byte 5)");
    CHECK(readText(file, 0, 5) == "abcde");
}

TEST_CASE("a read that the system fails is an error with path and offset") {
    const InputFile file("/proc/self/mem");  // regular, and nothing is mapped at address 0
    std::array<std::byte, 4> bytes;
    CHECK(messageOf([&] { file.read(0, bytes); }) ==
          "/proc/self/mem: cannot read: Input/output error (at byte 0)");
}

TEST_CASE("a moved input file reads on") {
    const TempFolder folder;
    InputFile first(folder.write("x", "abc"));
    InputFile second(std::move(first));
    CHECK(readText(second, 1, 2) == "bc");
    InputFile third(folder.write("y", "uvw"));
    third = std::move(second);
    CHECK(readText(third, 1, 2) == "bc");
    CHECK(third.path() == folder / "x");
}

TEST_CASE("an error's message names file, tensor, field and offset, as far as given") {
    CHECK(std::string(InputError("f", "", "bad").what()) == "f: bad");
    CHECK(std::string(InputError("f", "t", "bad", 7).what()) == "f: tensor 't': bad (at byte 7)");
    CHECK(std::string(InputError::atField("f", "t", "shape", "bad", 0).what()) ==
          "f: tensor 't': field 'shape': bad (at byte 0)");
    CHECK(std::string(InputError::atField("f", "", "shape", "bad").what()) == "f: field 'shape': bad");
    CHECK(std::string(OutputError("f", "full").what()) == "f: full");
}

TEST_CASE("a hostile name cannot break the line, drive the terminal or flood it") {
    const std::string name = "a\nb\r\t\x1b[31m\x7f\xc2\x85\xe2\x80\xae";
    CHECK(printable(name) == "a\\nb\\r\\t\\x1b[31m\\x7f\\u0085\\u202e");
    CHECK(printable(std::string_view("\0", 1)) == "\\x00");
    CHECK(printable("a\nb: c") == "a\\nb: c");
    const std::string message = InputError(std::string("p\nq"), std::string(5000, 'n'), "x\ny").what();
    CHECK(message == "p\\nq: tensor '" + std::string(200, 'n') + "...': x\\ny");
}

TEST_CASE("printable text keeps valid UTF-8 and escapes other bytes") {
    const std::string valid = "Gewicht \xc3\xa4 \xe6\x9d\x83 \xf0\x9f\x98\x80 \\";
    CHECK(printable(valid) == valid);
    CHECK(printable("\x80\xff") == "\\x80\\xff");
    CHECK(printable("\xc3") == "\\xc3");                             // cut short
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
    CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");           // overlong
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
    CHECK(printable("\xc3\xa4\xc3\xa4\xc3\xa4", 2) == "\xc3\xa4\xc3\xa4...");
    CHECK(printable("abc", 3) == "abc");
}

TEST_CASE("files of no known format are refused with what they are") {
    const TempFolder folder;
    const auto openBytes = [&](std::string_view bytes) {
        const std::string path = folder.write("x", bytes);
        return messageOf([&] { openTensorFile(path); }).substr(path.size() + 2);
    };
    CHECK(openBytes("") == "is empty");
    CHECK(openBytes("abc") == "is too short to be a file of tensors (at byte 3)");
    CHECK(openBytes("PK\x03\x04 and so on").starts_with("is a damaged zip archive: "));
    CHECK(openBytes("GGUF and so on").starts_with("field 'version': "));
    CHECK(openBytes("\x80\x02\x8a\x0a and so on")
              .starts_with("is a Python pickle (an old PyTorch checkpoint?)"));
    CHECK(openBytes("\x89HDF\r\n\x1a\n").starts_with("is an HDF5 file"));
    CHECK(openBytes("plain text, longer than eight bytes").starts_with("is of no known format: "));
    const std::string path = folder.write("x.npy", "plain text, longer than eight bytes");
    CHECK(messageOf([&] { openTensorFile(path); }) == path + ": does not begin as npy files do (at byte 0)");
    const std::string damaged = folder.write("x.safetensors", "plain text, longer than eight bytes");
    CHECK(messageOf([&] { openTensorFile(damaged); }).contains("field 'header length': "));
    CHECK(messageOf([&] { openTensorFile(folder / "none"); }).contains("No such file"));
    CHECK(messageOf([&] { openTensorFile(folder.path()); }).contains("is a directory"));
}
