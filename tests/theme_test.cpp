#include "app/plot/theme.h"

#include "app/plot/colour_map.h"
#include "app/plot/colour_space.h"
#include "quant/method.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <glm/geometric.hpp>
#include <glm/mat3x3.hpp>

#include <cmath>
#include <limits>
#include <set>

namespace tests {

using namespace app;

namespace {

const Theme* const themes[] = {&darkTheme(), &lightTheme()};

// How a colour looks to a deuteranope: G. M. Machado et al., "A physiologically-based model for simulation of
// color vision deficiency" (2009), severity 1.
glm::dvec3 deuteranopic(const glm::dvec3& linear) {
    const glm::dmat3 columns(0.367322, 0.280085, -0.011820, 0.860646, 0.672501, 0.042940, -0.227968, 0.047413,
                             0.968881);
    return glm::max(columns * linear, glm::dvec3(0));
}

double lightness(Colour colour) {
    return oklab(linearLight(colour)).x;
}

double distance(Colour one, Colour other) {
    return glm::distance(oklab(linearLight(one)), oklab(linearLight(other)));
}

}  // namespace

TEST_CASE("Contrast is what WCAG 2.1 says", "[theme]") {
    CHECK(contrast(colour(0), colour(0xffffff)) == Catch::Approx(21));
    CHECK(contrast(colour(0x777777), colour(0xffffff)) == Catch::Approx(4.48).margin(0.005));
}

TEST_CASE("OKLab has its published values and is inverted", "[theme]") {
    const glm::dvec3 red = oklab({1, 0, 0}), back = linearFromOklab(red);
    CHECK(glm::distance(red, {0.6279554, 0.2248631, 0.1258463}) < 1e-6);
    CHECK(glm::distance(back, {1, 0, 0}) < 1e-9);
    for (const uint32_t rgb : {0x000000u, 0x123456u, 0xfedcbau, 0xffffffu})
        CHECK(fromLinearLight(linearLight(colour(rgb))) == colour(rgb));
}

TEST_CASE("Texts and signs of every theme stand out from what is behind them", "[theme]") {
    for (const Theme* theme : themes) {
        INFO(theme->name);
        for (const Colour behind : {theme->background, theme->panel, theme->plotBackground}) {
            CHECK(contrast(theme->text, behind) >= 7);
            CHECK(contrast(theme->dimText, behind) >= 4.5);
            for (const Colour sign : {theme->accent, theme->warning, theme->error, theme->axis})
                CHECK(contrast(sign, behind) >= 3);
        }
        CHECK(contrast(theme->text, theme->selection) >= 4.5);
        // Grids stay behind: seen, and far from a curve's contrast.
        CHECK(contrast(theme->grid, theme->plotBackground) >
              contrast(theme->minorGrid, theme->plotBackground));
        CHECK(contrast(theme->grid, theme->plotBackground) < 2);
    }
}

TEST_CASE("A text box hides a curve of any colour behind a text", "[theme]") {
    for (const Theme* theme : themes)
        for (const Colour series : theme->series)
            CHECK(contrast(theme->text, blended(theme->textBox, series)) >= 7);
}

TEST_CASE("Every series stands out from the plot and from every other series", "[theme]") {
    for (const Theme* theme : themes)
        for (const Colour series : theme->series) {
            INFO(theme->name << ' ' << std::hex << series);
            CHECK(contrast(series, theme->plotBackground) >= 3);
            for (const Colour other : theme->series)
                if (other != series) CHECK(distance(series, other) > 0.08);
        }
}

TEST_CASE("Thirty-five series have styles of their own, neighbours another dash", "[theme]") {
    for (const Theme* theme : themes) {
        std::set<std::pair<Colour, Dash>> seen;
        for (size_t i = 0; i < 35; ++i) {
            const SeriesStyle style = seriesStyle(*theme, i), next = seriesStyle(*theme, i + 1);
            CHECK(seen.emplace(style.colour, style.dash).second);
            CHECK(style.dash != next.dash);
            CHECK(style.colour != next.colour);
        }
    }
}

TEST_CASE("Every bit width and every method has a style of its own", "[theme]") {
    std::set<std::pair<Colour, Dash>> widths, methods;
    for (int bits = 1; bits <= 16; ++bits) {
        const SeriesStyle style = bitsStyle(darkTheme(), bits);
        CHECK(widths.emplace(style.colour, style.dash).second);
    }
    for (const std::string& method : quant::methodNames()) {
        INFO(method);
        const SeriesStyle style = methodStyle(darkTheme(), method);
        CHECK(methods.emplace(style.colour, style.dash).second);
        CHECK(style == methodStyle(darkTheme(), method));
    }
    CHECK(methodStyle(darkTheme(), "percentile:97.5") == methodStyle(darkTheme(), "percentile:97.5"));
}

TEST_CASE("Themes have names, and others are refused", "[theme]") {
    for (const Theme* theme : themes) CHECK(&themeFrom(theme->name) == theme);
    CHECK_THROWS_AS(themeFrom("sepia"), std::invalid_argument);
}

TEST_CASE("Lightness rises along the sequential map, seen by anybody", "[theme]") {
    double before = -1, simulatedBefore = -1;
    for (const Colour colour : sequentialMap()) {
        const double simulated = oklab(deuteranopic(linearLight(colour))).x;
        CHECK(lightness(colour) > before);
        CHECK(simulated > simulatedBefore);
        before = lightness(colour);
        simulatedBefore = simulated;
    }
    CHECK(before - lightness(sequentialMap()[0]) > 0.7);
}

TEST_CASE("Equal steps along the sequential map look about equal", "[theme]") {
    double least = std::numeric_limits<double>::infinity(), most = 0;
    // Over eight entries, as single ones are rounded to 8 bits.
    for (size_t i = 0; i + 8 < 256; ++i) {
        const double step = distance(sequentialMap()[i], sequentialMap()[i + 8]);
        least = std::min(least, step);
        most = std::max(most, step);
    }
    CHECK(most < 2 * least);
}

TEST_CASE("The diverging map darkens alike to both sides, which a deuteranope can tell apart", "[theme]") {
    const ColourMap& map = divergingMap();
    for (size_t i = 0; i < 127; ++i) {
        CHECK(lightness(map[i]) < lightness(map[i + 1]) + 1e-3);
        CHECK(lightness(map[255 - i]) < lightness(map[254 - i]) + 1e-3);
        CHECK(std::abs(lightness(map[i]) - lightness(map[255 - i])) < 0.01);
    }
    for (size_t i = 0; i < 90; ++i)
        CHECK(glm::distance(oklab(deuteranopic(linearLight(map[i]))),
                            oklab(deuteranopic(linearLight(map[255 - i])))) > 0.05);
}

TEST_CASE("Places on a map are clamped, and NaN has no colour", "[theme]") {
    CHECK(mapped(sequentialMap(), -3) == sequentialMap()[0]);
    CHECK(mapped(sequentialMap(), 0.5f) == sequentialMap()[128]);
    CHECK(mapped(sequentialMap(), 7) == sequentialMap()[255]);
    CHECK(mapped(sequentialMap(), std::numeric_limits<float>::quiet_NaN()) >> 24 == 0);
}

}  // namespace tests
