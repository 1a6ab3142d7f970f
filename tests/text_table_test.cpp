#include "app/text_table.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <sstream>

using namespace app;

namespace {

TextTable sample() {
    TextTable table({Align::Left, Align::Right, Align::Right});
    table.addRow({{"name"}, {"clip"}, {"SQNR"}});
    table.addRow({{"features.0.weight"}, {"0.5"}, {"19.34"}});
    table.addRow({{"größe"}, {"12.25"}, {""}});
    return table;
}

size_t widestLine(const std::string& text) {
    std::istringstream lines(text);
    size_t widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, displayWidth(line));
    return widest;
}

}  // namespace

TEST_CASE("Display width counts columns, not bytes", "[app]") {
    CHECK(displayWidth("") == 0);
    CHECK(displayWidth("clip") == 4);
    CHECK(displayWidth("größe") == 5);
    CHECK(displayWidth("日本") == 4);
    CHECK(displayWidth("e\u0301") == 1);
    CHECK(displayWidth("😀") == 2);
}

TEST_CASE("Display width survives bytes that are not UTF-8", "[app]") {
    CHECK(displayWidth("\xff\xfe") <= 2);
    CHECK(displayWidth("a\xe6") == 2);
    CHECK(displayWidth("\x80\x80\x80") == 3);
}

TEST_CASE("A shortened text keeps both ends and fits", "[app]") {
    CHECK(shortened("features.0.weight", 17) == "features.0.weight");
    CHECK(shortened("features.0.weight", 9) == "feat…ight");
    CHECK(shortened("features.0.weight", 8) == "feat…ght");
    CHECK(shortened("features.0.weight", 1) == "…");
    for (size_t width = 1; width < 12; ++width)
        CHECK(displayWidth(shortened("日本語のテンソル", width)) <= width);
}

TEST_CASE("Columns are aligned by display width, without blanks at line ends", "[app]") {
    CHECK(sample().render({}) ==
          "name                clip   SQNR\n"
          "features.0.weight    0.5  19.34\n"
          "größe              12.25\n");
}

TEST_CASE("A table that is a little too wide has its first column shortened", "[app]") {
    const TableFormat format{30, 1, false};
    CHECK_FALSE(sample().fits(format));
    CHECK(sample().render(format) ==
          "name               clip   SQNR\n"
          "features….weight    0.5  19.34\n"
          "größe             12.25\n");
    CHECK(widestLine(sample().render(format)) == 30);
}

TEST_CASE("A table that is far too wide is split into blocks that repeat the fixed columns", "[app]") {
    CHECK(sample().render({25, 1, false}) ==
          "name               clip\n"
          "features….weight    0.5\n"
          "größe             12.25\n"
          "\n"
          "name               SQNR\n"
          "features….weight  19.34\n"
          "größe\n");
}

TEST_CASE("Names that would look alike lose their fronts instead of their middles", "[app]") {
    TextTable table({Align::Left, Align::Right});
    table.addRow({{"name"}, {"clip"}});
    for (const char* layer : {"10", "11"})
        table.addRow({{std::string("features.layers.") + layer + ".attention.weight"}, {"0.25"}});
    CHECK(table.render({30, 1, false}) ==
          "name                      clip\n"
          "…ers.10.attention.weight  0.25\n"
          "…ers.11.attention.weight  0.25\n");
}

TEST_CASE("In a table that is split names take half a line", "[app]") {
    TextTable table({Align::Left, Align::Right, Align::Right, Align::Right});
    table.addRow({{std::string(30, 'n')}, {"1234567890"}, {"1234567890"}, {"1234567890"}});
    const std::string text = table.render({40, 1, false});
    CHECK(text.starts_with("nnnnnnnnnn…nnnnnnnnn  1234567890\n\n"));
    CHECK(std::ranges::count(text, '\n') == 5);
}

TEST_CASE("Every block has a column, however narrow the terminal", "[app]") {
    const std::string text = sample().render({1, 1, false});
    CHECK(text.contains("clip"));
    CHECK(text.contains("SQNR"));
}

TEST_CASE("Styles are written where colour is wanted, and do not change the alignment", "[app]") {
    TextTable table({Align::Left, Align::Right});
    table.addRow({{"a", Style::Strong}, {"1", Style::Faint}});
    table.addRow({{"bb"}, {"22"}});
    CHECK(table.render({{}, 1, true}) == "\x1b[1ma\x1b[0m    \x1b[2m1\x1b[0m\nbb  22\n");
    CHECK(table.render({}) == "a    1\nbb  22\n");
}

TEST_CASE("An empty table renders as nothing", "[app]") {
    CHECK(TextTable({Align::Left}).render({}).empty());
}
