#include "engine/commands.h"
#include "engine/error.h"
#include "engine/image.h"
#include "shaders/draw.h"
#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace tests {

using engine::Buffer;
using engine::Commands;
using engine::Image;
using engine::MemoryKind;

namespace {

using Pixel = std::array<uint8_t, 4>;

struct Pixels {
    uint32_t width;
    std::vector<Pixel> all;
    const Pixel& at(uint32_t x, uint32_t y) const { return all[y * width + x]; }
};

Pixels read(Commands& commands, const Image& image) {
    const Buffer buffer(device(), image.sizeBytes(), MemoryKind::Readback, "pixels");
    commands.copy(image, buffer);
    device().wait(commands.submit());
    buffer.invalidate();
    Pixels pixels{image.width(), std::vector<Pixel>(size_t{image.width()} * image.height())};
    std::memcpy(pixels.all.data(), buffer.mapped().data(), image.sizeBytes());
    for (Pixel& pixel : pixels.all) std::swap(pixel[0], pixel[2]);  // blue comes first
    return pixels;
}

template <class T>
Buffer uploaded(const std::vector<T>& values) {
    Buffer buffer(device(), values.size() * sizeof(T), MemoryKind::Upload, "drawn");
    std::memcpy(buffer.mapped().data(), values.data(), values.size() * sizeof(T));
    buffer.flush();
    return buffer;
}

constexpr std::array<float, 4> black = {0, 0, 0, 1};
constexpr Pixel white = {255, 255, 255, 255}, none = {0, 0, 0, 255};

}  // namespace

TEST_CASE("An image of no extent, or beyond what the device draws, is refused", "[device][drawing]") {
    const uint32_t most = device().info().maxImageExtent;
    CHECK_THROWS_AS(Image(device(), 0, 10, "none"), std::invalid_argument);
    CHECK_THROWS_AS(Image(device(), 10, 0, "none"), std::invalid_argument);
    CHECK_THROWS_AS(Image(device(), most + 1, 1, "wide"), std::invalid_argument);
    CHECK_NOTHROW(Image(device(), most, 1, "widest"));
}

TEST_CASE("An image is cleared to its background whatever its size", "[device][drawing]") {
    for (const auto& [width, height] : {std::pair(1u, 1u), std::pair(37u, 5u), std::pair(640u, 411u)}) {
        const Image image(device(), width, height, "cleared");
        Commands commands(device());
        commands.beginDrawing(image, {1, 0.2f, 0, 0.6f}, {});
        commands.endDrawing();
        for (const Pixel& pixel : read(commands, image).all) REQUIRE(pixel == Pixel{255, 51, 0, 153});
    }
}

TEST_CASE("A box covers its pixels exactly, its edges in part", "[device][drawing]") {
    const auto boxes = uploaded(
        std::vector<shaders::FilledBox>{{{2, 3, 6, 5}, 0xffffffff}, {{8, 0.5f, 10, 2.25f}, 0xffffffff}});
    const Image image(device(), 16, 8, "boxes");
    const auto& pipeline = device().graphicsPipeline("box");
    Commands commands(device());
    const std::array reads = {engine::BufferRange(boxes)};
    commands.beginDrawing(image, black, reads);
    commands.drawQuads(pipeline, 2, shaders::BoxPush{boxes.address(), {16, 8}});
    commands.endDrawing();
    const Pixels pixels = read(commands, image);
    for (uint32_t y = 0; y < 8; ++y) {
        for (uint32_t x = 0; x < 7; ++x)
            CHECK(pixels.at(x, y) == (x >= 2 && x < 6 && y >= 3 && y < 5 ? white : none));
    }
    CHECK(pixels.at(8, 0)[0] == 128);
    CHECK(pixels.at(8, 1)[0] == 255);
    CHECK(pixels.at(8, 2)[0] == 64);
}

TEST_CASE("What is clipped stays as it was", "[device][drawing]") {
    const auto boxes = uploaded(std::vector<shaders::FilledBox>{{{-100, -100, 100, 100}, 0xffffffff}});
    const Image image(device(), 16, 16, "clipped");
    const auto& pipeline = device().graphicsPipeline("box");
    Commands commands(device());
    const std::array reads = {engine::BufferRange(boxes)};
    commands.beginDrawing(image, black, reads);
    commands.clipTo({-5, 4, 8, 1000});
    commands.drawQuads(pipeline, 1, shaders::BoxPush{boxes.address(), {16, 16}});
    commands.clipTo({12, 4, 3, 2});  // nothing
    commands.drawQuads(pipeline, 1, shaders::BoxPush{boxes.address(), {16, 16}});
    commands.endDrawing();
    const Pixels pixels = read(commands, image);
    for (uint32_t y = 0; y < 16; ++y) {
        for (uint32_t x = 0; x < 16; ++x) CHECK(pixels.at(x, y) == (x < 8 && y >= 4 ? white : none));
    }
}

TEST_CASE("A drawing sees what a dispatch before it wrote", "[device][drawing]") {
    const Buffer boxes(device(), sizeof(shaders::FilledBox), MemoryKind::Device, "box");
    const auto source = uploaded(std::vector<shaders::FilledBox>{{{0, 0, 4, 4}, 0xffffffff}});
    const Image image(device(), 4, 4, "dependent");
    const auto& pipeline = device().graphicsPipeline("box");
    for (int repeat = 0; repeat < 20; ++repeat) {
        Commands commands(device());
        commands.fill(boxes, 0);
        commands.copy({source, 0, sizeof(shaders::FilledBox)}, boxes);
        const std::array reads = {engine::BufferRange(boxes)};
        commands.beginDrawing(image, black, reads);
        commands.drawQuads(pipeline, 1, shaders::BoxPush{boxes.address(), {4, 4}});
        commands.endDrawing();
        CHECK(read(commands, image).at(3, 3) == white);
    }
}

TEST_CASE("Joints of a translucent line are drawn once", "[device][drawing][bounds]") {
    // Points of x, y and length along a bent line.
    const auto points = uploaded(std::vector<float>{4, 16, 0, 16, 16, 12, 28, 16, 24, 28, 4, 36});
    const Image image(device(), 32, 32, "line");
    Commands commands(device());
    const std::array reads = {engine::BufferRange(points)};
    commands.beginDrawing(image, black, reads);
    commands.drawQuads(device().graphicsPipeline("line"), 3,
                       shaders::LinePush{points.address(), {32, 32}, 4, 0x80ffffff, 6, 0, 1});
    commands.endDrawing();
    const Pixels pixels = read(commands, image);
    for (const Pixel& pixel : pixels.all) CHECK(pixel[0] <= 129);
    CHECK(pixels.at(16, 16)[0] == 128);
    CHECK(pixels.at(27, 16)[0] == 128);
}

TEST_CASE("Pipelines refuse push constants of another size", "[device][drawing]") {
    const Image image(device(), 4, 4, "none");
    Commands commands(device());
    commands.beginDrawing(image, black, {});
    CHECK_THROWS_AS(commands.drawQuads(device().graphicsPipeline("box"), 1, 7u), std::logic_error);
    commands.endDrawing();
    commands.submit();
}

}  // namespace tests
