#include "quant/npz.h"

#include "tests/environment.h"
#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

using namespace quant;
using namespace quant::tests;

namespace {

std::string number(uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
}

uint32_t crcOf(std::string_view data) {
    uint32_t crc = ~0u;
    for (const char byte : data) {
        crc ^= static_cast<unsigned char>(byte);
        for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

// A member as the archive is to describe it; `data` as they are stored.
struct Entry {
    std::string name, data;
    uint64_t sizeBytes = 0;
    uint32_t crc = 0;
    uint16_t method = 0, flags = 0;
};

Entry stored(const std::string& name, const std::string& data) {
    return {name, data, data.size(), crcOf(data)};
}

// A zip archive by the book (PKWARE, APPNOTE.TXT): local headers with data, directory, end record.
std::string zipOf(const std::vector<Entry>& entries) {
    std::string file, directory;
    for (const Entry& entry : entries) {
        const std::string common = number(20, 2) + number(entry.flags, 2) + number(entry.method, 2) +
                                   number(0, 4) + number(entry.crc, 4) + number(entry.data.size(), 4) +
                                   number(entry.sizeBytes, 4) + number(entry.name.size(), 2) + number(0, 2);
        directory += "PK\x01\x02" + number(20, 2) + common + std::string(10, '\0') + number(file.size(), 4) +
                     entry.name;
        file += "PK\x03\x04" + common + entry.name + entry.data;
    }
    const std::string count = number(entries.size(), 2);
    return file + directory + "PK\x05\x06" + number(0, 4) + count + count + number(directory.size(), 4) +
           number(file.size(), 4) + number(0, 2);
}

std::string npyOf(std::string_view descr, std::string_view shape, std::string_view data) {
    const std::string header = "{'descr': '" + std::string(descr) +
                               "', 'fortran_order': False, 'shape': " + std::string(shape) + "}\n";
    return "\x93NUMPY" + number(1, 2) + number(header.size(), 2) + header + std::string(data);
}

// Raw deflate, as zip has it.
Entry deflated(const std::string& name, const std::string& data) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string packed(deflateBound(&stream, data.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return {name, packed, data.size(), crcOf(data), 8, 0};
}

std::string complaintAboutZip(const std::vector<Entry>& entries) {
    const TempFolder folder;
    return complaintAbout(folder.write("x.npz", zipOf(entries)));
}

const std::string array = npyOf("|u1", "(3,)", "abc");

}  // namespace

TEST_CASE("arrays of numpy's npz files are read, stored and deflated", "[npz]") {
    for (const char* name : {"stored.npz", "deflated.npz"}) {
        CAPTURE(name);
        const auto file = openTensorFile(fixture(name));
        CHECK(file->format() == "npz");
        CHECK(file->fileSizeBytes() == std::filesystem::file_size(fixture(name)));
        REQUIRE(file->tensors().size() == 4);
        CHECK(file->tensors()[0].name == "w");
        CHECK(file->tensors()[2].name == "layer/b");
        CHECK(file->tensors()[2].shape == std::vector<uint64_t>{2, 3});
        CHECK(numbersOf<float>(*file, "w") ==
              std::vector<float>{-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75});
        CHECK(numbersOf<double>(*file, "layer/b") == std::vector<double>{-3, -2, -1, 0, 1, 2});
        CHECK(numbersOf<uint16_t>(*file, "half") == std::vector<uint16_t>{0x3800, 0xc000, 0x4200, 0, 0x3c00});
        CHECK(numbersOf<int64_t>(*file, "steps") == std::vector<int64_t>{0, 1, 2, 3});
    }
}

TEST_CASE("a member is read at any place, forward and back", "[npz]") {
    for (const char* name : {"stored.npz", "deflated.npz"}) {
        const auto file = openTensorFile(fixture(name));
        const std::string whole = readAll(*file, 0);
        for (size_t begin = whole.size(); begin > 0; begin -= 4) {
            for (size_t end = begin; end <= whole.size(); end += 4)
                CHECK(readRange(*file, 0, begin - 4, end - begin + 4) ==
                      whole.substr(begin - 4, end - begin + 4));
        }
    }
}

TEST_CASE("a deflated member that is read again is read from a file of its own", "[npz]") {
    std::string data(300'000, '\0');
    std::mt19937 random(7);
    for (char& byte : data) byte = static_cast<char>('a' + random() % 4);
    const std::string npy = npyOf("|u1", "(300000,)", data);
    const auto readTwice = [&](bool canSpool) {
        const TempFolder folder;
        const auto path = folder.write("x.npz", zipOf({deflated("w.npy", npy), stored("v.npy", array)}));
        const ::tests::EnvironmentVariable spoolFolder("TMPDIR",
                                                       canSpool ? folder.path().string() : "/nonexistent");
        const auto file = openTensorFile(path);
        CHECK(readAll(*file, 0) == data);
        CHECK(readRange(*file, 0, 100, 5) == data.substr(100, 5));
        CHECK(readAll(*file, 1) == "abc");
        CHECK(readRange(*file, 0, 299'000, 1000) == data.substr(299'000));
        CHECK(readAll(*file, 0) == data);
        CHECK(folder.entries() == 1);  // the file has no name
        // From here on the archive can go.
        std::filesystem::resize_file(path, 40);
        return complaintOf([&] { readAll(*file, 0); });
    };
    CHECK(readTwice(true).empty());
    CHECK(readTwice(false).contains("shrank"));
}

TEST_CASE("threads may read one archive", "[npz]") {
    const auto file = openTensorFile(fixture("deflated.npz"));
    const std::string w = readAll(*file, 0), b = readAll(*file, 2);
    std::atomic<int> wrong = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i)
                wrong += readAll(*file, t % 2 == 0 ? 0 : 2) == (t % 2 == 0 ? w : b) ? 0 : 1;
        });
    }
    threads.clear();
    CHECK(wrong == 0);
}

TEST_CASE("members that are not npy are left alone, but one must be", "[npz]") {
    const TempFolder folder;
    const auto file = openTensorFile(folder.write(
        "x.npz", zipOf({stored("readme.txt", "hello"), stored("d/", ""), stored("d/a.npy", array)})));
    REQUIRE(file->tensors().size() == 1);
    CHECK(file->tensors()[0].name == "d/a");
    CHECK(readAll(*file, 0) == "abc");
    const std::string none =
        "is a zip archive without .npy members (a PyTorch checkpoint, which is not "
        "supported?), not an npz file";
    CHECK(complaintAboutZip({stored("archive/data.pkl", "x")}) == none);
    CHECK(complaintAboutZip({}) == none);
}

TEST_CASE("arrays of strings or objects are listed beside those that can be read", "[npz]") {
    const TempFolder folder;
    const auto path = folder.write(
        "x.npz", zipOf({stored("labels.npy", npyOf("<U2", "(1,)", "abcdefgh")), stored("w.npy", array)}));
    const auto file = openTensorFile(path);
    REQUIRE(file->tensors().size() == 2);
    CHECK(file->tensors()[0].unreadable == "'<U2': strings are not supported");
    CHECK(complaintOf([&] {
              readAll(*file, 0);
          }).ends_with("tensor 'labels': '<U2': strings are not supported"));
    CHECK(readAll(*file, 1) == "abc");
}

TEST_CASE("a structured array does not keep the others from being read", "[npz]") {
    const TempFolder folder;
    const std::string header =
        "{'descr': [('a]', '<f4', (2,)), ('b', [('c', '<i2')])], 'fortran_order': False, "
        "'shape': (1,)}\n";
    const std::string records = "\x93NUMPY" + number(1, 2) + number(header.size(), 2) + header + "0123456789";
    const auto file =
        openTensorFile(folder.write("x.npz", zipOf({stored("meta.npy", records), stored("w.npy", array)})));
    REQUIRE(file->tensors().size() == 2);
    CHECK(file->tensors()[0].unreadable.ends_with("raw and structured data are not supported"));
    CHECK(readAll(*file, 1) == "abc");
}

TEST_CASE("members that cannot be read are refused with tensor and field", "[npz]") {
    Entry encrypted = stored("a.npy", array);
    encrypted.flags = 1;
    encrypted.data += std::string(12, 'x');  // what decryption begins with
    CHECK(complaintAboutZip({encrypted}) ==
          "tensor 'a': field 'encryption': encrypted members are not supported");
    Entry packed = stored("a.npy", array);
    packed.method = 12;
    CHECK(complaintAboutZip({packed}) ==
          "tensor 'a': field 'compression method': 12 is not supported: neither "
          "0, stored, nor 8, deflated");
    Entry wrongCrc = stored("a.npy", array);
    wrongCrc.crc ^= 1;
    CHECK(complaintAboutZip({wrongCrc}) == "tensor 'a': field 'CRC-32': differs from the data's");
    CHECK(complaintAboutZip({stored("a.npy", array), stored("a.npy", array)}) ==
          "is a damaged zip archive: two members have the same name");
    Entry garbage = stored("a.npy", array);
    garbage.method = 8;
    garbage.data[0] = 7;  // a kind of block that does not exist
    CHECK(complaintAboutZip({garbage}).starts_with("tensor 'a': cannot be decompressed: "));
}

TEST_CASE("sizes that are not those of the data are refused", "[npz]") {
    Entry longer = stored("a.npy", array);
    longer.sizeBytes += 1;
    CHECK_FALSE(complaintAboutZip({longer}).empty());
    // The array's bytes as one stored block of deflate, which declares its length itself.
    const auto deflated = [](uint64_t declaredBytes) {
        const std::string block = "\x01" + number(array.size(), 2) + number(~array.size(), 2) + array;
        return Entry{"a.npy", block, declaredBytes, crcOf(array), 8};
    };
    CHECK(complaintAboutZip({deflated(array.size())}).empty());
    for (const uint64_t size : {array.size() - 1, array.size() + 1, uint64_t{1}}) {
        CAPTURE(size);
        CHECK(complaintAboutZip({deflated(size)}).starts_with("tensor 'a': "));
    }
    CHECK(
        complaintAboutZip({deflated(0xf0000000)}).contains("field 'size': 4026531840 bytes cannot come of"));
}

TEST_CASE("a deflated member that ends before its declared size is an error when it is read", "[npz]") {
    const TempFolder folder;
    const std::string header = npyOf("|u1", "(1003,)", "abc");
    const std::string block = "\x01" + number(header.size(), 2) + number(~header.size(), 2) + header;
    const std::string whole = header + std::string(1000, '\0');
    const auto path = folder.write("x.npz", zipOf({Entry{"a.npy", block, whole.size(), crcOf(header), 8}}));
    const auto file = openTensorFile(path);
    CHECK(complaintOf([&] {
              readAll(*file, 0);
          }).contains("tensor 'a': field 'size': differs from the length of the data"));
    CHECK(readRange(*file, 0, 0, 3) == "abc");
}

TEST_CASE("errors in a member's header name the tensor", "[npz]") {
    CHECK(complaintAboutZip({stored("a.npy", npyOf("f4", "()", ""))}) ==
          "tensor 'a': field 'descr': 'f4' does not begin with a byte order (at byte 10)");
    CHECK(complaintAboutZip({stored("a.npy", "PNG")}).starts_with("tensor 'a': "));
    CHECK(complaintAboutZip({stored("a.npy", array + "d")})
              .starts_with("tensor 'a': shape and descr need 3 bytes of data"));
}

TEST_CASE("names of members that are not UTF-8 are shown as text or refused", "[npz]") {
    const TempFolder folder;
    // Without the flag for UTF-8 the name is in code page 437.
    const auto file = openTensorFile(folder.write("x.npz", zipOf({stored("\x81.npy", array)})));
    CHECK(file->tensors()[0].name == "ü");
    Entry entry = stored("\xff.npy", array);
    entry.flags = 0x800;
    CHECK_FALSE(complaintAboutZip({entry}).empty());
}

TEST_CASE("an npz file cut short at any byte is refused", "[npz]") {
    const TempFolder folder;
    const std::string whole = bytesOf(fixture("deflated.npz"));
    REQUIRE(complaintAbout(folder.write("x.npz", whole)).empty());
    for (size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(complaintAbout(folder.write("x.npz", std::string_view(whole).substr(0, size))).empty());
    }
}

TEST_CASE("an npz file with random bytes changed opens or is refused, and nothing else", "[npz]") {
    const TempFolder folder;
    std::mt19937 random(20240503);
    for (const char* name : {"stored.npz", "deflated.npz"}) {
        const std::string whole = bytesOf(fixture(name));
        int refused = 0;
        for (int round = 0; round < 2000; ++round) {
            std::string bytes = whole;
            for (auto flips = 1 + random() % 3; flips > 0; --flips)
                bytes[random() % bytes.size()] = static_cast<char>(random());
            refused += complaintAbout(folder.write("x.npz", bytes)).empty() ? 0 : 1;
        }
        CHECK(refused > 1000);
    }
}

TEST_CASE("an npz file that shrinks after it was opened is an error, not a crash", "[npz]") {
    const TempFolder folder;
    const auto path = folder.write("x.npz", bytesOf(fixture("deflated.npz")));
    const auto file = openTensorFile(path);
    std::filesystem::resize_file(path, 40);
    CHECK(complaintOf([&] { readAll(*file, 0); }).starts_with(path.string() + ": "));
}

TEST_CASE("A record of quantization is no larger than its members ask for", "[npz]") {
    const auto withRecord = [&](size_t sizeBytes) {
        return complaintAboutZip(
            {stored("a.npy", array),
             stored("clipscope.quantization.json", "{" + std::string(sizeBytes - 2, ' ') + "}")});
    };
    CHECK(withRecord((1 << 16) + 2 * (1 << 12)).empty());
    CHECK(withRecord((1 << 16) + 2 * (1 << 12) + 1).contains("more than 73728 for 2 members"));
}
