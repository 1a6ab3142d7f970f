#include "tests/picture_difference.h"

#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

namespace tests {

using app::Picture;

namespace {

constexpr uint32_t width = 160, height = 120;

Picture background() {
    Picture picture{width, height, std::vector<std::byte>(size_t{4} * width * height, std::byte{20})};
    for (size_t i = 3; i < picture.pixels.size(); i += 4) picture.pixels[i] = std::byte{255};
    return picture;
}

void blend(Picture& picture, uint32_t x, uint32_t y, double coverage, int r, int g, int b) {
    std::byte* pixel = picture.pixels.data() + 4 * (size_t{y} * width + x);
    const int colour[] = {r, g, b};
    for (int i = 0; i < 3; ++i)
        pixel[i] = std::byte(std::lround((1 - coverage) * double(pixel[i]) + coverage * colour[i]));
}

// A smooth curve of the given width, moved down by `shift`; smoothing is multiplied with `sharpness`.
Picture curve(double shift, double lineWidth = 1.5, double sharpness = 1) {
    Picture picture = background();
    for (uint32_t x = 0; x < width; ++x) {
        const double centre = 60 + 20 * std::sin(x / 25.0) + shift;
        for (uint32_t y = 0; y < height; ++y) {
            const double distance = std::abs(y + 0.5 - centre);
            blend(picture, x, y, std::clamp((lineWidth / 2 - distance) * sharpness + 0.5, 0.0, 1.0), 86, 180,
                  233);
        }
    }
    return picture;
}

// Strokes one pixel wide, as letters have.
Picture text(int r, int g, int b) {
    Picture picture = background();
    for (uint32_t x = 20; x < 60; x += 3)
        for (uint32_t y = 20; y < 30; ++y) blend(picture, x, y, y % 3 ? 1 : 0.6, r, g, b);
    return picture;
}

Picture noisy(Picture picture, int levels) {
    std::mt19937 random(5);
    for (size_t i = 0; i < picture.pixels.size(); ++i)
        if (i % 4 != 3) {
            const int changed = int(picture.pixels[i]) + int(random() % uint32_t(2 * levels + 1)) - levels;
            picture.pixels[i] = std::byte(std::clamp(changed, 0, 255));
        }
    return picture;
}

bool isAlike(const Picture& expected, const Picture& actual) {
    return difference(expected, actual).pixels <= PictureLimits{}.pixels;
}

}  // namespace

TEST_CASE("A picture does not differ from itself", "[picture_difference]") {
    const PictureDifference found = difference(curve(0), curve(0));
    CHECK(found.pixels == 0);
    CHECK(found.worst == 0);
}

TEST_CASE("One changed pixel counts as one", "[picture_difference]") {
    Picture changed = curve(0);
    blend(changed, 5, 5, 1, 255, 255, 255);
    const PictureDifference found = difference(curve(0), changed);
    CHECK(found.pixels == 1);
    CHECK(found.worst > 0.8);
    CHECK(isAlike(curve(0), changed));
}

TEST_CASE("A line that moved by two pixels is another picture, thin or thick", "[picture_difference]") {
    for (const double lineWidth : {1.0, 1.5, 2.0, 3.0, 5.0}) {
        INFO(lineWidth);
        CHECK(difference(curve(0, lineWidth), curve(2, lineWidth)).pixels > 1.5 * width);
    }
}

TEST_CASE("A line that moved by one pixel is another picture", "[picture_difference]") {
    for (const double lineWidth : {1.0, 1.5, 2.0}) {
        INFO(lineWidth);
        CHECK(difference(curve(0, lineWidth), curve(1, lineWidth)).pixels > 0.4 * width);
    }
}

TEST_CASE("Text of another colour is another picture", "[picture_difference]") {
    CHECK_FALSE(isAlike(text(230, 232, 235), text(163, 169, 179)));
    CHECK_FALSE(isAlike(text(230, 159, 0), text(86, 180, 233)));
}

TEST_CASE("Rounding noise is no difference", "[picture_difference]") {
    CHECK(difference(curve(0), noisy(curve(0), 2)).pixels == 0);
    CHECK(difference(text(230, 232, 235), noisy(text(230, 232, 235), 2)).pixels == 0);
}

TEST_CASE("Edges that are smoothed otherwise count less than edges that moved", "[picture_difference]") {
    const double smoothed = difference(curve(0), curve(0, 1.5, 1.15)).pixels;
    CHECK(smoothed < 0.5 * difference(curve(0), curve(1)).pixels);
}

TEST_CASE("Pictures of different sizes differ everywhere", "[picture_difference]") {
    const Picture small{2, 2, std::vector<std::byte>(16)};
    CHECK(difference(background(), small).pixels == width * height);
}

TEST_CASE("A golden picture that is missing, differs or is updated", "[picture_difference]") {
    const quant::tests::TempFolder folder;
    PictureFolders folders{folder / "goldens", folder / "failures"};
    const auto failure = [&](const Picture& picture) {
        return pictureFailure("curve", picture, {}, folders);
    };
    REQUIRE(failure(curve(0)));
    CHECK(failure(curve(0))->contains("CLIPSCOPE_UPDATE_PICTURES=1"));
    CHECK(app::readPng(folder / "failures/curve.png") == curve(0));

    folders.isUpdating = true;
    CHECK_FALSE(failure(curve(0)));
    folders.isUpdating = false;
    CHECK_FALSE(failure(curve(0)));

    REQUIRE(failure(curve(2)));
    const Picture shown = app::readPng(folder / "failures/curve.png");
    CHECK(shown.width == 3 * width + 16);
    CHECK(shown.height == height);
    CHECK(app::readPng(folder / "goldens/curve.png") == curve(0));
}

}  // namespace tests
