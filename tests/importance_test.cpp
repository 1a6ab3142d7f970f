#include "quant/importance.h"

#include "quant/input_error.h"
#include "quant/safetensors_writer.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstring>

namespace tests {

using namespace quant;

namespace {

using quant::tests::TempFolder;

uint64_t countOf(const std::vector<uint64_t>& shape) {
    uint64_t count = 1;
    for (const uint64_t extent : shape) count *= extent;
    return count;
}

template <class Float>
std::string written(const TempFolder& folder, const std::vector<uint64_t>& shape,
                    const std::vector<Float>& weights) {
    const std::string path = (folder.path() / "weights.safetensors").string();
    const DType dtype = sizeof(Float) == sizeof(double) ? DType::F64 : DType::F32;
    SafetensorsWriter writer(path, {*makeTensorInfo("w", dtype, shape)});
    writer.write(std::as_bytes(std::span(weights)));
    writer.commit();
    return path;
}

// Where numpy looks for the weight of an element: by its coordinates, those along extents of 1 left out.
uint64_t placeOf(uint64_t element, const std::vector<uint64_t>& shape, const std::vector<uint64_t>& weights) {
    uint64_t place = 0, stride = 1;
    for (size_t back = 1; back <= shape.size(); ++back) {
        const uint64_t extent = shape[shape.size() - back], coordinate = element % extent;
        element /= extent;
        if (back > weights.size()) continue;
        const uint64_t own = weights[weights.size() - back];
        if (own > 1) place += coordinate * stride;
        stride *= own;
    }
    return place;
}

template <class Float>
void checkBroadcast(const std::vector<uint64_t>& shape, const std::vector<uint64_t>& ofWeights) {
    const TempFolder folder;
    std::vector<Float> weights;
    for (uint64_t i = 0; i < countOf(ofWeights); ++i) weights.push_back(static_cast<Float>(i) + Float(0.25));
    const Importance importance(written(folder, ofWeights, weights));
    const auto tensor = importance.of(*makeTensorInfo("t", DType::F16, shape));
    const uint64_t count = countOf(shape);
    for (uint64_t first = 0; first < count; first += 3) {
        for (uint64_t size : {uint64_t{1}, uint64_t{5}, count}) {
            size = std::min(size, count - first);
            std::vector<float> read(size);
            tensor->read(0, first * sizeof(float), std::as_writable_bytes(std::span(read)));
            for (uint64_t i = 0; i < size; ++i)
                CHECK(read[i] == static_cast<float>(weights[placeOf(first + i, shape, ofWeights)]));
        }
    }
}

}  // namespace

TEST_CASE("Weights repeat along the extents that they lack, wherever reading begins", "[importance]") {
    const std::vector<uint64_t> shape = {2, 3, 4};
    for (const auto& ofWeights : std::vector<std::vector<uint64_t>>{
             {}, {1}, {4}, {3, 1}, {3, 4}, {2, 1, 1}, {1, 3, 1}, {2, 1, 4}, {1, 3, 4}, {2, 3, 4}}) {
        checkBroadcast<float>(shape, ofWeights);
        checkBroadcast<double>(shape, ofWeights);
    }
    checkBroadcast<float>({}, {});
    checkBroadcast<float>({7}, {7});
}

TEST_CASE("A weight that is none is refused by its place, when it is read at the latest", "[importance]") {
    const TempFolder folder;
    for (const float wrong : {-1.0f, NAN, HUGE_VALF}) {
        std::vector<float> weights(12, 1);
        weights[7] = wrong;
        const Importance importance(written(folder, {3, 4}, weights));
        for (const auto& shape : {std::vector<uint64_t>{3, 4}, std::vector<uint64_t>{5, 3, 4}}) {
            try {
                std::vector<float> read(5);
                importance.of(*makeTensorInfo("t", DType::F32, shape))
                    ->read(0, 5 * sizeof(float), std::as_writable_bytes(std::span(read)));
                FAIL("accepted");
            } catch (const InputError& error) {
                CHECK(std::string(error.what()).contains("its weight 7 is negative, infinite"));
            }
        }
    }
}

}  // namespace tests
