#include "tests/picture_difference.h"

#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <glm/common.hpp>
#include <glm/vec3.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <format>

namespace tests {

using app::Picture;

namespace {

constexpr float same = 0.02f;

// Luma and two differences of colour, each scaled so that the plain distance is the perceived one, white
// being 1 from black.
glm::vec3 perceived(const Picture& picture, uint32_t x, uint32_t y) {
    const std::byte* pixel = picture.pixels.data() + 4 * (size_t{y} * picture.width + x);
    const float alpha = float(pixel[3]) / 255;
    const auto channel = [&](int i) { return alpha * float(pixel[i]) / 255 + (1 - alpha) * 0.5f; };
    const float r = channel(0), g = channel(1), b = channel(2);
    const float luma = 0.29889531f * r + 0.58662247f * g + 0.11448223f * b;
    const float inPhase = 0.59597799f * r - 0.27417610f * g - 0.32180189f * b;
    const float quadrature = 0.21147017f * r - 0.52261711f * g + 0.31114694f * b;
    return {luma, std::sqrt(0.299f / 0.5053f) * inPhase, std::sqrt(0.1957f / 0.5053f) * quadrature};
}

std::vector<glm::vec3> perceived(const Picture& picture) {
    std::vector<glm::vec3> colours;
    colours.reserve(size_t{picture.width} * picture.height);
    for (uint32_t y = 0; y < picture.height; ++y)
        for (uint32_t x = 0; x < picture.width; ++x) colours.push_back(perceived(picture, x, y));
    return colours;
}

float length(const glm::vec3& v) {
    return std::sqrt(v.x * v.x + v.y * v.y + v.z * v.z);
}

// Whether the colour lies between those around the place.
bool isAround(const glm::vec3& colour, const std::vector<glm::vec3>& colours, const Picture& picture,
              uint32_t x, uint32_t y) {
    glm::vec3 least(1e9f), most(-1e9f);
    for (uint32_t row = y ? y - 1 : 0; row <= std::min(y + 1, picture.height - 1); ++row)
        for (uint32_t column = x ? x - 1 : 0; column <= std::min(x + 1, picture.width - 1); ++column) {
            const glm::vec3& neighbour = colours[size_t{row} * picture.width + column];
            least = glm::min(least, neighbour);
            most = glm::max(most, neighbour);
        }
    return length(colour - glm::clamp(colour, least, most)) <= same;
}

void put(Picture& picture, uint32_t x, uint32_t y, uint8_t r, uint8_t g, uint8_t b) {
    std::byte* pixel = picture.pixels.data() + 4 * (size_t{y} * picture.width + x);
    pixel[0] = std::byte{r}, pixel[1] = std::byte{g}, pixel[2] = std::byte{b}, pixel[3] = std::byte{255};
}

Picture blank(uint32_t width, uint32_t height) {
    return {width, height, std::vector<std::byte>(size_t{4} * width * height, std::byte{128})};
}

Picture sideBySide(std::initializer_list<const Picture*> pictures) {
    constexpr uint32_t gap = 8;
    uint32_t width = 0, height = 0;
    for (const Picture* picture : pictures) {
        width += (width ? gap : 0) + picture->width;
        height = std::max(height, picture->height);
    }
    Picture all = blank(width, height);
    uint32_t left = 0;
    for (const Picture* picture : pictures) {
        for (uint32_t y = 0; y < picture->height; ++y)
            std::copy_n(picture->pixels.data() + size_t{4} * y * picture->width, size_t{4} * picture->width,
                        all.pixels.data() + 4 * (size_t{y} * width + left));
        left += picture->width + gap;
    }
    return all;
}

// The best that can be done for pictures of different sizes, or no expected one at all.
PictureDifference entirely(const Picture& expected, const Picture& actual) {
    const size_t pixels = std::max(expected.pixels.size(), actual.pixels.size()) / 4;
    return {double(pixels), 1, blank(std::max(1u, expected.width), std::max(1u, expected.height))};
}

}  // namespace

PictureDifference difference(const Picture& expected, const Picture& actual) {
    if (expected.width != actual.width || expected.height != actual.height) return entirely(expected, actual);
    const std::vector<glm::vec3> before = perceived(expected), now = perceived(actual);
    PictureDifference result{0, 0, blank(expected.width, expected.height)};
    for (uint32_t y = 0; y < expected.height; ++y)
        for (uint32_t x = 0; x < expected.width; ++x) {
            const size_t i = size_t{y} * expected.width + x;
            const float apart = length(before[i] - now[i]);
            const auto pale = uint8_t(std::lround(190 + 65 * std::clamp(before[i].x, 0.0f, 1.0f)));
            put(result.shown, x, y, pale, pale, pale);
            if (apart <= same) continue;
            const bool isSmoothing =
                isAround(before[i], now, actual, x, y) && isAround(now[i], before, expected, x, y);
            result.pixels += isSmoothing ? 0.25 : 1;
            result.worst = std::max(result.worst, double(apart));
            put(result.shown, x, y, 230, isSmoothing ? 160 : 0, 0);
        }
    return result;
}

PictureFolders pictureFolders() {
    const char* failures = std::getenv("CLIPSCOPE_PICTURES_OUT");
    const char* update = std::getenv("CLIPSCOPE_UPDATE_PICTURES");
    return {sourceFile("tests/goldens"), failures && *failures ? failures : sourceFile("build/pictures"),
            update && std::string_view(update) == "1"};
}

std::optional<std::string> pictureFailure(const std::string& name, const Picture& picture,
                                          const PictureLimits& limits, const PictureFolders& folders) {
    const std::filesystem::path golden = std::filesystem::path(folders.goldens) / (name + ".png");
    const bool isThere = std::filesystem::exists(golden);
    const Picture expected = isThere ? app::readPng(golden) : Picture{};
    const PictureDifference found = difference(expected, picture);
    if (isThere && found.pixels <= limits.pixels && found.worst <= limits.worst) return {};
    if (folders.isUpdating) {
        std::filesystem::create_directories(folders.goldens);
        app::writePng(golden, picture);
        return {};
    }
    std::filesystem::create_directories(folders.failures);
    const std::filesystem::path failure = std::filesystem::path(folders.failures) / (name + ".png");
    app::writePng(failure, isThere ? sideBySide({&expected, &picture, &found.shown}) : picture);
    const std::string what =
        isThere ? std::format(
                      "{} pixels differ, at most {} may; the worst by {:.3f}, at most {} is right. Expected, "
                      "actual and difference: {}",
                      found.pixels, limits.pixels, found.worst, limits.worst, failure.string())
                : std::format("there is no {}. Drawn: {}", golden.string(), failure.string());
    return "picture '" + name + "': " + what +
           "\nIf what is drawn is right, run the test with CLIPSCOPE_UPDATE_PICTURES=1 and commit the "
           "picture.";
}

void checkPicture(const std::string& name, const Picture& picture, const PictureLimits& limits) {
    if (const auto failure = pictureFailure(name, picture, limits, pictureFolders())) FAIL_CHECK(*failure);
}

}  // namespace tests
