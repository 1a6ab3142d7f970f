#include "quant/convolution_shape.h"

#include "quant/convolution_path.h"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>

namespace tests {

using namespace quant;

TEST_CASE("Outputs of a convolution are as many as places of its kernel", "[convolution]") {
    const ConvolutionShape same{.height = 5,
                                .width = 9,
                                .kernelHeight = 3,
                                .kernelWidth = 3,
                                .padTop = 1,
                                .padLeft = 1,
                                .padBottom = 1,
                                .padRight = 1};
    CHECK(outputHeight(same) == 5);
    CHECK(outputWidth(same) == 9);
    ConvolutionShape shape = same;
    shape.strideY = 2;
    shape.strideX = 3;
    CHECK(outputHeight(shape) == 3);
    CHECK(outputWidth(shape) == 3);
    shape.dilationX = 4;  // 9 columns of 11
    CHECK(outputWidth(shape) == 1);
    shape.padLeft = 2;
    shape.padRight = 3;
    CHECK(outputWidth(shape) == 2);
    shape = {.images = 2,
             .channels = 6,
             .height = 4,
             .width = 4,
             .filters = 9,
             .kernelHeight = 2,
             .kernelWidth = 3,
             .groups = 3};
    check(shape);
    CHECK(groupChannels(shape) == 2);
    CHECK(groupFilters(shape) == 3);
    CHECK(depthOf(shape) == 12);
    CHECK(inputElements(shape) == 192);
    CHECK(weightElements(shape) == 108);
    CHECK(outputElements(shape) == 2 * 9 * 3 * 2);
    CHECK(multiplications(shape) == 2 * 9 * 3 * 2 * 12);
}

TEST_CASE("A shape that is none is refused, saying why", "[convolution]") {
    const ConvolutionShape good{.images = 2,
                                .channels = 6,
                                .height = 8,
                                .width = 8,
                                .filters = 4,
                                .kernelHeight = 3,
                                .kernelWidth = 3,
                                .groups = 2};
    CHECK_NOTHROW(check(good));
    const auto refuses = [&](auto change, const std::string& why) {
        ConvolutionShape shape = good;
        change(shape);
        try {
            check(shape);
            FAIL("was not refused: " << why);
        } catch (const std::invalid_argument& error) {
            INFO(error.what());
            CHECK(std::string(error.what()).contains(why));
        }
    };
    refuses([](auto& shape) { shape.channels = 0; }, "number of channels is 0");
    refuses([](auto& shape) { shape.height = 0; }, "height is 0");
    refuses([](auto& shape) { shape.width = 0; }, "width is 0");
    refuses([](auto& shape) { shape.filters = 0; }, "number of filters is 0");
    refuses([](auto& shape) { shape.kernelHeight = 0; }, "kernel height is 0");
    refuses([](auto& shape) { shape.kernelWidth = 0; }, "kernel width is 0");
    refuses([](auto& shape) { shape.strideY = 0; }, "vertical stride is 0");
    refuses([](auto& shape) { shape.strideX = 0; }, "horizontal stride is 0");
    refuses([](auto& shape) { shape.dilationY = 0; }, "vertical dilation is 0");
    refuses([](auto& shape) { shape.dilationX = 0; }, "horizontal dilation is 0");
    refuses([](auto& shape) { shape.groups = 0; }, "number of groups is 0");
    refuses([](auto& shape) { shape.strideX = 65536; }, "horizontal stride is over 65535");
    refuses([](auto& shape) { shape.dilationY = 65536; }, "vertical dilation is over 65535");
    refuses([](auto& shape) { shape.groups = 4; }, "4 groups do not divide the number of channels, 6");
    refuses([](auto& shape) { shape.groups = 6; }, "6 groups do not divide the number of filters, 4");
    refuses([](auto& shape) { shape.kernelHeight = 9; }, "reaches over 9 rows, the padded input has 8");
    refuses([](auto& shape) { shape.dilationX = 4; }, "reaches over 9 columns, the padded input has 8");
    refuses([](auto& shape) { shape.padLeft = 1u << 30; }, "2^30 columns or more");
    refuses([](auto& shape) { shape.height = shape.width = 65536; }, "the input has 2^32");
    refuses([](auto& shape) { shape.channels = shape.filters = 1u << 20; }, "the weights have 2^32");
    refuses([](auto& shape) { shape.padTop = shape.padLeft = 40000; }, "the output has 2^32");
    ConvolutionShape padded = good;
    padded.kernelHeight = 9;
    padded.padBottom = 1;
    CHECK_NOTHROW(check(padded));
    ConvolutionShape none = good;
    none.images = 0;
    CHECK_NOTHROW(check(none));
    CHECK(outputElements(none) == 0);
}

TEST_CASE("Paths of a convolution have names", "[convolution]") {
    for (const ConvolutionPath path : convolutionPaths) CHECK(convolutionPathFrom(name(path)) == path);
    CHECK(convolutionPathFrom("winograd4") == ConvolutionPath::Winograd4);
    CHECK_THROWS_AS(convolutionPathFrom("fast"), std::invalid_argument);
}

}  // namespace tests
