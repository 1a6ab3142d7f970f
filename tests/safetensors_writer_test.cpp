#include "quant/safetensors_writer.h"

#include "quant/input_error.h"
#include "quant/safetensors.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <string>

using namespace quant;
using quant::tests::TempFolder;

namespace {

std::string messageOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const OutputError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

void write(SafetensorsWriter& writer, std::string_view text) {
    writer.write(std::as_bytes(std::span(text)));
}

std::string readAll(const TensorFile& file, size_t index) {
    std::string bytes(file.tensors()[index].sizeBytes, '?');
    file.read(index, 0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

TensorInfo tensor(std::string name, DType dtype, std::vector<uint64_t> shape) {
    return makeTensorInfo(std::move(name), dtype, std::move(shape)).value();
}

}  // namespace

TEST_CASE("the bytes of a written file are exactly those of the format") {
    const TempFolder folder;
    SafetensorsWriter writer(folder / "x", {tensor("b", DType::I8, {3}), tensor("a", DType::F16, {})},
                             {{"k", "v"}});
    CHECK(writer.missingBytes() == 5);
    write(writer, "abc");
    write(writer, "de");
    CHECK(writer.missingBytes() == 0);
    writer.commit();
    const std::string header =
        R"({"__metadata__":{"k":"v"},"b":{"dtype":"I8","shape":[3],"data_offsets":[0,3]},)"
        R"("a":{"dtype":"F16","shape":[],"data_offsets":[3,5]}})";
    const std::string padding((8 - header.size() % 8) % 8, ' ');
    const std::string length = static_cast<char>(header.size() + padding.size()) + std::string(7, '\0');
    CHECK(folder.read("x") == length + header + padding + "abcde");
}

TEST_CASE("a written file reads back with the same tensors, metadata and bytes") {
    const TempFolder folder;
    const std::map<std::string, std::string> metadata = {{"quote\"", "line\nbreak"}, {"\xc3\xa4", ""}};
    const std::vector<TensorInfo> tensors = {
        tensor("z\n\"\\\x01", DType::F32, {1, 2}), tensor("", DType::U8, {1}),
        tensor("\xe6\x9d\x83", DType::F4, {2, 3}), tensor("empty", DType::F64, {0, 7}),
        tensor("last", DType::BF16, {1}),
    };
    SafetensorsWriter writer(folder / "x", tensors, metadata);
    write(writer, "abcdefghijklmn");
    writer.commit();

    const SafetensorsFile file(InputFile(folder / "x"));
    CHECK(file.metadata() == metadata);
    REQUIRE(file.tensors().size() == tensors.size());
    std::string bytes;
    for (size_t i = 0; i < tensors.size(); ++i) {
        CHECK(file.tensors()[i].name == tensors[i].name);
        CHECK(file.tensors()[i].dtype == tensors[i].dtype);
        CHECK(file.tensors()[i].shape == tensors[i].shape);
        bytes += readAll(file, i);
    }
    CHECK(bytes == "abcdefghijklmn");
}

TEST_CASE("a file without tensors is written and read") {
    const TempFolder folder;
    SafetensorsWriter writer(folder / "x", {});
    writer.commit();
    CHECK(folder.read("x") == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
    CHECK(openTensorFile(folder / "x")->tensors().empty());
}

TEST_CASE("the data of a written file begins at a multiple of 8 bytes") {
    const TempFolder folder;
    for (size_t length = 0; length < 9; ++length) {
        SafetensorsWriter writer(folder / "x", {tensor(std::string(length, 'n'), DType::U8, {1})});
        write(writer, "d");
        writer.commit();
        CHECK(folder.read("x").size() % 8 == 1);
        CHECK(readAll(*openTensorFile(folder / "x"), 0) == "d");
    }
}

TEST_CASE("too little data is an error at commit, and no file appears") {
    const TempFolder folder;
    const std::string path = folder / "x";
    {
        SafetensorsWriter writer(path, {tensor("a", DType::U8, {5})});
        write(writer, "abc");
        CHECK(messageOf([&] { writer.commit(); }) == path + ": 2 bytes of tensor data were not written");
    }
    CHECK(folder.entries() == 0);
}

TEST_CASE("too much data is an error when it is written") {
    const TempFolder folder;
    const std::string path = folder / "x";
    SafetensorsWriter writer(path, {tensor("a", DType::U8, {2})});
    CHECK(messageOf([&] { write(writer, "abc"); }) ==
          path + ": 1 bytes more than the tensors announced hold");
}

TEST_CASE("names that cannot be written are refused, and no file appears") {
    const TempFolder folder;
    const std::string path = folder / "x";
    const auto refusal = [&](const std::vector<TensorInfo>& tensors,
                             const std::map<std::string, std::string>& metadata = {}) {
        return messageOf([&] { SafetensorsWriter writer(path, tensors, metadata); }).substr(path.size() + 2);
    };
    const TensorInfo a = tensor("a", DType::U8, {1});
    CHECK(refusal({a, a}) == "tensor 'a' would appear twice");
    CHECK(refusal({tensor("__metadata__", DType::U8, {1})}) == "tensor '__metadata__' has a reserved name");
    CHECK(refusal({tensor("\xff", DType::U8, {1})}) == "'\\xff' is not UTF-8");
    CHECK(refusal({a}, {{"k", "\xff"}}) == "'\\xff' is not UTF-8");
    const uint64_t huge = (uint64_t{1} << 61) - 1;
    std::vector<TensorInfo> tensors;
    for (int i = 0; i < 9; ++i) tensors.push_back(tensor(std::to_string(i), DType::U8, {huge}));
    CHECK(refusal(tensors) == "tensor '8' ends beyond 2^64 bytes");
    CHECK(folder.entries() == 0);
}

TEST_CASE("a target that cannot be written is refused before any data") {
    const TempFolder folder;
    const std::string path = folder / "none/x";
    CHECK(messageOf([&] { SafetensorsWriter writer(path, {}); }).starts_with(path + ": folder"));
}
