#include "quant/gguf.h"

#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace quant;
using namespace quant::tests;

namespace {

std::string number(uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
}

std::string text(std::string_view value) {
    return number(value.size(), 8) + std::string(value);
}

std::string entry(std::string_view key, uint32_t type, std::string_view value) {
    return text(key) + number(type, 4) + std::string(value);
}

std::string tensor(std::string_view name, const std::vector<uint64_t>& dimensions, uint32_t type,
                   uint64_t offset) {
    std::string bytes = text(name) + number(dimensions.size(), 4);
    for (const uint64_t extent : dimensions) bytes += number(extent, 8);
    return bytes + number(type, 4) + number(offset, 8);
}

// The header, padded, and dataBytes bytes of data.
std::string fileOf(const std::vector<std::string>& metadata, const std::vector<std::string>& tensors,
                   size_t dataBytes = 64, uint32_t version = 3) {
    std::string bytes = "GGUF" + number(version, 4) + number(tensors.size(), 8) + number(metadata.size(), 8);
    for (const std::string& part : metadata) bytes += part;
    for (const std::string& part : tensors) bytes += part;
    bytes.resize((bytes.size() + 31) / 32 * 32);
    return bytes + std::string(dataBytes, '\0');
}

std::string complaint(std::string_view bytes) {
    const TempFolder folder;
    return complaintAbout(folder.write("x.gguf", bytes));
}

std::string complaintAboutMetadata(const std::vector<std::string>& metadata) {
    return complaint(fileOf(metadata, {}));
}

std::string complaintAboutTensors(const std::vector<std::string>& tensors, size_t dataBytes = 64) {
    return complaint(fileOf({}, tensors, dataBytes));
}

constexpr uint32_t f32 = 0, q80 = 8, u8 = 0, u32 = 4, boolean = 7, string = 8, arrayType = 9;

}  // namespace

TEST_CASE("a GGUF file lists its tensors in row-major shapes and reads their values", "[gguf]") {
    const auto file = openTensorFile(fixture("plain.gguf"));
    CHECK(file->format() == "gguf");
    REQUIRE(file->tensors().size() == 8);
    const TensorInfo& first = file->tensors()[0];
    CHECK(first.name == "f32.weight");
    CHECK(first.shape == std::vector<uint64_t>{2, 3});
    CHECK(first.encoding.empty());
    CHECK(numbersOf<float>(*file, "f32.weight") == std::vector<float>{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5});
    CHECK(file->tensors()[2].shape == std::vector<uint64_t>{3, 1, 2});
    CHECK(file->tensors()[2].dtype == DType::BF16);
    CHECK(numbersOf<uint16_t>(*file, "bf16") ==
          std::vector<uint16_t>{0xc020, 0xbfc0, 0xbf00, 0x3f00, 0x3fc0, 0x4020});
    CHECK(numbersOf<uint16_t>(*file, "f16")[5] == 0x4100);
    CHECK(numbersOf<double>(*file, "f64") == std::vector<double>{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5});
    CHECK(numbersOf<int8_t>(*file, "i8") == std::vector<int8_t>{-2, -1, 0, 0, 1, 2});
    CHECK(numbersOf<int16_t>(*file, "i16") == std::vector<int16_t>{-2, -1, 0, 0, 1, 2});
    CHECK(numbersOf<int32_t>(*file, "i32") == std::vector<int32_t>{-2, -1, 0, 0, 1, 2});
    CHECK(numbersOf<int64_t>(*file, "i64") == std::vector<int64_t>{-2, -1, 0, 0, 1, 2});
}

TEST_CASE("scalar metadata of every type are kept as text, arrays left out", "[gguf]") {
    const auto file = openTensorFile(fixture("plain.gguf"));
    CHECK(file->metadata() == std::map<std::string, std::string>{{"general.architecture", "tiny"},
                                                                 {"general.name", "größer"},
                                                                 {"tiny.u8", "200"},
                                                                 {"tiny.i8", "-100"},
                                                                 {"tiny.u16", "60000"},
                                                                 {"tiny.i16", "-30000"},
                                                                 {"tiny.u32", "4000000000"},
                                                                 {"tiny.i32", "-2000000000"},
                                                                 {"tiny.f32", "0.1"},
                                                                 {"tiny.yes", "true"},
                                                                 {"tiny.no", "false"},
                                                                 {"tiny.u64", "9223372036854775808"},
                                                                 {"tiny.i64", "-4611686018427387904"},
                                                                 {"tiny.f64", "0.1"}});
}

TEST_CASE("version 2 and another alignment are read", "[gguf]") {
    const auto file = openTensorFile(fixture("version2.gguf"));
    CHECK(file->metadata().at("general.alignment") == "64");
    CHECK(numbersOf<float>(*file, "f32.weight")[5] == 2.5);
    CHECK(numbersOf<uint16_t>(*file, "f16")[5] == 0x4100);
}

TEST_CASE("blocks are decoded to the values of their published layouts", "[gguf]") {
    const auto file = openTensorFile(fixture("quantized.gguf"));
    REQUIRE(file->tensors().size() == 5);
    for (const TensorInfo& info : file->tensors()) {
        CAPTURE(info.name);
        CHECK(info.encoding == info.name);
        CHECK(info.dtype == DType::F32);
        if (!info.unreadable.empty()) continue;  // built without libggml
        const auto expected = openTensorFile(fixture(info.name + ".npy"));
        CHECK(info.shape == expected->tensors()[0].shape);
        CHECK(numbersOf<float>(*file, info.name) == numbersOf<float>(*expected, info.name));
    }
}

TEST_CASE("blocks are read at every offset and in every length", "[gguf]") {
    const auto file = openTensorFile(fixture("quantized.gguf"));
    const size_t index = indexOf(*file, "Q8_0");
    if (!file->tensors()[index].unreadable.empty()) return;
    const std::string whole = readAll(*file, index);
    for (size_t begin = 0; begin <= whole.size(); begin += 4) {
        for (size_t end = begin; end <= whole.size(); end += 20)
            REQUIRE(readRange(*file, index, begin, end - begin) == whole.substr(begin, end - begin));
    }
}

TEST_CASE("every type's blocks are those of libggml, or it is known without them", "[gguf]") {
    size_t decodable = 0;
    for (uint32_t id = 0; id < 64; ++id) {
        const GgmlType* type = findGgmlType(id);
        if (type == nullptr || type->dtype) continue;
        CAPTURE(type->name);
        const std::string reason = reasonNotToDecode(*type);
        // These two are for intermediate results: libggml has no decoder.
        if (type->name == "Q8_1" || type->name == "Q8_K") {
            CHECK_FALSE(reason.empty());
            continue;
        }
        if (reason == "needs libggml to decode " + std::string(type->name)) continue;
        CHECK(reason.empty());
        std::vector<std::byte> block(type->blockBytes);
        std::vector<float> values(type->blockElements, 1);
        decodeBlocks(*type, block, values);
        for (const float value : values) CHECK(value == 0);
        ++decodable;
    }
    CHECK((decodable == 0 || decodable > 20));
}

TEST_CASE("a large tensor of blocks is decoded piece by piece", "[gguf]") {
    const TempFolder folder;
    constexpr uint64_t blocks = 5000;  // more than one piece
    std::string data;
    for (uint64_t i = 0; i < blocks; ++i)
        data += number(0x3c00, 2) + std::string(32, static_cast<char>(i % 100));  // 1 * (i % 100)
    const std::string bytes = fileOf({}, {tensor("w", {32 * blocks}, q80, 0)}, 0) + data;
    const auto file = openTensorFile(folder.write("x.gguf", bytes));
    if (!file->tensors()[0].unreadable.empty()) return;
    const auto values = numbersOf<float>(*file, "w");
    for (uint64_t i = 0; i < values.size(); ++i) REQUIRE(values[i] == static_cast<float>(i / 32 % 100));
}

TEST_CASE("tensors that libggml cannot decode are listed, and reading them is an error", "[gguf]") {
    const TempFolder folder;
    const auto path = folder.write("x.gguf", fileOf({}, {tensor("w", {32}, 9, 0)}));
    const auto file = openTensorFile(path);
    REQUIRE(file->tensors().size() == 1);
    CHECK(file->tensors()[0].unreadable.ends_with(" decode Q8_1"));
    CHECK(complaintOf([&] { readAll(*file, 0); }) ==
          path.string() + ": tensor 'w': " + file->tensors()[0].unreadable);
}

TEST_CASE("scalars, empty tensors and files without tensors are allowed", "[gguf]") {
    CHECK(complaint(fileOf({}, {}, 0)).empty());
    CHECK(complaintAboutTensors({tensor("s", {}, f32, 0), tensor("e", {3, 0}, f32, 32)}).empty());
}

TEST_CASE("unknown versions and byte orders are refused", "[gguf]") {
    CHECK(complaint(fileOf({}, {}, 0, 1)) == "field 'version': 1 is not supported, only 2 and 3 (at byte 4)");
    CHECK(complaint(fileOf({}, {}, 0, 4)).starts_with("field 'version': 4 is not supported"));
    CHECK(complaint(fileOf({}, {}, 0, 0)).starts_with("field 'version': 0 is not supported"));
    CHECK(complaint(fileOf({}, {}, 0, 0x03000000)) ==
          "field 'version': the file is big-endian, which is not supported (at byte 4)");
}

TEST_CASE("counts that cannot be are refused before anything is allocated", "[gguf]") {
    const std::string start = "GGUF" + number(3, 4);
    CHECK(complaint(start + number(1 << 30, 8) + number(0, 8)) ==
          "field 'tensor count': 1073741824 exceeds the limit of 1048576 (at byte 8)");
    CHECK(complaint(start + number(1000, 8) + number(0, 8))
              .starts_with("field 'tensor count': 1000 entries do not fit into the file"));
    CHECK(complaint(start + number(0, 8) + number(1000, 8))
              .starts_with("field 'metadata count': 1000 entries do not fit into the file"));
    CHECK(complaintAboutMetadata({number(70000, 8) + std::string(80000, 'k')}) ==
          "field 'metadata key': 70000 bytes exceed the limit of 65535 (at byte 24)");
    CHECK(complaintAboutMetadata({entry("k", string, number(uint64_t{1} << 40, 8))}) ==
          "field 'k': 1099511627776 bytes exceed the limit of 16777216 (at byte 37)");
    CHECK(complaintAboutMetadata({entry("k", string, number(1000, 8))})
              .contains("bytes are needed, but the file"));
    CHECK(complaintAboutMetadata({entry("k", arrayType, number(u8, 4) + number(UINT64_MAX, 8))})
              .starts_with("field 'k': an array of 18446744073709551615 elements does not fit"));
}

TEST_CASE("metadata that are not as the format says are refused at their byte", "[gguf]") {
    CHECK(complaintAboutMetadata({entry("", u8, "x")}) == "field 'metadata key': is empty (at byte 24)");
    CHECK(complaintAboutMetadata({entry("k", u8, "x"), entry("k", u8, "x")}) ==
          "field 'k': appears twice (at byte 38)");
    CHECK(complaintAboutMetadata({entry("k", 13, "x")}) ==
          "field 'k': the value type 13 is not known (at byte 33)");
    CHECK(complaintAboutMetadata({entry("k", boolean, "\x02")}) ==
          "field 'k': a boolean must be 0 or 1, not 2 (at byte 37)");
    CHECK(complaintAboutMetadata({entry("k", string, text("\xff"))}) ==
          "field 'k': is not valid UTF-8 (at byte 37)");
    CHECK(complaintAboutMetadata({entry("\xff", u8, "x")}) ==
          "field 'metadata key': is not valid UTF-8 (at byte 24)");
    std::string nested = number(u8, 4) + number(0, 8);
    for (int i = 0; i < 4; ++i) nested = number(arrayType, 4) + number(1, 8) + nested;
    CHECK(complaintAboutMetadata({entry("k", arrayType, nested)})
              .starts_with("field 'k': arrays are nested deeper than 4"));
    CHECK(complaintAboutMetadata({entry("k", arrayType, nested.substr(12))}).empty());
}

TEST_CASE("an alignment that is no power of two, or too small, is refused", "[gguf]") {
    const auto alignmentOf = [](uint32_t type, const std::string& value) {
        return complaintAboutMetadata({entry("general.alignment", type, value)});
    };
    CHECK(alignmentOf(u32, number(4096, 4)).empty());
    for (const uint32_t wrong : {0, 4, 24, 33})
        CHECK(alignmentOf(u32, number(wrong, 4)).contains("is not a power of two of at least 8"));
    CHECK(alignmentOf(string, text("32")) ==
          "field 'general.alignment': must be a 32-bit unsigned integer (at byte 24)");
}

TEST_CASE("tensors that are not as the format says are refused", "[gguf]") {
    CHECK(complaintAboutTensors({tensor("w", {1}, f32, 0), tensor("w", {1}, f32, 32)}) ==
          "tensor 'w': field 'tensor name': appears twice (at byte 57)");
    CHECK(complaintAboutTensors({tensor("w", {1, 1, 1, 1, 1}, f32, 0)}) ==
          "tensor 'w': field 'dimensions': 5 exceed the limit of 4 (at byte 33)");
    CHECK(complaintAboutTensors({tensor("w", {uint64_t{1} << 33, uint64_t{1} << 33}, f32, 0)}) ==
          "tensor 'w': field 'dimensions': the size of the shape overflows 64 bits (at byte 24)");
    CHECK(complaintAboutTensors({tensor("w", {1}, 4, 0)}) ==
          "tensor 'w': field 'type': 4 is not known (at byte 45)");
    CHECK(complaintAboutTensors({tensor("w", {1}, 1000, 0)}).contains("field 'type': 1000 is not known"));
    CHECK(complaintAboutTensors({tensor("w", {33, 32}, q80, 0)}) ==
          "tensor 'w': field 'dimensions': rows of 33 do not fill Q8_0 blocks of 32 (at byte 24)");
    CHECK(complaintAboutTensors({tensor("w", {}, q80, 0)}).contains("rows of 1 do not fill"));
    CHECK(complaintAboutTensors({tensor("w", {1}, f32, 8)}) ==
          "tensor 'w': field 'offset': 8 is not a multiple of the alignment 32 (at byte 49)");
}

TEST_CASE("data outside the file or shared by tensors are refused", "[gguf]") {
    CHECK(complaintAboutTensors({tensor("w", {16}, f32, 0)}).empty());
    CHECK(complaintAboutTensors({tensor("w", {17}, f32, 0)}) ==
          "tensor 'w': field 'offset': 68 bytes from 0 on lie beyond the 64 bytes of data (at byte 49)");
    CHECK(complaintAboutTensors({tensor("w", {1}, f32, 64)}).contains("lie beyond"));
    CHECK(complaintAboutTensors({tensor("w", {0}, f32, 96)}).contains("lie beyond"));
    CHECK(complaintAboutTensors({tensor("w", {1}, f32, UINT64_MAX - 31)}).contains("lie beyond"));
    CHECK(complaintAboutTensors({tensor("a", {9}, f32, 0), tensor("b", {1}, f32, 32)}) ==
          "tensor 'b': field 'offset': the data overlap those of another tensor (at byte 128)");
    CHECK(complaintAboutTensors({tensor("a", {1}, f32, 32), tensor("b", {9}, f32, 0)})
              .starts_with("tensor 'a': field 'offset': the data overlap"));
}

TEST_CASE("a GGUF file cut short at any byte is refused", "[gguf]") {
    const TempFolder folder;
    for (const char* name : {"plain.gguf", "version2.gguf", "quantized.gguf"}) {
        const std::string whole = bytesOf(fixture(name));
        for (size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(name, size);
            CHECK_FALSE(
                complaintAbout(folder.write("x.gguf", std::string_view(whole).substr(0, size))).empty());
        }
    }
}

TEST_CASE("a GGUF file with random bytes changed opens or is refused, and nothing else", "[gguf]") {
    const TempFolder folder;
    std::mt19937 random(20240504);
    const std::string whole = bytesOf(fixture("plain.gguf"));
    int refused = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string bytes = whole;
        for (auto flips = 1 + random() % 3; flips > 0; --flips)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        refused += complaintAbout(folder.write("x.gguf", bytes)).empty() ? 0 : 1;
    }
    CHECK(refused > 1000);
    CHECK(refused < 5000);
}
