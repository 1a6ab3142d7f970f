#include "app/plot/png_file.h"

#include "quant/input_error.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <random>
#include <stdexcept>

namespace tests {

using app::Picture;

namespace {

Picture noise(uint32_t width, uint32_t height, bool isOpaque) {
    std::mt19937 random(width * 31 + height);
    Picture picture{width, height, std::vector<std::byte>(size_t{4} * width * height)};
    for (std::byte& byte : picture.pixels) byte = std::byte(random() & 255);
    if (isOpaque)
        for (size_t i = 3; i < picture.pixels.size(); i += 4) picture.pixels[i] = std::byte{255};
    return picture;
}

std::vector<std::byte> png(const Picture& picture) {
    return app::pngOf(picture.pixels, picture.width, picture.height);
}

}  // namespace

TEST_CASE("A picture comes back from its PNG as it was", "[png_file]") {
    for (const bool isOpaque : {false, true})
        for (const auto& [width, height] :
             {std::pair{1u, 1u}, {1u, 7u}, {13u, 1u}, {64u, 33u}, {257u, 129u}}) {
            const Picture picture = noise(width, height, isOpaque);
            CHECK(app::pictureFromPng(png(picture), "noise.png") == picture);
        }
}

TEST_CASE("A PNG has alpha only where a pixel is not opaque", "[png_file]") {
    constexpr size_t colourType = 25;  // 2: RGB, 6: RGBA
    CHECK(png(noise(5, 5, true))[colourType] == std::byte{2});
    CHECK(png(noise(5, 5, false))[colourType] == std::byte{6});
}

TEST_CASE("Pictures without or with absurd size are refused", "[png_file]") {
    CHECK_THROWS_AS(app::pngOf({}, 0, 5), std::invalid_argument);
    CHECK_THROWS_AS(app::pngOf({}, 5, 0), std::invalid_argument);
    CHECK_THROWS_AS(app::pngOf({}, 32769, 1), std::invalid_argument);
    CHECK_THROWS_AS(app::pngOf(std::vector<std::byte>(99), 5, 5), std::invalid_argument);
}

TEST_CASE("A PNG that is cut short or damaged is refused by name", "[png_file]") {
    const std::vector<std::byte> whole = png(noise(40, 30, true));
    using Catch::Matchers::ContainsSubstring;
    using Catch::Matchers::MessageMatches;
    for (size_t length = 0; length < whole.size() - 12; length += 37)  // the last 12 bytes hold nothing
        CHECK_THROWS_MATCHES(app::pictureFromPng(std::span(whole).first(length), "cut.png"),
                             quant::InputError, MessageMatches(ContainsSubstring("cut.png")));
    std::mt19937 random(3);
    for (int i = 0; i < 300; ++i) {
        std::vector<std::byte> damaged = whole;
        damaged[random() % damaged.size()] ^= std::byte(1 + random() % 255);
        // Chunks that hold no pixels may be damaged without harm.
        try {
            const Picture read = app::pictureFromPng(damaged, "damaged.png");
            CHECK(read.pixels.size() == size_t{4} * read.width * read.height);
        } catch (const quant::InputError& error) {
            CHECK(std::string(error.what()).starts_with("damaged.png"));
        }
    }
}

TEST_CASE("A PNG that promises far more pixels than it holds is refused before memory is taken",
          "[png_file]") {
    // The header of 30000 x 30000 pixels and an empty run of pixels, with their right checksums.
    const unsigned char bytes[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0, 0,    13,
                                   'I',  'H', 'D', 'R', 0,    0,    0x75, 0x30, 0,    0, 0x75, 0x30,
                                   8,    6,   0,   0,   0,    0x66, 0x27, 0xf8, 0xba, 0, 0,    0,
                                   0,    'I', 'D', 'A', 'T',  0x35, 0xaf, 0x06, 0x1e};
    CHECK_THROWS_MATCHES(app::pictureFromPng(std::as_bytes(std::span(bytes)), "bomb.png"), quant::InputError,
                         Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring("too short")));
}

TEST_CASE("A PNG file is written and read, a missing one is refused by name", "[png_file]") {
    const quant::tests::TempFolder folder;
    const Picture picture = noise(20, 10, false);
    app::writePng(folder.path() / "picture.png", picture);
    CHECK(app::readPng(folder.path() / "picture.png") == picture);
    CHECK_THROWS_MATCHES(app::readPng(folder.path() / "none.png"), quant::InputError,
                         Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring("none.png")));
    CHECK_THROWS_AS(app::readPng(folder.path()), quant::InputError);
}

}  // namespace tests
