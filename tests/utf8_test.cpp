#include "quant/utf8.h"

#include <catch2/catch_test_macros.hpp>

using namespace quant;

TEST_CASE("valid UTF-8 of every length is recognised", "[utf8]") {
    CHECK(isUtf8(""));
    CHECK(isUtf8("a\x7f"));
    CHECK(isUtf8("\xc2\x80 \xdf\xbf"));
    CHECK(isUtf8("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    CHECK(isUtf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
    CHECK(decodeUtf8("\xf0\x9f\x98\x80x").code == 0x1f600);
    CHECK(decodeUtf8("\xf0\x9f\x98\x80x").bytes == 4);
}

TEST_CASE("what is cut short, overlong, a surrogate or beyond Unicode is not UTF-8", "[utf8]") {
    for (const char* text : {"\x80", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc0\xaf", "\xc1\xbf",
                             "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3("}) {
        CAPTURE(text);
        CHECK_FALSE(isUtf8(text));
    }
}
