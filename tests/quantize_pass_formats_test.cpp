// Codes and values of every number format as the device writes them.
#include "quant/code_storage.h"
#include "quant/quantize_pass.h"
#include "tests/device_fixture.h"
#include "tests/float_grid.h"
#include "tests/memory_tensor.h"
#include "tests/number_format_cases.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;

template <class T>
std::vector<T> quantized(const MemoryTensor& tensor, const std::vector<ClippedGrid>& grids, DType target,
                         const Granularity& granularity = {}) {
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    static QuantizePass pass(device());
    std::vector<std::byte> bytes;
    pass.quantize(
        stream, layoutOf(tensor.tensors()[0], granularity, ""), grids, target, {},
        [&](std::span<const std::byte> some) { bytes.insert(bytes.end(), some.begin(), some.end()); });
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

// The codes of a tensor, with the sign extension that integers have in their storage.
std::vector<uint32_t> codes(const MemoryTensor& tensor, const ClippedGrid& grid) {
    const DType type = storageType(grid.format);
    if (elementSizeBits(type) == 8) {
        const auto found = quantized<uint8_t>(tensor, {grid}, type);
        return {found.begin(), found.end()};
    }
    const auto found = quantized<uint16_t>(tensor, {grid}, type);
    return {found.begin(), found.end()};
}

bool hasCodes(const NumberFormat& format) {
    return !(format.spacing == Spacing::Float && format.fixedScale());
}

uint32_t storedBits(const NumberFormat& format) {
    return format.bits <= 8 ? 8 : 16;
}

uint32_t lowBits(uint32_t code, const NumberFormat& format) {
    return code & ((1u << format.bits) - 1);
}

void checkCodes(const MemoryTensor& tensor, const ClippedGrid& grid) {
    const FloatGrid expected(grid, std::max(grid.clip, -grid.low));
    const auto found = codes(tensor, grid);
    REQUIRE(found.size() == tensor.values().size());
    size_t wrong = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        const float x = tensor.values()[i];
        const uint32_t code = expected.code(x, storedBits(grid.format));
        if (found[i] == code || wrong++ >= 5) continue;
        INFO(grid.format.name() << ", clip " << grid.clip << ", low " << grid.low << ": element " << i
                                << " of value " << x);
        CHECK(found[i] == code);
    }
    CHECK(wrong == 0);
}

bool isSame(float a, float b) {
    return std::isnan(a) ? std::isnan(b) : a == b;
}

void checkValues(const MemoryTensor& tensor, const ClippedGrid& grid) {
    const FloatGrid expected(grid, std::max(grid.clip, -grid.low));
    const auto found = quantized<float>(tensor, {grid}, DType::F32);
    size_t wrong = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        const float x = tensor.values()[i], value = static_cast<float>(expected.value(x));
        if (isSame(found[i], std::isnan(x) ? x : value) || wrong++ >= 5) continue;
        INFO(grid.format.name() << ", clip " << grid.clip << ", low " << grid.low << ": element " << i
                                << " of value " << x);
        CHECK(found[i] == value);
    }
    CHECK(wrong == 0);
}

// A grid whose step is 1, so that inputs are element values.
ClippedGrid unitGrid(const NumberFormat& format) {
    return ClippedGrid::at(format, static_cast<float>(format.clipLevel()));
}

// Grids that fit data of that magnitude, and one far too small.
std::vector<ClippedGrid> gridsFor(const NumberFormat& format, float absmax) {
    if (format.fixedScale()) return {ClippedGrid::at(format, 0)};
    if (!format.isAffine) return {{format, absmax}, {format, 0.37f * absmax}};
    return {{format, absmax, -absmax}, {format, 0.6f * absmax, -0.21f * absmax}, {format, absmax, 0}};
}

// Awkward data whose elements are no smaller than normal floats in units of the clip.
std::vector<Sample> samples() {
    std::vector<Sample> all = awkwardSamples(517);
    std::erase_if(all, [](const Sample& sample) { return sample.name.contains("denormal"); });
    return all;
}

}  // namespace

TEST_CASE("The device writes the codes of the independent fixture", "[device][quantize_pass]") {
    for (const FormatCases& cases : formatCases()) {
        if (!hasCodes(cases.format)) continue;
        std::vector<float> inputs;
        for (const RoundingCase& one : cases.cases) inputs.push_back(one.input);
        // Of pot8 the smallest level is the smallest normal float: devices may flush what is below.
        if (cases.format.name() == "pot8") {
            for (float& x : inputs) x = std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
        }
        const auto found = codes(MemoryTensor(inputs), unitGrid(cases.format));
        size_t wrong = 0;
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (lowBits(found[i], cases.format) == cases.cases[i].code) continue;
            if (inputs[i] != cases.cases[i].input || wrong++ >= 5) continue;
            INFO(cases.format.name() << ": " << inputs[i]);
            CHECK(lowBits(found[i], cases.format) == cases.cases[i].code);
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("The device writes the affine codes of the independent fixture", "[device][quantize_pass]") {
    for (const AffineCases& cases : affineCases()) {
        const double scale = cases.scale;
        const ClippedGrid grid{cases.format,
                               static_cast<float>(scale * (cases.format.largest() - cases.zeroPoint)),
                               static_cast<float>(scale * (cases.format.smallest() - cases.zeroPoint))};
        if (grid.step() != cases.scale) continue;
        std::vector<float> inputs;
        for (const RoundingCase& one : cases.cases) inputs.push_back(one.input);
        const auto found = codes(MemoryTensor(inputs), grid);
        for (size_t i = 0; i < inputs.size(); ++i) {
            INFO(cases.format.name() << ", scale " << cases.scale << ", zero point " << cases.zeroPoint
                                     << ": " << inputs[i]);
            if (lowBits(found[i], cases.format) != cases.cases[i].code)
                CHECK(lowBits(found[i], cases.format) == cases.cases[i].code);
        }
    }
}

TEST_CASE("Codes and values of every format equal the reference", "[device][quantize_pass]") {
    auto values = gaussians(1001, 41);
    values[10] = std::numeric_limits<float>::quiet_NaN();
    values[11] = std::numeric_limits<float>::infinity();
    values[12] = -std::numeric_limits<float>::infinity();
    values[13] = -0.0f;
    const MemoryTensor tensor(values);
    const float absmax = reference::absmax(values);
    for (const NumberFormat& format : everyFormat()) {
        for (const ClippedGrid& grid : gridsFor(format, absmax)) {
            if (hasCodes(format)) checkCodes(tensor, grid);
            checkValues(tensor, grid);
        }
    }
}

TEST_CASE("Codes and values of every spacing equal the reference on awkward data",
          "[device][quantize_pass]") {
    for (const char* name :
         {"binary", "int2", "int8-full", "int5-affine", "uint16-affine", "int16", "q3.4", "pot4", "pot7",
          "fp8-e4m3", "fp8-e5m2", "fp6-e3m2", "fp4-e2m1", "fp16", "bf16"}) {
        const NumberFormat format = numberFormatFrom(name);
        for (const auto& [kind, values] : samples()) {
            INFO(kind);
            const float absmax = reference::absmax(values);
            for (const ClippedGrid& grid : gridsFor(format, absmax)) {
                if (hasCodes(format)) checkCodes(MemoryTensor(values), grid);
                checkValues(MemoryTensor(values), grid);
            }
        }
    }
}

TEST_CASE("Codes of tiny tensors equal the reference", "[device][quantize_pass]") {
    std::vector<float> values;
    for (int i = -300; i <= 300; ++i) values.push_back(std::ldexp(static_cast<float>(i), -148));
    for (const char* name : {"int8", "fp8-e4m3", "uint8-affine", "binary", "pot4"}) {
        const NumberFormat format = numberFormatFrom(name);
        for (const ClippedGrid& grid : gridsFor(format, std::ldexp(300.0f, -148)))
            checkCodes(MemoryTensor(values), grid);
    }
}

TEST_CASE("Sixteen-bit tensors of every spacing have the codes of their values", "[device][quantize_pass]") {
    for (const DType dtype : {DType::F16, DType::BF16}) {
        const MemoryTensor tensor(gaussians(1003, 42), dtype);
        for (const char* name : {"int4", "int8-affine", "fp8-e5m2", "fp6-e2m3", "pot3", "binary"}) {
            for (const ClippedGrid& grid : gridsFor(numberFormatFrom(name), 2.5f)) checkCodes(tensor, grid);
        }
    }
}

TEST_CASE("Casts are exact for every interesting bit pattern", "[device][quantize_pass]") {
    for (const char* name : {"bf16", "fp16", "tf32"}) {
        const NumberFormat format = numberFormatFrom(name);
        std::vector<float> values;
        for (const RoundingCase& one : formatCases(name).cases) values.push_back(one.input);
        // Around every exponent, and the bits about the last one kept.
        for (uint32_t exponent = 0; exponent < 256; ++exponent) {
            for (const uint32_t fraction :
                 {0u, 1u, 0x400u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu, 0x10000u, 0xfffu, 0x1000u, 0x1001u,
                  0x3000u, 0x7fefffu, 0x7ff000u, 0x7f7fffu, 0x7f8000u, 0x7fffffu}) {
                values.push_back(std::bit_cast<float>(exponent << 23 | fraction));
                values.push_back(std::bit_cast<float>(0x80000000u | exponent << 23 | fraction));
            }
        }
        const auto found = quantized<float>(MemoryTensor(values), {ClippedGrid::at(format, 0)}, DType::F32);
        size_t wrong = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            const auto expected = static_cast<float>(format.quantize(values[i]));
            const bool isRight = std::isnan(values[i])
                                     ? std::isnan(found[i])
                                     : std::bit_cast<uint32_t>(found[i]) == std::bit_cast<uint32_t>(expected);
            if (isRight || wrong++ >= 5) continue;
            INFO(name << ": " << std::hex << std::bit_cast<uint32_t>(values[i]) << ", " << values[i]);
            CHECK(found[i] == expected);
        }
        CHECK(wrong == 0);
        if (format.bits != 16) continue;
        const auto stored =
            quantized<uint16_t>(MemoryTensor(values), {ClippedGrid::at(format, 0)}, storageType(format));
        wrong = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            const double there = format.decode(stored[i]);
            wrong += std::isnan(values[i]) ? !std::isnan(there)
                                           : format.encode(format.quantize(values[i])) != stored[i];
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("Values stored in sixteen bits are the values rounded once more", "[device][quantize_pass]") {
    const MemoryTensor tensor(gaussians(1001, 43));
    const NumberFormat bf16 = numberFormatFrom("bf16");
    for (const char* name : {"int5", "int8-affine", "fp8-e4m3", "pot4", "binary", "fp6-e2m3"}) {
        for (const ClippedGrid& grid : gridsFor(numberFormatFrom(name), 1.9f)) {
            const FloatGrid expected(grid, std::max(grid.clip, -grid.low));
            const auto halves = quantized<uint16_t>(tensor, {grid}, DType::F16);
            const auto coarse = quantized<uint16_t>(tensor, {grid}, DType::BF16);
            size_t wrong = 0;
            for (size_t i = 0; i < halves.size(); ++i) {
                const auto value = static_cast<float>(expected.value(tensor.values()[i]));
                wrong += floatFromHalf(halves[i]) != floatFromHalf(halfFrom(value));
                wrong += floatFromBfloat(coarse[i]) != bf16.quantize(value);
            }
            INFO(name);
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("Levels beyond the largest value of a type become that value", "[device][quantize_pass]") {
    // 65504 is nearest to 4 · 2^14, which no binary16 can hold; so in bfloat16 and in float32 at their ends.
    const ClippedGrid wide{numberFormatFrom("fp4-e2m1"), 6 * 0x1p14f};
    for (const DType dtype : {DType::F16, DType::F32}) {
        const MemoryTensor halves(std::vector<float>{65504, -65504, 1, 0}, dtype);
        CHECK(quantized<uint16_t>(halves, {wide}, DType::F16) == std::vector<uint16_t>{0x7bff, 0xfbff, 0, 0});
    }
    const MemoryTensor huge(std::vector<float>{0x1.ffp127f, -0x1.ffp127f, 0});
    const ClippedGrid widest{numberFormatFrom("int8"), 0x1.ffp127f};
    CHECK(quantized<uint16_t>(huge, {widest}, DType::BF16) == std::vector<uint16_t>{0x7f7f, 0xff7f, 0});
    // Zero is a level, so one of the outermost lies half a step beyond its end of the range.
    constexpr float most = std::numeric_limits<float>::max();
    const ClippedGrid both{numberFormatFrom("uint8-affine"), most, -most};
    const auto values = quantized<float>(MemoryTensor(std::vector{-most, most}), {both}, DType::F32);
    CHECK(std::max(-values[0], values[1]) == most);
    for (const float value : values) CHECK(std::isfinite(value));
}

TEST_CASE("Halves of tiny grids are zeros", "[device][quantize_pass]") {
    const MemoryTensor tensor(std::vector<float>{0x1p-70f, -0x1p-70f, 1, -1, 0});
    for (const uint16_t half : quantized<uint16_t>(tensor, {{{8, true}, 0x1p-70f}}, DType::F16))
        CHECK((half & 0x7fff) == 0);
}

TEST_CASE("Every segment of a format has its own step and zero point", "[device][quantize_pass]") {
    const std::vector<uint64_t> shape = {5, 64};
    const MemoryTensor tensor(gaussians(320, 44), DType::F32, shape);
    for (const char* name : {"int6-affine", "fp8-e5m2", "pot4", "fp4-e2m1", "binary"}) {
        const NumberFormat format = numberFormatFrom(name);
        for (const char* cut : {"channel:0", "channel:1", "group:16"}) {
            const Granularity granularity = granularityFrom(cut);
            std::vector<ClippedGrid> grids;
            float largest = 0;
            for (uint64_t s = 0; s < reference::segmentCount(shape, granularity); ++s) {
                const float high = 0.3f + 0.05f * static_cast<float>(s % 40);
                grids.push_back({format, high, format.isAffine ? -1.1f + 0.02f * static_cast<float>(s) : 0});
                largest = std::max({largest, grids.back().clip, -grids.back().low});
            }
            const auto found = quantized<uint8_t>(tensor, grids, storageType(format), granularity);
            size_t wrong = 0;
            for (size_t i = 0; i < found.size(); ++i) {
                const FloatGrid expected(grids[reference::segmentOf(i, shape, granularity)], largest);
                wrong += found[i] != expected.code(tensor.values()[i], 8);
            }
            INFO(name << " by " << cut);
            CHECK(wrong == 0);
        }
    }
}

}  // namespace tests
