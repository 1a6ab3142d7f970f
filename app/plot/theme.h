#pragma once

#include "app/plot/figure.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace app {

// The colours of a picture. Contrast as WCAG 2.1 counts it: text on background, panel and plot at least 7,
// dimText 4.5, accent, warning, error, axis and series 3.
struct Theme {
    std::string_view name;
    Colour background = 0;      // between plots
    Colour panel = 0;           // behind tables and controls
    Colour plotBackground = 0;  // between a plot's axes
    Colour text = 0, dimText = 0;
    Colour axis = 0, grid = 0, minorGrid = 0;
    Colour accent = 0, warning = 0, error = 0;
    Colour selection = 0;  // behind selected text and rows; text on it has contrast 4.5
    Colour textBox = 0;    // behind texts on a plot, with alpha
    std::array<Colour, 7> series{};
};

const Theme& darkTheme();
const Theme& lightTheme();

// "dark", "light"; throws std::invalid_argument.
const Theme& themeFrom(std::string_view name);

// How one of several curves is drawn.
struct SeriesStyle {
    Colour colour = 0;
    Dash dash = Dash::Solid;
    bool operator==(const SeriesStyle&) const = default;
};

// 35 pairs of colour and dash before they repeat; neighbours differ in both, so that curves can be told apart
// without seeing colours.
SeriesStyle seriesStyle(const Theme& theme, size_t index);

// The style of a bit width, 1 to 16, and of a method by its name: the same in every view. All widths differ,
// and so do all methods that methodNames() lists; percentiles that are not common may share one.
SeriesStyle bitsStyle(const Theme& theme, int bits);
SeriesStyle methodStyle(const Theme& theme, std::string_view method);

}  // namespace app
