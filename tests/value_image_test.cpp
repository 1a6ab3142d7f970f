#include "app/explorer/value_image.h"

#include <catch2/catch_test_macros.hpp>

#include <set>

namespace tests {

using namespace app;

namespace {

quant::TensorInfo infoOf(std::vector<uint64_t> shape) {
    return quant::makeTensorInfo("t", quant::DType::F32, std::move(shape)).value();
}

ZoomRect all(const ValueImage& image) {
    return {0, 0, static_cast<double>(image.columns()), static_cast<double>(image.rows())};
}

}  // namespace

TEST_CASE("Every element has one pixel of an image of all slices", "[value_view]") {
    for (const auto& shape : {std::vector<uint64_t>{},
                              {7},
                              {5, 3},
                              {6, 4, 3},
                              {100, 3, 3},
                              {4, 3, 2, 5},
                              {64, 1, 3, 3},
                              {2, 3, 2, 2, 3},
                              {1, 1, 1},
                              {1, 500, 2, 2}}) {
        const quant::TensorInfo info = infoOf(shape);
        const ValueImage image(info, {});
        std::set<uint64_t> found;
        uint64_t empty = 0;
        for (uint64_t row = 0; row < image.rows(); ++row) {
            for (uint64_t column = 0; column < image.columns(); ++column) {
                const auto element = image.elementAt(row, column);
                if (element)
                    found.insert(*element);
                else
                    ++empty;
            }
        }
        INFO(image.rows() << " x " << image.columns());
        CHECK(found.size() == info.elements);
        CHECK(empty == image.rows() * image.columns() - info.elements);
        CHECK((found.empty() || *found.rbegin() == info.elements - 1));
    }
}

TEST_CASE("A convolution's kernels are tiles, outputs down and inputs across", "[value_view]") {
    const quant::TensorInfo info = infoOf({8, 5, 3, 2});
    const ValueImage image(info, {});
    CHECK(image.rows() == 8 * 3);
    CHECK(image.columns() == 5 * 2);
    const auto element = image.elementAt(6 * 3 + 2, 4 * 2 + 1);
    REQUIRE(element);
    CHECK(indexOf(info, *element) == std::vector<uint64_t>{6, 4, 2, 1});
}

TEST_CASE("Slim mosaics are arranged anew", "[value_view]") {
    const ValueImage image(infoOf({512, 1, 3, 3}), {});
    CHECK(!image.isStretched());
    CHECK(ValueImage(infoOf({512, 3}), {}).isStretched());
}

TEST_CASE("Slices and their numbers name each other", "[value_view]") {
    const quant::TensorInfo info = infoOf({3, 4, 2, 2});
    CHECK(sliceCount(info) == 12);
    for (uint64_t number = 0; number < 12; ++number) {
        const auto slice = sliceOf(info, number);
        CHECK(sliceNumber(info, slice) == number);
        CHECK(ValueImage(info, slice).elementAt(1, 0) == number * 4 + 2);
    }
    CHECK(sliceNumber(info, {9, 9}) == 11);
    CHECK(sliceNumber(info, {1}) == 4);
}

TEST_CASE("A part of a large image fits a window and has what is visible", "[value_view]") {
    for (const auto& shape : {std::vector<uint64_t>{5000, 7000},
                              {300'000'000},
                              {3, 9'000'000},
                              {9'000'000, 3},
                              {4096, 4096, 3, 3},
                              {64, 64, 64, 67},
                              {3, 2100, 2100},
                              {2, 9, 1024, 1000}}) {
        const quant::TensorInfo info = infoOf(shape);
        const ValueImage image(info, {});
        const ImagePart whole = image.partFor(all(image));
        const quant::ValueWindow window = image.window(whole);
        CHECK(window.rows * window.columns <= quant::maxWindowElements);
        CHECK(window.firstRow + window.rows <= image.shape(whole).rows);
        CHECK(window.firstColumn + window.columns <= image.shape(whole).columns);
        const double x = static_cast<double>(image.columns()) * 0.7,
                     y = static_cast<double>(image.rows()) * 0.6;
        const ImagePart near = image.partFor({x, y, x + 100, y + 100});
        CHECK(near.step == 1);
        for (const double offset : {0.0, 50.0, 99.0}) {
            const auto row = static_cast<uint64_t>(y + offset), column = static_cast<uint64_t>(x + offset);
            if (row < image.rows() && column < image.columns()) CHECK(image.cellOf(near, row, column));
        }
        const ImagePart moved = image.partFor({x + 1, y + 1, x + 101, y + 101});
        CHECK(moved.rows * moved.columns * image.tileRows() * image.tileColumns() <=
              quant::maxWindowElements);
    }
}

TEST_CASE("Zoomed out, every column of a large mosaic is there, and of its rows as many as fit",
          "[value_view]") {
    for (const auto& shape :
         {std::vector<uint64_t>{64, 64, 64, 67}, {3, 2100, 2100}, {2, 9, 1024, 1000}, {1, 1, 2048, 2049}}) {
        const ValueImage image(infoOf(shape), {});
        const ImagePart whole = image.partFor(all(image));
        INFO(image.rows() << " x " << image.columns());
        CHECK(whole.firstColumn == 0);
        CHECK(whole.columns == image.tilesAcross());
        CHECK(whole.firstRow == 0);
        CHECK(whole.rows * whole.step >= image.tilesDown());
        CHECK(image.shape(whole).rows >= whole.rows);
    }
}

TEST_CASE("A small image is whole whatever is visible", "[value_view]") {
    const ValueImage image(infoOf({2000, 2000}), {});
    CHECK(image.partFor({10, 10, 20, 20}) == image.partFor(all(image)));
}

}  // namespace tests
