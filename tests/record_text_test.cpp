#include "quant/record_text.h"

#include "quant/input_error.h"

#include <catch2/catch_test_macros.hpp>

using namespace quant;

TEST_CASE("A record keeps the words, numbers and lists of its entries", "[record]") {
    const auto record = parseRecord("f", R"({"w":{"bits":4,"packed":true,"format":"int4","shape":[2,3],)"
                                         R"("parts":["w_q","w_s"],"bits_of":{"w":"BF16"}}})");
    CHECK(record["w"]["bits"] == 4);
    CHECK(record["w"]["shape"] == QuantizationRecord({2, 3}));
    CHECK(record["w"]["parts"][1] == "w_s");
    CHECK(record["w"]["bits_of"]["w"] == "BF16");
}

TEST_CASE("What is nested deeper than a record is left out, however deep", "[record]") {
    constexpr size_t levels = 200'000;
    const std::string deep = std::string(levels, '[') + std::string(levels, ']');
    std::string objects;
    for (size_t i = 0; i < levels; ++i) objects += R"({"a":)";
    objects += "1" + std::string(levels, '}');
    const auto record = parseRecord(
        "f", R"({"x":)" + deep + R"(,"y":{"shape":)" + deep + R"(,"z":)" + objects + R"(,"bits":3}})");
    CHECK_FALSE(record.contains("x"));
    CHECK(record["y"]["bits"] == 3);
    CHECK_FALSE(record["y"].contains("z"));
    CHECK(record.dump().size() < 100);
}

TEST_CASE("A record that is no object is refused", "[record]") {
    for (const char* text : {"", "[]", "7", "{", "null", "{]"})
        CHECK_THROWS_AS(parseRecord("f", text), InputError);
}

TEST_CASE("Records join, unless they contradict each other", "[record]") {
    auto record = parseRecord("f", R"({"a":{"bits":4}})");
    joinRecord(record, parseRecord("g", R"({"b":{"bits":2},"a":{"bits":4}})"), "f");
    CHECK(record["a"]["bits"] == 4);
    CHECK(record["b"]["bits"] == 2);
    CHECK_THROWS_AS(joinRecord(record, parseRecord("g", R"({"b":{"bits":3}})"), "f"), InputError);
}
