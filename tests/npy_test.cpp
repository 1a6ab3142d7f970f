#include "quant/npy.h"

#include "quant/input_error.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace quant;
using quant::tests::TempFolder;

namespace {

// A file of that header, newline included, without padding.
std::string fileBytes(std::string_view header, std::string_view data, int version = 1) {
    std::string bytes = "\x93NUMPY";
    bytes += static_cast<char>(version);
    bytes += '\0';
    for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
        bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
    return bytes + std::string(header) + std::string(data);
}

std::string header(std::string_view descr, std::string_view shape, std::string_view fortran = "False") {
    return "{'descr': '" + std::string(descr) + "', 'fortran_order': " + std::string(fortran) +
           ", 'shape': " + std::string(shape) + ", }\n";
}

std::string readRange(const TensorFile& file, uint64_t offset, size_t sizeBytes) {
    std::string bytes(sizeBytes, '?');
    file.read(0, offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

std::string readAll(const TensorFile& file) {
    return readRange(file, 0, file.tensors()[0].sizeBytes);
}

std::unique_ptr<TensorFile> open(const TempFolder& folder, std::string_view bytes) {
    return openTensorFile(folder.write("w.npy", bytes));
}

// What opening the bytes complains about, without the path; empty if it does not.
std::string complaint(const TempFolder& folder, std::string_view bytes) {
    const std::string path = folder.write("w.npy", bytes);
    try {
        readAll(*openTensorFile(path));
    } catch (const InputError& error) {
        const std::string message = error.what();
        REQUIRE(message.starts_with(path + ": "));
        REQUIRE_FALSE(message.contains('\n'));
        return message.substr(path.size() + 2);
    }
    return "";
}

std::string complaintAbout(std::string_view header, std::string_view data = "") {
    const TempFolder folder;
    return complaint(folder, fileBytes(header, data));
}

// Bytes of the numbers, each in sizeBytes bytes, little-endian.
std::string littleEndian(const std::vector<uint64_t>& numbers, size_t sizeBytes) {
    std::string bytes(numbers.size() * sizeBytes, '\0');
    for (size_t i = 0; i < numbers.size(); ++i) std::memcpy(&bytes[i * sizeBytes], &numbers[i], sizeBytes);
    return bytes;
}

// The row-major numbers 0, 1, 2, ... of that shape in column-major order.
std::vector<uint64_t> columnMajorCount(const std::vector<uint64_t>& shape) {
    std::vector<uint64_t> order = {0};
    uint64_t stride = 1;
    for (size_t i = 0; i < shape.size(); ++i) {
        stride = 1;
        for (size_t k = i + 1; k < shape.size(); ++k) stride *= shape[k];
        std::vector<uint64_t> next;
        for (uint64_t index = 0; index < shape[i]; ++index) {
            for (const uint64_t base : order) next.push_back(base + index * stride);
        }
        order = std::move(next);
    }
    return order;
}

std::vector<uint64_t> countUpTo(uint64_t end) {
    std::vector<uint64_t> numbers(end);
    for (uint64_t i = 0; i < end; ++i) numbers[i] = i;
    return numbers;
}

void checkEveryRange(const TensorFile& file, const std::string& expected, size_t elementBytes) {
    for (size_t begin = 0; begin <= expected.size(); begin += elementBytes) {
        for (size_t end = begin; end <= expected.size(); end += elementBytes) {
            CAPTURE(begin, end);
            CHECK(readRange(file, begin, end - begin) == expected.substr(begin, end - begin));
        }
    }
}

}  // namespace

TEST_CASE("an npy file is one tensor, named as the file") {
    const TempFolder folder;
    const std::string data = littleEndian({10, 11, 12, 13, 14, 15}, 4);
    const auto file = open(folder, fileBytes(header("<f4", "(2, 3)"), data));
    CHECK(file->format() == "npy");
    REQUIRE(file->tensors().size() == 1);
    const TensorInfo& tensor = file->tensors()[0];
    CHECK(tensor.name == "w");
    CHECK(tensor.dtype == DType::F32);
    CHECK(tensor.shape == std::vector<uint64_t>{2, 3});
    CHECK(tensor.elements == 6);
    checkEveryRange(*file, data, 4);
}

TEST_CASE("only the extension .npy is left out of the tensor's name") {
    const TempFolder folder;
    const std::string bytes = fileBytes(header("|u1", "()"), "x");
    const auto nameOf = [&](std::string_view fileName) {
        return openTensorFile(folder.write(fileName, bytes))->tensors()[0].name;
    };
    CHECK(nameOf("layer.0.weight.npy") == "layer.0.weight");
    CHECK(nameOf("layer.0") == "layer.0");
    CHECK(nameOf(".npy") == ".npy");
    CHECK(nameOf("a\nb.npy") == "a\\nb");
    CHECK(nameOf("\xff.npy") == "\\xff");
}

TEST_CASE("versions 1.0, 2.0 and 3.0 are read, others refused") {
    const TempFolder folder;
    for (const int version : {1, 2, 3}) {
        CHECK(readAll(*open(folder, fileBytes(header("<u2", "(2,)"), "abcd", version))) == "abcd");
    }
    std::string bytes = fileBytes(header("<u2", "(2,)"), "abcd");
    bytes[6] = 4;
    CHECK(complaint(folder, bytes) == "field 'version': 4.0 of the npy format is not supported (at byte 6)");
    bytes[6] = 0;
    CHECK(complaint(folder, bytes).contains("0.0"));
    bytes[6] = 1;
    bytes[7] = 1;
    CHECK(complaint(folder, bytes).contains("1.1"));
}

TEST_CASE("numpy's own spelling of a header is read") {
    const TempFolder folder;
    // As np.save writes np.float32(0.5): padded to 128 bytes before the data.
    std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (), }";
    text.resize(117, ' ');
    const auto file = open(folder, fileBytes(text + "\n", littleEndian({0x3f000000}, 4)));
    CHECK(file->tensors()[0].shape.empty());
    CHECK(readAll(*file) == littleEndian({0x3f000000}, 4));
}

TEST_CASE("quotes of both kinds, any order, no spaces, no last comma and Python 2 integers are read") {
    CHECK(complaintAbout("{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"|u1\"}\n", "ab").empty());
    CHECK(complaintAbout("{ 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 2 , 1 ) }   \n", "ab")
              .empty());
    CHECK(complaintAbout(header("|u1", "(2,1,)"), "ab").empty());
}

TEST_CASE("every supported descr gives its dtype") {
    const TempFolder folder;
    const std::array<std::pair<std::string_view, DType>, 13> types = {{{"f2", DType::F16},
                                                                       {"f4", DType::F32},
                                                                       {"f8", DType::F64},
                                                                       {"i1", DType::I8},
                                                                       {"i2", DType::I16},
                                                                       {"i4", DType::I32},
                                                                       {"i8", DType::I64},
                                                                       {"u1", DType::U8},
                                                                       {"u2", DType::U16},
                                                                       {"u4", DType::U32},
                                                                       {"u8", DType::U64},
                                                                       {"b1", DType::Bool},
                                                                       {"c8", DType::C64}}};
    for (const auto& [code, dtype] : types) {
        const std::string data = std::string("abcdefgh").substr(0, elementSizeBytes(dtype));
        for (const char order : {'<', '>', '='}) {
            CAPTURE(code, order);
            const auto file = open(folder, fileBytes(header(order + std::string(code), "()"), data));
            CHECK(file->tensors()[0].dtype == dtype);
        }
        CHECK(complaint(folder, fileBytes(header("|" + std::string(code), "()"), data)).empty() ==
              (data.size() == 1));
    }
}

TEST_CASE("other element types are refused with what they are") {
    const auto descrComplaint = [](std::string_view descr) {
        return complaintAbout(header(descr, "(1,)"), "abcdefgh");
    };
    CHECK(descrComplaint("|O") == "field 'descr': '|O': Python objects are not supported (at byte 10)");
    CHECK(descrComplaint("|S8") == "field 'descr': '|S8': strings are not supported (at byte 10)");
    CHECK(descrComplaint("<U2") == "field 'descr': '<U2': strings are not supported (at byte 10)");
    CHECK(descrComplaint("|V8") ==
          "field 'descr': '|V8': raw and structured data are not supported (at byte 10)");
    CHECK(descrComplaint("<M8[s]") ==
          "field 'descr': '<M8[s]': dates and times are not supported (at byte 10)");
    CHECK(descrComplaint("<c16") ==
          "field 'descr': '<c16': complex numbers but complex64 are not supported (at byte 10)");
    CHECK(descrComplaint("<f16") == "field 'descr': '<f16': this type is not supported (at byte 10)");
    CHECK(descrComplaint("<b2") == "field 'descr': '<b2': this type is not supported (at byte 10)");
    CHECK(descrComplaint("<") == "field 'descr': '<': this type is not supported (at byte 10)");
    CHECK(descrComplaint("|f4") == "field 'descr': '|f4' leaves the byte order open (at byte 10)");
    CHECK(descrComplaint("f4") == "field 'descr': 'f4' does not begin with a byte order (at byte 10)");
    CHECK(descrComplaint("") == "field 'descr': '' does not begin with a byte order (at byte 10)");
    CHECK(complaintAbout("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}\n") ==
          "field 'descr': '[('a', '<f4')]': raw and structured data are not supported (at byte 10)");
    CHECK(complaintAbout("{'descr': [('a]', '<f4', (2,)), ('b', [('c', '<i2'), 'fortran_order': False}\n") ==
          "field 'descr': the list of fields does not end (at byte 87)");
}

TEST_CASE("a header that is not the dict expected is refused at the byte where it fails") {
    CHECK(complaintAbout("[]\n") == "the header must be a dict (at byte 10)");
    CHECK(complaintAbout("") == "the header must be a dict (at byte 10)");
    CHECK(complaintAbout("{}\n") == "field 'descr': is missing (at byte 10)");
    CHECK(complaintAbout("{'descr': '<f4'}\n") == "field 'fortran_order': is missing (at byte 10)");
    CHECK(complaintAbout("{'descr': '<f4', 'fortran_order': False}\n") ==
          "field 'shape': is missing (at byte 10)");
    CHECK(complaintAbout("{'descr': '<f4', 'descr': '<f4'}\n") ==
          "field 'descr': appears twice (at byte 27)");
    CHECK(complaintAbout("{'shape': (), 'shape': ()}\n") == "field 'shape': appears twice (at byte 24)");
    CHECK(complaintAbout("{'fortran_order': True, 'fortran_order': True}\n") ==
          "field 'fortran_order': appears twice (at byte 34)");
    CHECK(complaintAbout("{'order': 1}\n") == "field 'order': is not known (at byte 11)");
    CHECK(complaintAbout("{'descr' '<f4'}\n") == "field 'descr': expected ':' after the key (at byte 19)");
    CHECK(complaintAbout("{descr: '<f4'}\n") == "expected a key in quotes (at byte 11)");
    CHECK(complaintAbout("{'descr\n") == "the string does not end (at byte 11)");
    CHECK(complaintAbout("{'descr': 4}\n") == "field 'descr': must be a string (at byte 20)");
    CHECK(complaintAbout("{'descr': '\\x3cf4'}\n").contains("escapes in strings are not supported"));
    CHECK(complaintAbout("{'fortran_order': 0}\n") ==
          "field 'fortran_order': must be True or False (at byte 28)");
    CHECK(complaintAbout("{'descr': '<f4' 'shape': ()}\n") ==
          "field 'descr': expected ',' or '}' (at byte 26)");
    CHECK(complaintAbout("{'descr': '<f4'").contains("expected ',' or '}'"));
}

TEST_CASE("a shape that is not a tuple of non-negative integers is refused") {
    const auto shapeComplaint = [](std::string_view shape) { return complaintAbout(header("|u1", shape)); };
    const std::string integers = "field 'shape': must hold integers from 0 to 2^64-1 only";
    CHECK(shapeComplaint("(3)") == "field 'shape': must be a tuple: expected ',' (at byte 62)");
    CHECK(shapeComplaint("3") == "field 'shape': must be a tuple (at byte 60)");
    CHECK(shapeComplaint("[3]").starts_with("field 'shape': must be a tuple"));
    CHECK(shapeComplaint("(-1,)").starts_with(integers));
    CHECK(shapeComplaint("(+1,)").starts_with(integers));
    CHECK(shapeComplaint("(,)").starts_with(integers));
    CHECK(shapeComplaint("(1,,)").starts_with(integers));
    CHECK(shapeComplaint("(18446744073709551616,)").starts_with(integers));
    CHECK(shapeComplaint("(1, 2.5)").starts_with("field 'shape': expected ',' or ')'"));
    CHECK(shapeComplaint("(4294967296, 4294967296)") ==
          "field 'shape': the size of the shape overflows 64 bits (at byte 10)");
    std::string deep;
    for (int i = 0; i < 65; ++i) deep += "1,";
    CHECK(shapeComplaint("(" + deep + ")").starts_with("field 'shape': has more than 64 entries"));
}

TEST_CASE("only spaces and a newline at the end may follow the dict") {
    const std::string dict = "{'descr': '|u1', 'fortran_order': False, 'shape': ()}";
    const std::string problem = "only spaces and a newline at the end may follow the header's dict";
    CHECK(complaintAbout(dict + "   \n", "x").empty());
    CHECK(complaintAbout(dict, "x").starts_with(problem));
    CHECK(complaintAbout(dict + "\n\n", "x").starts_with(problem));
    CHECK(complaintAbout(dict + "x\n", "x").starts_with(problem));
    CHECK(complaintAbout(dict + "\n ", "x").starts_with(problem));
    CHECK(complaintAbout(dict + std::string(1, '\0') + "\n", "x").starts_with(problem));
}

TEST_CASE("an npy file of the wrong size is refused") {
    CHECK(complaintAbout(header("<f4", "(2,)"), "abcdefg")
              .starts_with("shape and descr need 8 bytes of data, but the file has 7"));
    CHECK(complaintAbout(header("<f4", "(2,)"), "abcdefghi")
              .starts_with("shape and descr need 8 bytes of data, but the file has 9"));
    CHECK(complaintAbout(header("<f4", "(0,)"), "x").starts_with("shape and descr need 0 bytes"));
    const TempFolder folder;
    std::string bytes = fileBytes(header("|u1", "()"), "x", 2);
    bytes[11] = 1;  // a header of more than 16 MiB
    CHECK(complaint(folder, bytes).starts_with("field 'header length': 16777"));
}

TEST_CASE("an npy file cut short at any byte is refused") {
    const TempFolder folder;
    for (const int version : {1, 3}) {
        const std::string whole = fileBytes(header("<f4", "(2, 2)", "True"), "abcdefghijklmnop", version);
        REQUIRE(complaint(folder, whole).empty());
        for (size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(version, size);
            CHECK_FALSE(complaint(folder, std::string_view(whole).substr(0, size)).empty());
        }
    }
}

TEST_CASE("an npy file with random bytes changed opens or is refused, and nothing else") {
    const TempFolder folder;
    std::mt19937 random(20240502);
    const std::string whole = fileBytes(header(">f4", "(2, 2)", "True"), "abcdefghijklmnop");
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

TEST_CASE("an npy file that shrinks after it was opened is an error that names the tensor") {
    const TempFolder folder;
    for (const char* fortran : {"False", "True"}) {
        const std::string text = header("<f4", "(2, 2)", fortran);
        const std::string path = folder.write("w.npy", fileBytes(text, "abcdefghijklmnop"));
        const auto file = openTensorFile(path);
        std::filesystem::resize_file(path, 10 + text.size() + 6);
        CHECK_THROWS_AS(readAll(*file), InputError);
        try {
            readAll(*file);
        } catch (const InputError& error) {
            CHECK(std::string(error.what()).starts_with(path + ": tensor 'w': the file ends 10 bytes early"));
        }
    }
}

TEST_CASE("arrays without elements and scalars are read in both orders") {
    const TempFolder folder;
    for (const char* fortran : {"False", "True"}) {
        const auto empty = open(folder, fileBytes(header("<f4", "(3, 0, 2)", fortran), ""));
        CHECK(empty->tensors()[0].elements == 0);
        CHECK(readAll(*empty).empty());
        const auto scalar = open(folder, fileBytes(header(">u2", "()", fortran), "ab"));
        CHECK(scalar->tensors()[0].elements == 1);
        CHECK(readAll(*scalar) == "ba");
    }
}

TEST_CASE("big-endian numbers are delivered little-endian, in every range") {
    const TempFolder folder;
    checkEveryRange(*open(folder, fileBytes(header(">u2", "(3,)"), "abcdef")), "badcfe", 2);
    checkEveryRange(*open(folder, fileBytes(header(">f4", "(2,)"), "abcdefgh")), "dcbahgfe", 4);
    checkEveryRange(*open(folder, fileBytes(header(">f8", "(1,)"), "abcdefgh")), "hgfedcba", 8);
    checkEveryRange(*open(folder, fileBytes(header(">i1", "(3,)"), "abc")), "abc", 1);
}

TEST_CASE("big-endian complex numbers are swapped part by part") {
    const TempFolder folder;
    CHECK(readAll(*open(folder, fileBytes(header(">c8", "(1,)"), "abcdefgh"))) == "dcbahgfe");
}

TEST_CASE("a column-major matrix is delivered row-major, in every range") {
    const TempFolder folder;
    // [[a b c] [d e f]] lies in the file as its columns.
    const auto bytes = open(folder, fileBytes(header("|u1", "(2, 3)", "True"), "adbecf"));
    CHECK(readAll(*bytes) == "abcdef");
    const auto numbers =
        open(folder, fileBytes(header("<u2", "(2, 3)", "True"), littleEndian({0, 3, 1, 4, 2, 5}, 2)));
    checkEveryRange(*numbers, littleEndian(countUpTo(6), 2), 2);
}

TEST_CASE("a column-major, big-endian matrix is delivered row-major and little-endian") {
    const TempFolder folder;
    const auto file = open(folder, fileBytes(header(">u2", "(2, 2)", "True"), "aAcCbBdD"));
    checkEveryRange(*file, "AaBbCcDd", 2);
}

TEST_CASE("a column-major array of three dimensions is delivered row-major, in every range") {
    const TempFolder folder;
    // Row-major numbers of shape (2, 3, 2), listed with the first index fastest and the last slowest.
    const std::vector<uint64_t> columns = {0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11};
    REQUIRE(columns == columnMajorCount({2, 3, 2}));
    const auto file = open(folder, fileBytes(header("<f4", "(2, 3, 2)", "True"), littleEndian(columns, 4)));
    checkEveryRange(*file, littleEndian(countUpTo(12), 4), 4);
}

TEST_CASE("column-major arrays with extents of one and of four dimensions are delivered row-major") {
    const TempFolder folder;
    const auto check = [&](const std::string& shapeText, const std::vector<uint64_t>& shape,
                           uint64_t elements) {
        CAPTURE(shapeText);
        const std::string data = littleEndian(columnMajorCount(shape), 2);
        const auto file = open(folder, fileBytes(header("<u2", shapeText, "True"), data));
        checkEveryRange(*file, littleEndian(countUpTo(elements), 2), 2);
    };
    check("(5,)", {5}, 5);
    check("(1, 5)", {1, 5}, 5);
    check("(5, 1)", {5, 1}, 5);
    check("(1, 3, 4)", {1, 3, 4}, 12);
    check("(3, 1, 4)", {3, 1, 4}, 12);
    check("(2, 3, 2, 3)", {2, 3, 2, 3}, 36);
}

TEST_CASE("a column-major array too large to be read in one go is delivered row-major, few rows or many") {
    const TempFolder folder;
    const auto check = [&](const std::string& shapeText, const std::vector<uint64_t>& shape,
                           uint64_t columns) {
        const std::vector<uint64_t> columnMajor = columnMajorCount(shape);
        const uint64_t rows = shape[0], elements = rows * columns;
        const std::string expected = littleEndian(countUpTo(elements), 8);
        REQUIRE(expected.size() > (16u << 20));
        const auto file =
            open(folder, fileBytes(header("<u8", shapeText, "True"), littleEndian(columnMajor, 8)));
        const auto checkRange = [&](uint64_t begin, uint64_t end) {
            CAPTURE(shapeText, begin, end);
            const std::string_view wanted = std::string_view(expected).substr(begin * 8, (end - begin) * 8);
            const bool isEqual = readRange(*file, begin * 8, wanted.size()) == wanted;
            CHECK(isEqual);  // a failure would otherwise print megabytes
        };
        checkRange(0, elements);
        checkRange(0, columns);
        checkRange(columns * 2 + 5, columns * 4 - 7);
        checkRange(columns * 3 - 1, columns * 3 + 1);
        checkRange(elements - 1, elements);
        checkRange(columns / 2, columns * (rows - 1) + 3);
    };
    check("(2200, 1000)", {2200, 1000}, 1000);          // columns of 17,600 bytes: sparse runs
    check("(210, 100, 101)", {210, 100, 101}, 10'100);  // columns of 1,680 bytes: read through
}
