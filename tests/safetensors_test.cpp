#include "quant/safetensors.h"

#include "quant/input_error.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace quant;
using quant::tests::TempFolder;

namespace {

std::string lengthField(uint64_t length) {
    std::string field;
    for (int i = 0; i < 8; ++i) field += static_cast<char>(length >> (8 * i) & 0xff);
    return field;
}

// A file of that header and dataBytes bytes 0, 1, 2, ...
std::string fileBytes(std::string_view header, size_t dataBytes) {
    std::string bytes = lengthField(header.size()) + std::string(header);
    for (size_t i = 0; i < dataBytes; ++i) bytes += static_cast<char>(i);
    return bytes;
}

std::string readAll(const TensorFile& file, size_t index) {
    std::string bytes(file.tensors()[index].sizeBytes, '?');
    file.read(index, 0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

// What opening the bytes complains about, without the path; empty if it does not.
std::string complaint(const TempFolder& folder, std::string_view bytes) {
    const std::string path = folder.write("x.safetensors", bytes);
    try {
        const auto file = openTensorFile(path);
        for (size_t i = 0; i < file->tensors().size(); ++i) readAll(*file, i);
    } catch (const InputError& error) {
        const std::string message = error.what();
        REQUIRE(message.starts_with(path + ": "));
        REQUIRE_FALSE(message.contains('\n'));
        return message.substr(path.size() + 2);
    }
    return "";
}

// One tensor 'w' with these fields, as the first thing in the header: its name is at byte 9 of the file.
std::string withFields(std::string_view fields) {
    return "{\"w\":{" + std::string(fields) + "}}";
}

struct Refusal {
    std::string header;
    size_t dataBytes;
    std::string message;
};

void checkRefusals(const std::vector<Refusal>& refusals) {
    const TempFolder folder;
    for (const Refusal& refusal : refusals) {
        CAPTURE(refusal.header);
        CHECK(complaint(folder, fileBytes(refusal.header, refusal.dataBytes)) == refusal.message);
    }
}

constexpr std::string_view smallHeader =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[3],"data_offsets":[8,14]},)"
    R"("a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   )";

}  // namespace

TEST_CASE("a safetensors file lists its tensors by offset and reads their bytes") {
    const TempFolder folder;
    const auto file = openTensorFile(folder.write("x", fileBytes(smallHeader, 14)));
    CHECK(file->format() == "safetensors");
    CHECK(file->path() == folder / "x");
    CHECK(file->fileSizeBytes() == 8 + smallHeader.size() + 14);
    REQUIRE(file->tensors().size() == 2);
    const TensorInfo &a = file->tensors()[0], &b = file->tensors()[1];
    CHECK(a.name == "a");
    CHECK(a.dtype == DType::F32);
    CHECK(a.shape == std::vector<uint64_t>{1, 2});
    CHECK(a.elements == 2);
    CHECK(b.name == "b");
    CHECK(b.sizeBytes == 6);
    CHECK(readAll(*file, 0) == std::string("\0\1\2\3\4\5\6\7", 8));
    CHECK(readAll(*file, 1) == "\x08\x09\x0a\x0b\x0c\x0d");
    std::array<std::byte, 2> middle;
    file->read(1, 2, middle);
    CHECK(middle == std::array{std::byte{10}, std::byte{11}});
}

TEST_CASE("the metadata strings are kept") {
    const TempFolder folder;
    const SafetensorsFile file(InputFile(folder.write("x", fileBytes(smallHeader, 14))));
    CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
}

TEST_CASE("a safetensors file without tensors, or with empty metadata, opens") {
    const TempFolder folder;
    CHECK(complaint(folder, fileBytes("{}", 0)).empty());
    CHECK(complaint(folder, fileBytes(R"({"__metadata__":{}})", 0)).empty());
}

TEST_CASE("scalars and tensors without elements are allowed, in header order where they tie") {
    const TempFolder folder;
    const auto file = openTensorFile(
        folder.write("x", fileBytes(R"({"s":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
                                    R"("z":{"dtype":"F32","shape":[0,5],"data_offsets":[1,1]},)"
                                    R"("y":{"dtype":"F64","shape":[0],"data_offsets":[1,1]},)"
                                    R"("e":{"dtype":"F64","shape":[0],"data_offsets":[0,0]}})",
                                    1)));
    std::string names;
    for (const TensorInfo& tensor : file->tensors()) names += tensor.name;
    CHECK(names == "eszy");
    CHECK(readAll(*file, 1) == std::string(1, '\0'));
    CHECK(readAll(*file, 2).empty());
}

TEST_CASE("tensors of every dtype are listed, packed ones too") {
    const TempFolder folder;
    for (const char* dtype :
         {"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"}) {
        const std::string fields =
            "\"dtype\":\"" + std::string(dtype) + "\",\"shape\":[4],\"data_offsets\":[0,4]";
        CHECK(complaint(folder, fileBytes(withFields(fields), 4)).empty());
    }
    CHECK(complaint(folder, fileBytes(withFields(R"("dtype":"F4","shape":[3,2],"data_offsets":[0,3])"), 3))
              .empty());
    CHECK(complaint(folder, fileBytes(withFields(R"("dtype":"F6_E2M3","shape":[8],"data_offsets":[0,6])"), 6))
              .empty());
}

TEST_CASE("tensor names may be any UTF-8, escaped or not") {
    const TempFolder folder;
    const auto file = openTensorFile(folder.write(
        "x", fileBytes("{\"\\u00e4\\n\\\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                       "\"\xe6\x9d\x83\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
                       "\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
                       3)));
    CHECK(file->tensors()[0].name == "\xc3\xa4\n\"");
    CHECK(file->tensors()[1].name == "\xe6\x9d\x83");
    CHECK(file->tensors()[2].name.empty());
}

TEST_CASE("spaces and line breaks within the JSON are allowed") {
    const TempFolder folder;
    const std::string_view header =
        "{ \"a\" :\n{ \"dtype\" : \"U8\" , \"shape\" : [ 2 , 1 ] ,\t\"data_offsets\":[ 0 , 2 ] } }";
    CHECK(complaint(folder, fileBytes(header, 2)).empty());
}

TEST_CASE("a header length that cannot be is refused") {
    const TempFolder folder;
    CHECK(complaint(folder, lengthField(100'000'001) + "{}") ==
          "field 'header length': 100000001 exceeds the limit of 100000000; not a safetensors file, or a "
          "damaged "
          "one (at byte 0)");
    CHECK(complaint(folder, lengthField(3) + "{}") ==
          "field 'header length': 3 exceeds the 2 bytes that follow; not a safetensors file, or a damaged "
          "one (at "
          "byte 0)");
    CHECK(complaint(folder, lengthField(~uint64_t{0}) + "{}").contains("exceeds the limit"));
    CHECK(complaint(folder, lengthField(0)) ==
          "the header does not begin with '{'; not a safetensors file (at byte 8)");
    CHECK(complaint(folder, lengthField(2) + "[]").contains("does not begin with '{'"));
    CHECK(complaint(folder, lengthField(3) + " {}").contains("does not begin with '{'"));
    CHECK(complaint(folder, lengthField(5) + "\xef\xbb\xbf{}").contains("does not begin with '{'"));
}

TEST_CASE("a header that is not JSON is refused at the byte where it fails") {
    const TempFolder folder;
    const std::string syntax = "the header is not valid JSON: ";
    CHECK(complaint(folder, fileBytes("{\"a\":x}", 0)).starts_with(syntax));
    CHECK(complaint(folder, fileBytes("{\"a\":x}", 0)).ends_with("(at byte 13)"));
    CHECK(complaint(folder, fileBytes("{\"a\":{}", 0)).starts_with("tensor 'a': field 'dtype': is missing"));
    CHECK(complaint(folder, fileBytes("{\"\xff\":1}", 0)).starts_with(syntax));     // not UTF-8
    CHECK(complaint(folder, fileBytes("{\"\\ud800\":1}", 0)).starts_with(syntax));  // half a surrogate pair
    CHECK(complaint(folder, fileBytes("{\"a\nb\":1}", 0)).starts_with(syntax));     // raw control character
    CHECK(complaint(folder, fileBytes("{/*c*/}", 0)).starts_with(syntax));
    CHECK(complaint(folder, fileBytes("{,}", 0)).starts_with(syntax));
    CHECK(complaint(folder, fileBytes("{\"__metadata__\":{\"a\":\"b\",}}", 0)).starts_with(syntax));
    CHECK(complaint(folder, fileBytes(withFields(R"("shape":[1e999])"), 0)).starts_with(syntax));
}

TEST_CASE("only spaces may follow the header's JSON") {
    const TempFolder folder;
    const std::string problem = "only spaces may follow the header's JSON (at byte 11)";
    CHECK(complaint(folder, fileBytes("{}   ", 0)).empty());
    CHECK(complaint(folder, fileBytes("{} {}", 0)) == problem);
    CHECK(complaint(folder, fileBytes("{} \n", 0)) == problem);
    CHECK(complaint(folder, fileBytes(std::string_view("{} \0", 4), 0)) == problem);
}

TEST_CASE("keys that repeat are refused at every level") {
    const std::string a = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
    checkRefusals({
        {"{" + a + "," + a + "}", 1, "tensor 'a': appears twice (at byte 61)"},
        {"{" + a + R"(,"\u0061":{}})", 1, "tensor 'a': appears twice (at byte 61)"},
        {R"({"__metadata__":{},"__metadata__":{}})", 0, "field '__metadata__': appears twice (at byte 27)"},
        {R"({"__metadata__":{"k":"1","k":"1"}})", 0,
         "field '__metadata__': key 'k' appears twice (at byte 33)"},
        {withFields(R"("dtype":"U8","dtype":"U8")"), 0,
         "tensor 'w': field 'dtype': appears twice (at byte 27)"},
        {withFields(R"("shape":[],"shape":[])"), 0, "tensor 'w': field 'shape': appears twice (at byte 25)"},
        {withFields(R"("data_offsets":[0,0],"data_offsets":[0,0])"), 0,
         "tensor 'w': field 'data_offsets': appears twice (at byte 35)"},
    });
}

TEST_CASE("fields that are unknown, missing or of the wrong type are refused") {
    const std::string integers = "must hold integers from 0 to 2^64-1 only ";
    checkRefusals({
        {R"({"w":1})", 0, "tensor 'w': must be an object with dtype, shape and data_offsets (at byte 13)"},
        {R"({"w":[]})", 0, "tensor 'w': must be an object with dtype, shape and data_offsets (at byte 13)"},
        {R"({"w":null})", 0, "tensor 'w': must be an object with dtype, shape and data_offsets (at byte 13)"},
        {R"({"__metadata__":"x"})", 0, "field '__metadata__': must be an object of strings (at byte 24)"},
        {R"({"__metadata__":null})", 0, "field '__metadata__': must be an object of strings (at byte 24)"},
        {R"({"__metadata__":{"k":1}})", 0,
         "field '__metadata__': the value of key 'k' must be a string (at byte 29)"},
        {R"({"__metadata__":{"k":{}}})", 0,
         "field '__metadata__': the value of key 'k' must be a string (at byte 29)"},
        {withFields(R"("strides":[1])"), 0, "tensor 'w': field 'strides': is not known (at byte 14)"},
        {withFields(R"("dtype":3)"), 0, "tensor 'w': field 'dtype': must be a string (at byte 22)"},
        {withFields(R"("dtype":["U8"])"), 0, "tensor 'w': field 'dtype': must be a string (at byte 22)"},
        {withFields(R"("dtype":"F31")"), 0,
         "tensor 'w': field 'dtype': 'F31' is not a known dtype (at byte 22)"},
        {withFields(R"("shape":"1")"), 0,
         "tensor 'w': field 'shape': must be an array of integers (at byte 22)"},
        {withFields(R"("shape":{})"), 0,
         "tensor 'w': field 'shape': must be an array of integers (at byte 22)"},
        {withFields(R"("shape":[1.0])"), 0, "tensor 'w': field 'shape': " + integers + "(at byte 23)"},
        {withFields(R"("shape":[1,-2])"), 0, "tensor 'w': field 'shape': " + integers + "(at byte 25)"},
        {withFields(R"("shape":[-0])"), 0, "tensor 'w': field 'shape': " + integers + "(at byte 23)"},
        {withFields(R"("shape":["1"])"), 0, "tensor 'w': field 'shape': " + integers + "(at byte 23)"},
        {withFields(R"("shape":[true])"), 0, "tensor 'w': field 'shape': " + integers + "(at byte 23)"},
        {withFields(R"("shape":[[1]])"), 0, "tensor 'w': field 'shape': " + integers + "(at byte 23)"},
        {withFields(R"("shape":[18446744073709551616])"), 0,
         "tensor 'w': field 'shape': " + integers + "(at byte 23)"},
        {withFields(R"("data_offsets":[0])"), 0,
         "tensor 'w': field 'data_offsets': must have two entries (at byte 31)"},
        {withFields(R"("data_offsets":[0,1,2])"), 0,
         "tensor 'w': field 'data_offsets': has more than 2 entries (at byte 34)"},
        {withFields(R"("shape":[1],"data_offsets":[0,1])"), 1,
         "tensor 'w': field 'dtype': is missing (at byte 9)"},
        {withFields(R"("dtype":"U8","data_offsets":[0,1])"), 1,
         "tensor 'w': field 'shape': is missing (at byte 9)"},
        {withFields(R"("dtype":"U8","shape":[1])"), 1,
         "tensor 'w': field 'data_offsets': is missing (at byte 9)"},
    });
}

TEST_CASE("shapes and offsets that contradict each other or the file are refused") {
    const std::string a = R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)";
    const std::string overflow =
        "tensor 'w': field 'shape': the size of the shape overflows 64 bits (at byte 9)";
    checkRefusals({
        {withFields(R"("dtype":"F32","shape":[2],"data_offsets":[0,7])"), 7,
         "tensor 'w': field 'data_offsets': spans 7 bytes, but shape and dtype need 8 (at byte 9)"},
        {withFields(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), 8,
         "tensor 'w': field 'data_offsets': 8 lies behind 0 (at byte 9)"},
        {withFields(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), 7,
         "tensor 'w': field 'data_offsets': 8 lies beyond the 7 bytes of data (at byte 9)"},
        {withFields(R"("dtype":"F32","shape":[2],"data_offsets":[1,9])"), 9,
         "tensor 'w': field 'data_offsets': begins at 1 where 0 is expected: a gap (at byte 9)"},
        {withFields(R"("dtype":"F4","shape":[3],"data_offsets":[0,2])"), 2,
         "tensor 'w': field 'shape': 3 elements of dtype F4 do not fill whole bytes (at byte 9)"},
        {withFields(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])"), 0, overflow},
        {withFields(R"("dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0])"), 0, overflow},
        {a + R"("b":{"dtype":"U8","shape":[2],"data_offsets":[5,7]}})", 7,
         "tensor 'b': field 'data_offsets': begins at 5 where 4 is expected: a gap (at byte 61)"},
        {a + R"("b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})", 5,
         "tensor 'b': field 'data_offsets': begins at 3 where 4 is expected: tensors overlap (at byte 61)"},
        {a + R"("b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})", 4,
         "tensor 'b': field 'data_offsets': begins at 2 where 4 is expected: tensors overlap (at byte 61)"},
        {a + R"("b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})", 9,
         "the last 3 bytes belong to no tensor"},
        {"{}", 1, "the last 1 bytes belong to no tensor"},
    });
}

TEST_CASE("a shape of more than 64 dimensions is refused while it is parsed") {
    std::string shape = "1";
    for (int i = 0; i < 64; ++i) shape += ",1";
    const TempFolder folder;
    CHECK(complaint(folder, fileBytes(withFields("\"shape\":[" + shape + "]"), 0))
              .starts_with("tensor 'w': field 'shape': has more than 64 entries"));
}

TEST_CASE("deep nesting is refused where it begins") {
    const TempFolder folder;
    std::string header = "{\"w\":";
    for (int i = 0; i < 100'000; ++i) header += "{\"a\":";
    CHECK(complaint(folder, fileBytes(header, 0)) == "tensor 'w': field 'a': is not known (at byte 14)");
    CHECK(
        complaint(folder, fileBytes("{\"w\":" + std::string(100'000, '['), 0)).contains("must be an object"));
}

TEST_CASE("a hostile tensor name stays on one line of the message") {
    const TempFolder folder;
    CHECK(complaint(folder, fileBytes(R"({"a\nb\u001b":1})", 0)).starts_with("tensor 'a\\nb\\x1b': must be"));
}

TEST_CASE("a safetensors file cut short at any byte is refused") {
    const TempFolder folder;
    const std::string whole = fileBytes(smallHeader, 14);
    REQUIRE(complaint(folder, whole).empty());
    for (size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(complaint(folder, std::string_view(whole).substr(0, size)).empty());
    }
    CHECK(complaint(folder, whole + "x") == "the last 1 bytes belong to no tensor");
}

TEST_CASE("a safetensors file with random bytes changed opens or is refused, and nothing else") {
    const TempFolder folder;
    std::mt19937 random(20240501);
    const std::string whole = fileBytes(smallHeader, 14);
    int refused = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string bytes = whole;
        for (auto flips = 1 + random() % 3; flips > 0; --flips) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        refused += complaint(folder, bytes).empty() ? 0 : 1;
    }
    CHECK(refused > 1000);
    CHECK(refused < 5000);
}

TEST_CASE("a safetensors file that shrinks after it was opened is an error that names the tensor") {
    const TempFolder folder;
    const std::string path = folder.write("x", fileBytes(smallHeader, 14));
    const auto file = openTensorFile(path);
    std::filesystem::resize_file(path, 8 + smallHeader.size() + 10);
    CHECK(readAll(*file, 0).size() == 8);
    try {
        readAll(*file, 1);
        FAIL("the read must throw");
    } catch (const InputError& error) {
        const std::string offset = std::to_string(8 + smallHeader.size() + 10);
        CHECK(error.what() ==
              path + ": tensor 'b': the file ends 4 bytes early: it shrank while being read (at byte " +
                  offset + ")");
    }
}
