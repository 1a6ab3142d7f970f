#include "quant/npz_writer.h"

#include "quant/npy_writer.h"
#include "quant/quantization_key.h"
#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <optional>

using namespace quant;
using namespace quant::tests;

namespace {

using Metadata = std::map<std::string, std::string>;

TensorInfo tensor(std::string name, DType dtype, std::vector<uint64_t> shape) {
    return makeTensorInfo(std::move(name), dtype, std::move(shape)).value();
}

void write(TensorWriter& writer, std::string_view text) {
    writer.write(std::as_bytes(std::span(text)));
}

std::string written(const TempFolder& folder, const std::vector<TensorInfo>& tensors, std::string_view data,
                    const Metadata& metadata = {}, uint64_t zip64From = ZipWriter::plainLimit) {
    NpzWriter writer(folder / "x.npz", "source", tensors, metadata, zip64From);
    write(writer, data);
    writer.commit();
    return folder.read("x.npz");
}

std::string refusal(const std::vector<std::string>& names) {
    std::vector<TensorInfo> tensors;
    for (const auto& name : names) tensors.push_back(tensor(name, DType::U8, {1}));
    return complaintOf([&] { checkNpzNames("source", tensors); });
}

std::string outputProblem(const std::function<void()>& action) {
    try {
        action();
    } catch (const OutputError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

uint64_t numberAt(const std::string& bytes, size_t at, int size) {
    uint64_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes.at(at + size_t(i)));
    return value;
}

uint32_t crcOf(std::string_view data) {
    uint32_t crc = ~0u;
    for (const char byte : data) {
        crc ^= static_cast<unsigned char>(byte);
        for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

const std::vector<TensorInfo> manyKinds = {
    tensor("z", DType::F32, {1, 2}), tensor("none", DType::F64, {0, 7}),
    tensor("layer/scalar", DType::I16, {}), tensor("\xe6\x9d\x83", DType::I8, {3}),
    tensor("none at the end", DType::C64, {5, 0})};
constexpr std::string_view manyBytes = "abcdefghijklm";

}  // namespace

TEST_CASE("a written archive reads back with the same tensors, bytes and record", "[npz_writer]") {
    for (const uint64_t zip64From : {ZipWriter::plainLimit, uint64_t{1}, uint64_t{0}}) {
        CAPTURE(zip64From);
        const TempFolder folder;
        const Metadata record = {{quantizationMetadataKey, "{\"z\":{}}"}};
        written(folder, manyKinds, manyBytes, record, zip64From);
        const auto file = openTensorFile(folder / "x.npz");
        CHECK(file->format() == "npz");
        CHECK(file->metadata() == record);
        REQUIRE(file->tensors().size() == manyKinds.size());
        std::string bytes;
        for (size_t i = 0; i < manyKinds.size(); ++i) {
            CHECK(file->tensors()[i].name == manyKinds[i].name);
            CHECK(file->tensors()[i].dtype == manyKinds[i].dtype);
            CHECK(file->tensors()[i].shape == manyKinds[i].shape);
            bytes += readAll(*file, i);
        }
        CHECK(bytes == manyBytes);
    }
}

TEST_CASE("the pieces in which data come leave no trace, and the bytes are those of the format",
          "[npz_writer]") {
    const TempFolder folder;
    const std::string whole = written(folder, manyKinds, manyBytes);
    NpzWriter writer(folder / "y.npz", "source", manyKinds);
    for (const char byte : manyBytes) write(writer, {&byte, 1});
    writer.commit();
    CHECK(folder.read("y.npz") == whole);

    const std::string file = written(folder, {tensor("a", DType::U8, {3})}, "abc");
    const std::string member = npyHeader(tensor("a", DType::U8, {3})) + "abc";
    const size_t data = 30 + 5, descriptor = data + member.size(), directory = descriptor + 16;
    CHECK(file.substr(0, 4) == "PK\x03\x04");
    CHECK(numberAt(file, 6, 2) == 0x808);  // sizes follow, UTF-8
    CHECK(numberAt(file, 8, 2) == 0);      // stored
    CHECK(file.substr(30, 5) == "a.npy");
    CHECK(file.substr(data, member.size()) == member);
    CHECK(file.substr(descriptor, 4) == "PK\x07\x08");
    CHECK(numberAt(file, descriptor + 4, 4) == crcOf(member));
    CHECK(numberAt(file, descriptor + 8, 4) == member.size());
    CHECK(file.substr(directory, 4) == "PK\x01\x02");
    CHECK(numberAt(file, directory + 16, 4) == crcOf(member));
    CHECK(file.substr(file.size() - 22, 4) == "PK\x05\x06");
    CHECK(numberAt(file, file.size() - 6, 4) == directory);
}

TEST_CASE("a byte that changes on the disk is found by its CRC", "[npz_writer]") {
    const TempFolder folder;
    std::string file = written(folder, {tensor("a", DType::U8, {3})}, "abc");
    file[file.find("abc")] = 'x';
    CHECK(complaintAbout(folder.write("bad.npz", file)).contains("CRC-32"));
}

TEST_CASE("an archive of no tensors is an archive all the same", "[npz_writer]") {
    const TempFolder folder;
    CHECK(written(folder, {}, "") == "PK\x05\x06" + std::string(18, '\0'));
    CHECK(complaintAbout(folder / "x.npz").contains("without .npy members"));
}

TEST_CASE("more members than 16 bits can count are counted in 64", "[npz_writer]") {
    for (const size_t count : {size_t{0xfffe}, size_t{0xffff}, size_t{0x10001}}) {
        std::vector<TensorInfo> tensors;
        for (size_t i = 0; i < count; ++i) tensors.push_back(tensor(std::to_string(i), DType::U8, {0}));
        const TempFolder folder;
        const std::string file = written(folder, tensors, "");
        CHECK(file.contains("PK\x06\x07") == (count >= 0xffff));
        CHECK(openTensorFile(folder / "x.npz")->tensors().size() == count);
    }
}

TEST_CASE("types that numpy lacks become unsigned integers with their bits", "[npz_writer]") {
    const TempFolder folder;
    const std::vector<TensorInfo> tensors = {
        tensor("bf16", DType::BF16, {1, 2}), tensor("e4m3", DType::F8E4M3, {2}),
        tensor("e8m0", DType::F8E8M0, {}), tensor("f4", DType::F4, {2, 3})};
    written(folder, tensors, "abcdefghij");
    const auto file = openTensorFile(folder / "x.npz");
    const std::array dtypes = {DType::U16, DType::U8, DType::U8, DType::U8};
    for (size_t i = 0; i < tensors.size(); ++i) {
        CHECK(file->tensors()[i].dtype == dtypes[i]);
        CHECK_FALSE(hasNumpyType(tensors[i].dtype));
    }
    CHECK(file->tensors()[0].shape == std::vector<uint64_t>{1, 2});
    CHECK(file->tensors()[3].shape == std::vector<uint64_t>{3});
    CHECK(readAll(*file, 0) == "abcd");
    CHECK(readAll(*file, 3) == "hij");
}

TEST_CASE("names that numpy would not find or that lead out of a folder are refused", "[npz_writer]") {
    const std::string start = "source: tensor ", end = ", so it cannot go into an npz archive";
    CHECK(refusal({"a", "b", "a"}) == start + "'a': would appear twice" + end);
    CHECK(refusal({""}).contains("has no name"));
    for (const char* name : {"/a", "C:/a"}) CHECK(refusal({name}).contains("an absolute path"));
    CHECK(refusal({"a\\b"}).contains("a backslash"));
    CHECK(refusal({std::string("a\0b", 3)}).contains("a backslash or NUL"));
    for (const char* name : {"..", "../a", "a/../b", ".", "a/./b", "a//b", "a/"})
        CHECK(refusal({name}).contains("empty, '.' or '..'"));
    CHECK(refusal({"a", "a.npy"}).contains("tensor 'a.npy': has the name of another"));
    CHECK(refusal({std::string(quantizationMember)}).contains("has the name of another"));
    CHECK(refusal({std::string(65532, 'n')}).contains("more than 65531 bytes"));
    CHECK(refusal({"a.npy", "x:0", "..a", "a..", "a b", "layer.0/w"}) == "");
    const TempFolder folder;
    CHECK_THROWS_AS(NpzWriter(folder / "x.npz", "source", {tensor("", DType::U8, {1})}), InputError);
    CHECK(folder.entries() == 0);
}

TEST_CASE("the longest name is written and read", "[npz_writer]") {
    const TempFolder folder;
    const std::string name(65531, 'n');
    written(folder, {tensor(name, DType::U8, {1})}, "a");
    CHECK(openTensorFile(folder / "x.npz")->tensors().at(0).name == name);
}

TEST_CASE("too much and too little data are errors, and no archive appears", "[npz_writer]") {
    const TempFolder folder;
    const std::string path = folder / "x.npz";
    {
        NpzWriter writer(path, "source", {tensor("a", DType::U8, {5}), tensor("b", DType::U8, {4})});
        write(writer, "abc");
        CHECK(outputProblem([&] { writer.commit(); }) == path + ": 6 bytes of tensor data were not written");
    }
    NpzWriter writer(path, "source", {tensor("a", DType::U8, {2})});
    CHECK(outputProblem([&] { write(writer, "abc"); }) ==
          path + ": 1 bytes more than the tensors announced hold");
    CHECK(folder.entries() == 1);  // the temporary file
}

TEST_CASE("a record that is not UTF-8 is refused", "[npz_writer]") {
    const TempFolder folder;
    written(folder, {tensor("a", DType::U8, {1})}, "a", {{quantizationMetadataKey, "\xff"}});
    CHECK(complaintAbout(folder / "x.npz").contains("is not UTF-8"));
}

TEST_CASE("an npy file is a header of whole 64 bytes and the data", "[npz_writer][npy_writer]") {
    const TempFolder folder;
    for (const auto& shape : {std::vector<uint64_t>{}, {3}, {2, 3}, {0, 4}, std::vector<uint64_t>(64, 1)}) {
        const TensorInfo info = tensor("a", DType::F16, shape);
        const std::string data(info.sizeBytes, 'd');
        NpyWriter writer(folder / "a.npy", info);
        write(writer, data);
        writer.commit();
        CHECK(folder.read("a.npy").size() % 64 == info.sizeBytes % 64);
        const auto file = openTensorFile(folder / "a.npy");
        CHECK(file->tensors()[0].shape == shape);
        CHECK(file->tensors()[0].dtype == DType::F16);
        CHECK(readAll(*file, 0) == data);
    }
}

TEST_CASE("an npy file needs exactly its data", "[npz_writer][npy_writer]") {
    const TempFolder folder;
    const std::string path = folder / "a.npy";
    {
        NpyWriter writer(path, tensor("a", DType::U8, {2}));
        CHECK(outputProblem([&] { write(writer, "abc"); }) ==
              path + ": 1 bytes more than the tensor announced holds");
        write(writer, "a");
        CHECK(outputProblem([&] { writer.commit(); }) == path + ": 1 bytes of tensor data were not written");
    }
    CHECK(folder.entries() == 0);
}

TEST_CASE("the output's extension chooses its format", "[npz_writer]") {
    const TempFolder folder;
    const std::vector<TensorInfo> one = {tensor("a", DType::U8, {1})},
                                  two = {one[0], tensor("b", DType::U8, {1})};
    for (const auto& [name, format] : std::vector<std::pair<std::string, std::string>>{
             {"x.npz", "npz"}, {"x.npy", "npy"}, {"x.safetensors", "safetensors"}, {"npz", "safetensors"}}) {
        const auto writer = makeTensorWriter(folder / name, "source", one, {});
        write(*writer, "a");
        writer->commit();
        CHECK(openTensorFile(folder / name)->format() == format);
    }
    CHECK(
        complaintOf([&] { makeTensorWriter("x.npy", "source", two, {}); }).contains("name the output .npz"));
    CHECK(complaintOf([&] { checkTensorOutput("x.npy", "source", {}); }).contains("makes 0 arrays"));
}
