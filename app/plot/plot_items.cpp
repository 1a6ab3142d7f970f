#include "app/plot/plot_items.h"

namespace app {

std::string fitted(const std::string& text, float width, const TextMeasure& measure) {
    if (measure(text).x <= width) return text;
    // Bisection over whole characters: a byte 10xxxxxx continues one in UTF-8.
    std::vector<size_t> ends;
    for (size_t i = 0; i < text.size(); ++i)
        if ((text[i] & 0xc0) != 0x80) ends.push_back(i);
    const auto shortened = [&](size_t characters) { return text.substr(0, ends[characters]) + "…"; };
    size_t fits = 0, tooMany = ends.size();
    while (tooMany - fits > 1) {
        const size_t middle = (fits + tooMany) / 2;
        (measure(shortened(middle)).x <= width ? fits : tooMany) = middle;
    }
    return fits > 0 ? shortened(fits) : "";
}

}  // namespace app
