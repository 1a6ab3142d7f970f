#include "quant/segment_pass.h"
#include "tests/device_fixture.h"
#include "tests/float_grid.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;

std::vector<Clip> scales(const MemoryTensor& tensor, const NumberFormat& format, bool isSearched) {
    static SegmentPass pass(device());
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    const Granularity granularity{Granularity::Kind::Group, 0, format.blockSize};
    return pass.blockScales(stream, layoutOf(tensor.tensors()[0], granularity, ""),
                            reference::absmax(tensor.values()), format, isSearched);
}

// The scale that a code of the fixture stands for, in units of an element value.
double scaleOf(const BlockCases& cases, uint32_t code) {
    if (cases.format.scaleRule == ScaleRule::E4M3)
        return numberFormatFrom("fp8-e4m3").decode(code) * double{cases.tensorScale};
    const int implied = cases.format.spacing == Spacing::Uniform ? 6 : 0;
    return std::ldexp(1.0, static_cast<int>(code) - 127 - implied);
}

bool isZero(const BlockCase& block) {
    return std::ranges::all_of(block.inputs, [](float x) { return x == 0; });
}

double squaredError(std::span<const float> values, const NumberFormat& format, const Clip& clip) {
    double sum = 0;
    for (const float x : values) {
        const double error = clip.on(format).quantize(x) - double{x};
        sum += error * error;
    }
    return sum;
}

}  // namespace

// Each MX block is a tensor of its own: in one tensor with blocks far larger the kernels may flush it.
TEST_CASE("The scale of an MX block's largest magnitude is the one of OCP's rule", "[device][block_scales]") {
    for (const BlockCases& cases : blockCases()) {
        if (cases.format.scaleRule != ScaleRule::E8M0) continue;
        for (const BlockCase& block : cases.blocks) {
            if (isZero(block)) continue;
            const Clip clip = scales(MemoryTensor(block.inputs), cases.format, false).at(0);
            const double scale = scaleOf(cases, block.scaleCode);
            INFO(cases.format.name() << ", largest " << reference::absmax(block.inputs));
            CHECK(double{clip.high} == scale * cases.format.largest());
            CHECK(double{clip.on(cases.format).step()} == scale);
            for (size_t i = 0; i < block.inputs.size(); ++i) {
                const double element = cases.format.quantize(block.inputs[i] / scale);
                CHECK(cases.format.encode(element) == block.codes[i]);
            }
        }
    }
}

TEST_CASE("The scales of NVFP4 blocks are the e4m3 values nearest to what they need",
          "[device][block_scales]") {
    for (const BlockCases& cases : blockCases()) {
        if (cases.format.scaleRule != ScaleRule::E4M3) continue;
        std::vector<float> values;
        for (const BlockCase& block : cases.blocks)
            values.insert(values.end(), block.inputs.begin(), block.inputs.end());
        const MemoryTensor tensor(values);
        CHECK(nvfp4TensorScale(reference::absmax(values)) == cases.tensorScale);
        const auto clips = scales(tensor, cases.format, false);
        REQUIRE(clips.size() == cases.blocks.size());
        for (size_t b = 0; b < clips.size(); ++b) {
            const double scale = scaleOf(cases, cases.blocks[b].scaleCode);
            INFO("block " << b);
            CHECK(double{clips[b].high} == scale * 6);
            CHECK(double{clips[b].on(cases.format).step()} == scale);
            const FloatGrid grid(clips[b].on(cases.format), reference::absmax(values));
            for (size_t i = 0; i < cases.blocks[b].inputs.size(); ++i)
                CHECK(grid.code(cases.blocks[b].inputs[i], 8) == cases.blocks[b].codes[i]);
        }
    }
}

TEST_CASE("Products with NVFP4's two scales are exact", "[device][block_scales]") {
    const NumberFormat e4m3 = numberFormatFrom("fp8-e4m3"), e2m1 = numberFormatFrom("fp4-e2m1");
    Random random(71);
    for (int i = 0; i < 200; ++i) {
        const float absmax = std::abs(random.heavyTail()), scale = nvfp4TensorScale(absmax);
        INFO("largest " << absmax);
        CHECK(scale >= absmax / 2688 * 0.999999f);
        CHECK(scale <= absmax / 2688 * 1.00001f);
        for (const double block : e4m3.positiveLevels()) {
            for (const double element : e2m1.positiveLevels()) {
                const double product = double{scale} * block * element;
                if (static_cast<float>(product) != product) CHECK(static_cast<float>(product) == product);
            }
        }
    }
    CHECK(nvfp4TensorScale(0) == 0);
}

TEST_CASE("Searched block scales are never worse than the ones asked for", "[device][block_scales][bounds]") {
    for (const BlockCases& cases : blockCases()) {
        const NumberFormat& format = cases.format;
        for (const auto& [kind, values] : awkwardSamples(37 * format.blockSize)) {
            if (kind.contains("NaN") || kind.contains("Inf") || kind.contains("all bit")) continue;
            const MemoryTensor tensor(values);
            const auto asked = scales(tensor, format, false), searched = scales(tensor, format, true);
            for (size_t b = 0; b < asked.size(); ++b) {
                const auto block = std::span(values).subspan(b * format.blockSize, format.blockSize);
                const double before = squaredError(block, format, asked[b]),
                             after = squaredError(block, format, searched[b]);
                INFO(format.name() << ", " << kind << ", block " << b << ", clips " << asked[b].high
                                   << " and " << searched[b].high);
                CHECK(std::isfinite(searched[b].high));
                // Up to the float arithmetic of the kernel's sums.
                if (after > before * 1.00001 + 1e-12 * reference::energy(block)) CHECK(after <= before);
            }
        }
    }
}

TEST_CASE("Blocks far below the rest of a tensor have scales of least error", "[device][block_scales]") {
    for (const char* name : {"mxfp4", "mxint8", "mxfp8-e4m3"}) {
        const NumberFormat format = numberFormatFrom(name);
        std::vector<float> values;
        for (const float size : {1.0f, 1e-8f, 1e-16f, 1e-20f, 1e-25f, 1e-30f}) {
            for (uint64_t seed = 0; seed < 8; ++seed) {
                const auto block = gaussians(format.blockSize, 40 + seed, size);
                values.insert(values.end(), block.begin(), block.end());
            }
        }
        const auto found = scales(MemoryTensor(values), format, true);
        for (size_t b = 0; b < found.size(); ++b) {
            const auto block = std::span(values).subspan(b * format.blockSize, format.blockSize);
            double least = HUGE_VAL;
            for (int e = -3; e <= 3; ++e)
                least = std::min(least, squaredError(block, format, {std::ldexp(found[b].high, e)}));
            INFO(name << ", block " << b << ", clip " << found[b].high);
            CHECK(squaredError(block, format, found[b]) <= 1.00001 * least);
        }
    }
}

TEST_CASE("A block of zeros has clip zero", "[device][block_scales]") {
    for (const BlockCases& cases : blockCases()) {
        std::vector<float> values = gaussians(3 * cases.format.blockSize, 73);
        std::fill_n(values.begin() + cases.format.blockSize, cases.format.blockSize, 0.0f);
        for (const bool isSearched : {false, true}) {
            const auto clips = scales(MemoryTensor(values), cases.format, isSearched);
            INFO(cases.format.name());
            CHECK(clips[0].high > 0);
            CHECK(clips[1] == Clip());
            CHECK(clips[2].high > 0);
        }
    }
}

}  // namespace tests
