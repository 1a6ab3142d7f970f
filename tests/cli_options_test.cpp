#include "app/analyze_csv.h"
#include "app/did_you_mean.h"
#include "app/number_text.h"
#include "app/options.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>

#include <cstdlib>
#include <stdexcept>

using namespace app;
using Bits = std::vector<uint32_t>;

namespace {

std::vector<std::string> methodNames(std::string_view text) {
    std::vector<std::string> names;
    for (const auto& method : methodsFrom(text)) names.push_back(method.name());
    return names;
}

}  // namespace

TEST_CASE("A list of bits is read as widths and ranges, each once, in rising order", "[app]") {
    CHECK(bitsFrom("4") == Bits{4});
    CHECK(bitsFrom("2-8") == Bits{2, 3, 4, 5, 6, 7, 8});
    CHECK(bitsFrom("4,8") == Bits{4, 8});
    CHECK(bitsFrom("8,4,8") == Bits{4, 8});
    CHECK(bitsFrom("8,2-4,3-5") == Bits{2, 3, 4, 5, 8});
    CHECK(bitsFrom("16") == Bits{16});
    CHECK(bitsFrom("2-16").size() == 15);
}

TEST_CASE("A list of bits that names anything but 1 to 16 is refused", "[app]") {
    for (const char* text : {"", "0", "17", "00", "-4", "4-", "-", "8-4", "4,", ",4", "4,,8", "four", "4.0",
                             " 4", "4 8", "0x4", "2-17", "18446744073709551620", "2-3-4"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(bitsFrom(text), std::invalid_argument);
    }
}

TEST_CASE("A size is read in bytes or powers of 1024", "[app]") {
    CHECK(sizeFrom("65536") == 65536);
    CHECK(sizeFrom("0") == 0);
    CHECK(sizeFrom("1K") == 1024);
    CHECK(sizeFrom("512M") == uint64_t{512} << 20);
    CHECK(sizeFrom("2G") == uint64_t{2} << 30);
    CHECK(sizeFrom("3T") == uint64_t{3} << 40);
    CHECK(sizeFrom("18446744073709551615") == UINT64_MAX);
}

TEST_CASE("A size that is not one, or overflows, is refused", "[app]") {
    for (const char* text :
         {"", "M", "-1M", "1.5G", "1X", "1MM", "1 M", "M1", "16777216T", "18446744073709551616"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(sizeFrom(text), std::invalid_argument);
    }
}

TEST_CASE("Memory for tensor data is at least 16 MiB", "[app]") {
    CHECK(memoryFrom("16M") == 16 << 20);
    CHECK_THROWS_AS(memoryFrom("16383K"), std::invalid_argument);
}

TEST_CASE("A list of methods keeps their order and drops repetitions", "[app]") {
    CHECK(methodNames("octav") == std::vector<std::string>{"octav"});
    CHECK(methodNames("max,octav,max") == std::vector<std::string>{"max", "octav"});
    CHECK(methodNames("percentile:99.9,percentile:99") ==
          std::vector<std::string>{"percentile:99.9", "percentile:99"});
}

TEST_CASE("A list of methods with an unknown or empty name is refused", "[app]") {
    for (const char* text : {"", "octav,", "OCTAV", "percentile:101", "percentile:", "octav max"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(methodsFrom(text), std::invalid_argument);
    }
}

TEST_CASE("A misspelt method is answered with the one that was meant", "[app]") {
    CHECK_THROWS_WITH(methodsFrom("octv"), "unknown method 'octv'; did you mean 'octav'?");
    CHECK_THROWS_WITH(methodsFrom("perc"), "unknown method 'perc'; did you mean 'percentile:99.9'?");
}

TEST_CASE("Signs are read and named", "[app]") {
    for (const char* text : {"auto", "signed", "unsigned"}) CHECK(name(signFrom(text)) == text);
    CHECK_THROWS_AS(signFrom("Signed"), std::invalid_argument);
}

TEST_CASE("Points and range of a sweep are read, and refused out of bounds", "[app]") {
    CHECK(pointsFrom("256") == 256);
    CHECK(rangeFrom("0.01:2") == std::pair(0.01, 2.0));
    CHECK(rangeFrom("1e-3:1e3") == std::pair(1e-3, 1e3));
    for (const char* text : {"", "0", "65537", "2.5", "-3"})
        CHECK_THROWS_AS(pointsFrom(text), std::invalid_argument);
    for (const char* text : {"", ":", "0", "1:", ":1", "2:1", "1:1", "0:1", "-1:1", "nan:1", "1:nan", "1:inf",
                             "1:1e39", "1:2:3"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(rangeFrom(text), std::invalid_argument);
    }
}

TEST_CASE("A glob matches whole names, dots and slashes like letters", "[app]") {
    CHECK(matches("*.weight", "features.0.weight"));
    CHECK(matches("features.?.weight", "features.0.weight"));
    CHECK(matches("features.[0-3].*", "features.2.bias"));
    CHECK(matches("*", "a/b/.c"));
    CHECK_FALSE(matches("weight", "features.0.weight"));
    CHECK_FALSE(matches("*.Weight", "features.0.weight"));
    CHECK_FALSE(matches("", "x"));
}

TEST_CASE("The edit distance counts insertions, deletions, exchanges and swaps", "[app]") {
    CHECK(editDistance("", "") == 0);
    CHECK(editDistance("abc", "") == 3);
    CHECK(editDistance("", "abc") == 3);
    CHECK(editDistance("analyze", "anlyze") == 1);
    CHECK(editDistance("analyze", "analyse") == 1);
    CHECK(editDistance("analyze", "anaylze") == 1);
    CHECK(editDistance("kitten", "sitting") == 3);
}

TEST_CASE("The closest candidate is a third of the length away at most, or begins with the text", "[app]") {
    const std::vector<std::string> names = {"analyze", "devices", "completion", "--bits"};
    CHECK(closest("anlyze", names) == "analyze");
    CHECK(closest("dev", names) == "devices");
    CHECK(closest("--bit", names) == "--bits");
    CHECK_FALSE(closest("quantize", names));
    CHECK_FALSE(closest("x", names));
    CHECK_FALSE(closest("", names));
    CHECK_FALSE(closest(std::string(100000, 'a'), names));
    CHECK(didYouMean("quantize", names).empty());
}

TEST_CASE("Numbers for people have the digits asked for and no negative zero", "[app]") {
    CHECK(significant(0.213, 4) == "0.2130");
    CHECK(significant(0, 4) == "0");
    CHECK(significant(1234.4, 4) == "1234");
    CHECK(significant(1.5e-7, 3) == "1.50e-7");
    CHECK(significant(1e-40, 3) == "1.00e-40");
    CHECK(fixedPoint(-0.001, 2, true) == "+0.00");
    CHECK(fixedPoint(1.255, 1) == "1.3");
    CHECK(sizeText(32768) == "32 KiB");
    CHECK(sizeText(1000) == "1000 B");
}

TEST_CASE("Exact numbers read back as the same double, and are empty when not finite", "[app]") {
    for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, double{0.28f}}) {
        CHECK(std::strtod(exact(value).c_str(), nullptr) == value);
    }
    CHECK(exact(1.0 / 0.0).empty());
}

TEST_CASE("CSV fields are quoted only where they must be", "[app]") {
    CHECK(csvField("features.0.weight") == "features.0.weight");
    CHECK(csvField("a,b") == "\"a,b\"");
    CHECK(csvField("a\"b") == "\"a\"\"b\"");
    CHECK(csvField("a\nb") == "\"a\nb\"");
}

TEST_CASE("A number format in other letters is suggested in its own") {
    CHECK_THROWS_WITH(oneFormatFrom("FP8-E4M3"),
                      "unknown number format 'FP8-E4M3'; did you mean 'fp8-e4m3'?");
    CHECK_THROWS_WITH(oneFormatFrom("mxpf4"), "unknown number format 'mxpf4'; did you mean 'mxfp4'?");
}

TEST_CASE("A count is a whole number within its limits", "[app]") {
    CHECK(countFrom("0", 0, 10) == 0);
    CHECK(countFrom("10", 0, 10) == 10);
    CHECK(countFrom("4294967295", 0, UINT32_MAX) == UINT32_MAX);
    for (const char* text : {"", "-1", "11", "1.5", "1e1", " 1", "0x1", "18446744073709551617"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(countFrom(text, 0, 10), std::invalid_argument);
    }
    CHECK_THROWS_AS(countFrom("0", 1, 10), std::invalid_argument);
}

TEST_CASE("A factor is a finite float", "[app]") {
    CHECK(floatFrom("-0.5") == -0.5f);
    CHECK(floatFrom("1e38") == 1e38f);
    for (const char* text : {"", "one", "1e39", "inf", "nan", "1,5", "1 "}) {
        CAPTURE(text);
        CHECK_THROWS_AS(floatFrom(text), std::invalid_argument);
    }
}

TEST_CASE("The path of a product is one of those there are, or none for auto", "[app]") {
    CHECK(gemmPathFrom("auto") == std::nullopt);
    CHECK(gemmPathFrom("coopmat") == quant::GemmPath::Coopmat);
    CHECK(app::gemmTypesFrom("bf16") == quant::GemmType::Bf16);
    CHECK(app::gemmTypesFrom("int4") == quant::GemmTypes(quant::GemmType::Int8, quant::GemmType::Int4));
    CHECK_THROWS_AS(gemmPathFrom("Auto"), std::invalid_argument);
    CHECK_THROWS_AS(app::gemmTypesFrom("fp64"), std::invalid_argument);
}

TEST_CASE("Types of a convolution are of weights and input, and have their names back", "[app]") {
    CHECK(convTypesFrom("bf16") == quant::GemmType::Bf16);
    CHECK(convTypesFrom("int4") == quant::GemmTypes(quant::GemmType::Int4, quant::GemmType::Int8));
    for (const char* text : {"fp32", "fp16", "bf16", "int8", "uint8", "int4", "ternary", "binary"})
        CHECK(convTypeName(convTypesFrom(text)) == text);
    for (const char* text : {"", "fp64", "tf32", "int16", "int8-uint8"})
        CHECK_THROWS_AS(convTypesFrom(text), std::invalid_argument);
    CHECK(convPathFrom("auto") == std::nullopt);
    CHECK(convPathFrom("winograd4") == quant::ConvolutionPath::Winograd4);
    CHECK_THROWS_AS(convPathFrom("winograd"), std::invalid_argument);
}

TEST_CASE("Extents along two axes are one number or two", "[app]") {
    CHECK(extentPairFrom("3", 1, 5) == ExtentPair{3, 3});
    CHECK(extentPairFrom("5x1", 1, 5) == ExtentPair{5, 1});
    for (const char* text : {"", "x", "3x", "x3", "3x3x3", "0", "3x6", "3x-1", "3,3", "3 x 3"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(extentPairFrom(text, 1, 5), std::invalid_argument);
    }
}

TEST_CASE("Padding is that of all sides, of two axes, or of each side", "[app]") {
    const auto sides = [](const char* text) {
        const auto [top, left, bottom, right] = paddingFrom(text).value();
        return std::vector{top, left, bottom, right};
    };
    CHECK_FALSE(paddingFrom("same").has_value());
    CHECK(sides("2") == std::vector<uint32_t>{2, 2, 2, 2});
    CHECK(sides("0x3") == std::vector<uint32_t>{0, 3, 0, 3});
    CHECK(sides("1,2,3,4") == std::vector<uint32_t>{1, 2, 3, 4});
    for (const char* text :
         {"", "Same", "-1", "1,2", "1,2,3", "1,2,3,4,5", "1,,2,3", "1x2,3,4,5", "1073741824"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(paddingFrom(text), std::invalid_argument);
    }
}

TEST_CASE("A zero point is a level of an 8-bit integer", "[app]") {
    CHECK(zeroPointFrom("-128") == -128);
    CHECK(zeroPointFrom("255") == 255);
    for (const char* text : {"", "-129", "256", "1.0", "x"})
        CHECK_THROWS_AS(zeroPointFrom(text), std::invalid_argument);
}
