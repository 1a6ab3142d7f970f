#pragma once

#include <cstddef>
#include <string_view>

namespace quant {

struct Utf8Character {
    char32_t code = 0;
    size_t bytes = 0;  // 0: the text does not begin with valid UTF-8
};

// Decodes the first character of a text that is not empty (Unicode 15, table 3-7: no overlong forms, no
// surrogates, nothing above U+10FFFF).
Utf8Character decodeUtf8(std::string_view text);

bool isUtf8(std::string_view text);

}  // namespace quant
