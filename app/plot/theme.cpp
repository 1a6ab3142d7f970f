#include "app/plot/theme.h"

#include "app/plot/colour_space.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace app {

namespace {

// The colour-blind-safe palette of M. Okabe and K. Ito, "Color Universal Design" (2008), with its black or
// its yellow first, whichever stands out from the background.
constexpr uint32_t okabeBlack = 0x000000, okabeYellow = 0xf0e442;
constexpr uint32_t okabeIto[] = {0xd55e00, 0x0072b2, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9};

// The colour with its light scaled, or mixed with white, by as little as gives the contrast: hue stays, and
// the palette's order of lightness as far as it can.
Colour withContrast(Colour original, Colour background, double least) {
    if (contrast(original, background) >= least) return original;
    const bool isDark = luminance(background) < 0.18;
    const auto moved = [&](double part) {
        const glm::dvec3 linear = linearLight(original);
        return fromLinearLight(isDark ? linear + part * (1.0 - linear) : (1 - part) * linear);
    };
    double enough = 1, tooLittle = 0;
    for (int step = 0; step < 20; ++step) {
        const double middle = (enough + tooLittle) / 2;
        (contrast(moved(middle), background) >= least ? enough : tooLittle) = middle;
    }
    return moved(enough);
}

Theme withSeries(Theme theme) {
    theme.series[0] = colour(luminance(theme.plotBackground) < 0.18 ? okabeYellow : okabeBlack);
    for (size_t i = 0; i < std::size(okabeIto); ++i)
        theme.series[i + 1] = withContrast(colour(okabeIto[i]), theme.plotBackground, 3.1);
    return theme;
}

// Where a method stands among the styles.
size_t indexOf(std::string_view method) {
    static constexpr std::string_view known[] = {"octav",
                                                 "max",
                                                 "mse",
                                                 "percentile:99.9",
                                                 "entropy",
                                                 "octav-paper",
                                                 "percentile:99.99",
                                                 "percentile:99",
                                                 "percentile:99.999"};
    const auto* found = std::ranges::find(known, method);
    if (found != std::end(known)) return size_t(found - std::begin(known));
    uint32_t hash = 2166136261;  // FNV-1a: the same on every platform
    for (const char c : method) hash = (hash ^ uint8_t(c)) * 16777619;
    return std::size(known) + hash % (35 - std::size(known));
}

}  // namespace

const Theme& darkTheme() {
    static const Theme theme = withSeries({.name = "dark",
                                           .background = colour(0x1b1e24),
                                           .panel = colour(0x20242b),
                                           .plotBackground = colour(0x14161a),
                                           .text = colour(0xe6e8eb),
                                           .dimText = colour(0xa3a9b3),
                                           .axis = colour(0x828a96),
                                           .grid = colour(0x343a44),
                                           .minorGrid = colour(0x22262d),
                                           .accent = colour(0x56b4e9),
                                           .warning = colour(0xe69f00),
                                           .error = colour(0xff7a5c),
                                           .selection = colour(0x2a4a66),
                                           .textBox = colour(0x14161a, 216)});
    return theme;
}

const Theme& lightTheme() {
    static const Theme theme = withSeries({.name = "light",
                                           .background = colour(0xf3f4f6),
                                           .panel = colour(0xfafafb),
                                           .plotBackground = colour(0xffffff),
                                           .text = colour(0x1c1f24),
                                           .dimText = colour(0x565c66),
                                           .axis = colour(0x737a85),
                                           .grid = colour(0xd5d8dd),
                                           .minorGrid = colour(0xebedf0),
                                           .accent = colour(0x0072b2),
                                           .warning = colour(0x9a6700),
                                           .error = colour(0xb3261e),
                                           .selection = colour(0xc4dff2),
                                           .textBox = colour(0xffffff, 216)});
    return theme;
}

const Theme& themeFrom(std::string_view name) {
    if (name == "dark") return darkTheme();
    if (name == "light") return lightTheme();
    throw std::invalid_argument("'" + std::string(name) + "' is no theme; there are dark and light");
}

SeriesStyle seriesStyle(const Theme& theme, size_t index) {
    static constexpr Dash dashes[] = {Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot, Dash::LongDash};
    return {theme.series[index % theme.series.size()], dashes[index % std::size(dashes)]};
}

SeriesStyle bitsStyle(const Theme& theme, int bits) {
    return seriesStyle(theme, size_t(std::max(bits, 1) - 1));
}

SeriesStyle methodStyle(const Theme& theme, std::string_view method) {
    return seriesStyle(theme, indexOf(method));
}

}  // namespace app
