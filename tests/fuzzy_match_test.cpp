#include "app/explorer/fuzzy_match.h"

#include "quant/utf8.h"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace app;

namespace {

std::vector<size_t> positions(std::string_view pattern, std::string_view text) {
    const auto match = FuzzyPattern(pattern).match(text);
    REQUIRE(match);
    return match->positions;
}

// The text that is found first.
std::string first(std::string_view pattern, const std::vector<std::string>& texts) {
    const auto order = bestMatches(FuzzyPattern(pattern), texts);
    REQUIRE_FALSE(order.empty());
    return texts[order.front()];
}

}  // namespace

TEST_CASE("A pattern matches texts that hold its characters in order", "[fuzzy]") {
    const FuzzyPattern pattern("c3w");
    CHECK(pattern.matches("conv.3.weight"));
    CHECK(pattern.matches("CONV3W"));
    CHECK_FALSE(pattern.matches("conv.w3"));
    CHECK_FALSE(pattern.matches(""));
    CHECK_FALSE(pattern.match("conv.w3"));
}

TEST_CASE("An empty pattern matches everything", "[fuzzy]") {
    CHECK(FuzzyPattern("").matches(""));
    CHECK(FuzzyPattern("").match("x")->score == 0);
    CHECK(FuzzyPattern("").match("x")->positions.empty());
}

TEST_CASE("The beginnings of words are matched rather than their middles", "[fuzzy]") {
    CHECK(positions("w", "layerw.weight") == std::vector<size_t>{7});
    CHECK(positions("cw", "conv_two.weight") == std::vector<size_t>{0, 9});
    CHECK(positions("qp", "attn.queryProjection") == std::vector<size_t>{5, 10});
    CHECK(positions("l1", "layer11.1") == std::vector<size_t>{0, 5});
}

TEST_CASE("Characters beside each other are better than scattered ones", "[fuzzy]") {
    CHECK(positions("bias", "b.i.abias") == std::vector<size_t>{5, 6, 7, 8});
    CHECK(first("bias", {"big.idea.as", "conv.bias"}) == "conv.bias");
}

TEST_CASE("The same case is better than the other", "[fuzzy]") {
    CHECK(first("Conv", {"conv", "Conv"}) == "Conv");
    CHECK(first("conv", {"Conv", "conv"}) == "conv");
}

TEST_CASE("Of equally good texts the shorter comes first", "[fuzzy]") {
    CHECK(first("fc", {"fc.weight", "fc.bias", "fc"}) == "fc");
    CHECK(bestMatches(FuzzyPattern("fc"), {"fc.b", "fc.a", "x"}) == std::vector<size_t>{0, 1});
}

TEST_CASE("Positions are where characters begin, of whatever length", "[fuzzy]") {
    CHECK(positions("öe", "größe") == std::vector<size_t>{2, 6});
    CHECK(positions("語", "日本語") == std::vector<size_t>{6});
    CHECK_FALSE(FuzzyPattern("\xbc").matches("ü"));
}

TEST_CASE("Bytes that are not UTF-8 match themselves", "[fuzzy]") {
    CHECK(positions("\xff", "a\xffz") == std::vector<size_t>{1});
    CHECK(positions("z", "a\xe6z") == std::vector<size_t>{2});
    CHECK_FALSE(FuzzyPattern("\xfe").matches("\xff"));
}

TEST_CASE("Positions spell the pattern, and whether a text matches does not depend on how it is asked",
          "[fuzzy]") {
    std::mt19937 random(5);
    const std::vector<std::string> alphabet = {"a", "b", "A", ".", "ö", "\xff", "1"};
    const auto word = [&](size_t most) {
        std::string text;
        for (size_t i = random() % (most + 1); i > 0; --i) text += alphabet[random() % alphabet.size()];
        return text;
    };
    int matched = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string text = word(12), letters = word(4);
        const FuzzyPattern pattern(letters);
        const auto match = pattern.match(text);
        CAPTURE(text, letters);
        REQUIRE(match.has_value() == pattern.matches(text));
        if (!match) continue;
        ++matched;
        std::string spelled;
        for (const size_t at : match->positions)
            spelled += text.substr(at, std::max<size_t>(quant::decodeUtf8(text.substr(at)).bytes, 1));
        const auto lower = [](std::string s) {
            for (char& c : s) c = c == 'A' ? 'a' : c;
            return s;
        };
        REQUIRE(lower(spelled) == lower(letters));
    }
    CHECK(matched > 1000);
}

TEST_CASE("Long texts and patterns are matched, if not in the best way", "[fuzzy]") {
    const std::string text = std::string(100'000, 'x') + "y";
    CHECK(positions("y", text) == std::vector<size_t>{100'000});
    CHECK(FuzzyPattern(std::string(1000, 'x')).match(std::string(64, 'x')));
    CHECK(FuzzyPattern("xy").match(std::string(2000, 'x') + "y")->positions ==
          std::vector<size_t>{1999, 2000});
}
