#include "quant/number_format.h"

#include "quant/error_pass.h"
#include "tests/number_format_cases.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace tests {

using namespace quant;

TEST_CASE("A signed grid is symmetric with 2^(B-1) - 1 levels on a side", "[number_format]") {
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        const NumberFormat grid{bits, true};
        CHECK(grid.largest() == static_cast<int32_t>(std::exp2(bits - 1)) - 1);
        CHECK(grid.smallest() == -grid.largest());
    }
}

TEST_CASE("An unsigned grid has 2^B levels from zero on", "[number_format]") {
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        const NumberFormat grid{bits, false};
        CHECK(grid.largest() == static_cast<int32_t>(std::exp2(bits)) - 1);
        CHECK(grid.smallest() == 0);
    }
}

TEST_CASE("The noise factor is a uniform error's variance in units of the clip", "[number_format]") {
    for (const bool isSigned : {false, true}) {
        for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
            const NumberFormat grid{bits, isSigned};
            const double step = 1.0 / grid.largest();
            CHECK(std::abs(1.0 / static_cast<double>(grid.inverseNoiseFactor()) / (step * step / 12) - 1) <
                  1e-12);
        }
    }
}

TEST_CASE("The paper's noise factor is 4^-B/3 signed and 4^-B/12 unsigned", "[number_format]") {
    for (uint32_t bits = 2; bits <= maxGridBits; ++bits) {
        CHECK(static_cast<double>(NumberFormat{bits, true}.paperInverseNoiseFactor()) ==
              3 * std::pow(4.0, bits));
        CHECK(static_cast<double>(NumberFormat{bits, false}.paperInverseNoiseFactor()) ==
              12 * std::pow(4.0, bits));
    }
}

TEST_CASE("No noise factor exceeds what OctavPredicate takes", "[number_format]") {
    const NumberFormat widest{maxGridBits, false};
    CHECK(widest.inverseNoiseFactor() <= uint64_t{1} << 36);
    CHECK(widest.paperInverseNoiseFactor() <= uint64_t{1} << 36);
}

TEST_CASE("The step puts the largest level at the clip", "[number_format]") {
    CHECK(ClippedGrid{{4, true}, 7.0f}.step() == 1.0f);
    CHECK(ClippedGrid{{4, false}, 15.0f}.step() == 1.0f);
    CHECK(ClippedGrid{{2, true}, 0.3f}.step() == 0.3f);
    CHECK(ClippedGrid{{8, true}, 0.0f}.step() == 0.0f);
}

TEST_CASE("The power-of-two scale brings the largest magnitude into [2, 4)", "[number_format]") {
    for (const float absmax :
         {1.0f, 0.7f, 2.0f, 3.99f, 4.0f, 3.4028235e38f, 0x1p-89f, 0x1p-126f, 0x1.8p-140f, 0x1p-149f}) {
        const PowerScale scale = powerScale(absmax);
        const double scaled = std::ldexp(double{absmax}, scale.exponent);
        CHECK(scaled >= 2);
        CHECK(scaled < 4);
        CHECK(scale.exact == (absmax < 0x1p-60f));
    }
    CHECK(powerScale(0).exponent == 0);
}

namespace {

bool isSame(double a, double b) {
    return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

// -2^(B-1) of a narrow range: a code that is never written.
bool isUnused(const NumberFormat& format, double value) {
    return value < format.smallest();
}

// Finite element values with both zeros, ascending, by the fixture.
std::vector<double> finiteValues(const FormatCases& cases) {
    std::vector<double> values;
    for (const double value : cases.decoded) {
        if (std::isfinite(value) && !isUnused(cases.format, value)) values.push_back(value);
    }
    std::ranges::sort(values);
    return values;
}

// Formats whose elements quantize() and encode() treat alike: everything that is not affine.
std::vector<NumberFormat> roundedFormats() {
    std::vector<NumberFormat> formats = everyFormat();
    std::erase_if(formats, [](const NumberFormat& format) { return format.isAffine; });
    return formats;
}

// Inputs around every power of two, random ones, and the ends.
std::vector<double> awkwardInputs(const NumberFormat& format) {
    std::vector<double> inputs = {0, HUGE_VAL, 1e300, 1e-300, format.largest(), 1.5 * format.largest()};
    Random random(format.bits + 100);
    for (int i = 0; i < 200; ++i) {
        inputs.push_back(format.largest() * std::exp2(-0.1 * i) * (1 + random.gaussian() * 1e-3));
        inputs.push_back(std::abs(random.gaussian()) * format.largest());
        inputs.push_back(std::abs(random.gaussian()) * 4);
    }
    std::ranges::sort(inputs);
    return inputs;
}

}  // namespace

TEST_CASE("Every code of a format of 8 bits and fewer has the value of the independent table",
          "[number_format]") {
    for (const FormatCases& cases : formatCases()) {
        const NumberFormat& format = cases.format;
        if (format.bits > 8) continue;
        INFO(format.name());
        REQUIRE(cases.decoded.size() == size_t{1} << format.bits);
        for (uint32_t code = 0; code < cases.decoded.size(); ++code) {
            INFO("code " << code);
            CHECK(isSame(format.decode(code), cases.decoded[code]));
        }
    }
}

TEST_CASE("Codes survive decoding and encoding", "[number_format]") {
    for (const NumberFormat& format : everyFormat()) {
        if (format.bits > 16) continue;
        INFO(format.name());
        size_t wrong = 0;
        for (uint32_t code = 0; code < 1u << format.bits; ++code) {
            const double value = format.decode(code);
            if (!std::isfinite(value) || isUnused(format, value)) continue;
            wrong += format.encode(value) != code;
            if (!format.isAffine) wrong += !isSame(format.quantize(value), value);
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("Elements round and encode as the independent fixture says", "[number_format]") {
    for (const FormatCases& cases : formatCases()) {
        for (const auto& [input, code] : cases.cases) {
            const uint32_t found = cases.format.encode(cases.format.quantize(double{input}));
            if (found == code) continue;
            INFO(cases.format.name() << ": " << input << " (" << std::bit_cast<uint32_t>(input) << ")");
            CHECK(found == code);
        }
    }
}

TEST_CASE("Elements of every block format are those of its plain format", "[number_format]") {
    const std::map<std::string, std::string> plain = {{"mxint8", "int8"},         {"mxfp8-e4m3", "fp8-e4m3"},
                                                      {"mxfp8-e5m2", "fp8-e5m2"}, {"mxfp6-e2m3", "fp6-e2m3"},
                                                      {"mxfp6-e3m2", "fp6-e3m2"}, {"mxfp4", "fp4-e2m1"},
                                                      {"nvfp4", "fp4-e2m1"},      {"q3.4", "int8-full"},
                                                      {"uq4.4", "uint8"},         {"int8-pow2", "int8"}};
    for (const auto& [name, stands] : plain) {
        const NumberFormat format = numberFormatFrom(name);
        INFO(name);
        for (const auto& [input, code] : formatCases(stands).cases)
            CHECK(format.encode(format.quantize(double{input})) == code);
    }
}

TEST_CASE("The ends, levels and spacing of a format are those of its table", "[number_format]") {
    for (const FormatCases& cases : formatCases()) {
        const NumberFormat& format = cases.format;
        if (format.bits > 8) continue;
        INFO(format.name());
        const auto values = finiteValues(cases);
        CHECK(format.smallest() == values.front());
        CHECK(format.largest() == values.back());
        const bool isTwosComplement = format.isSigned && format.isFull;
        CHECK(format.clipLevel() == (isTwosComplement ? -values.front() : values.back()));
        std::vector<double> positive;
        for (const double value : values) {
            if (value > 0 || (value == 0 && !std::signbit(value))) positive.push_back(value);
        }
        positive.erase(std::ranges::unique(positive).begin(), positive.end());
        CHECK(format.positiveLevels() == positive);
        CHECK(format.positiveLevelCount() == positive.size());
        if (format.spacing == Spacing::Binary) continue;
        for (size_t i = 0; i + 1 < positive.size(); ++i)
            CHECK(format.spacingAt(positive[i]) == positive[i + 1] - positive[i]);
    }
}

TEST_CASE("The levels of the widest formats are counted as they are listed", "[number_format]") {
    for (const char* name : {"tf32", "bf16", "fp16", "int16", "uint16", "q0.15"}) {
        const NumberFormat format = numberFormatFrom(name);
        CHECK(format.positiveLevelCount() == format.positiveLevels().size());
    }
    CHECK(numberFormatFrom("tf32").positiveLevelCount() == 261120);
}

TEST_CASE("Known extremes of the float formats", "[number_format]") {
    const std::map<std::string, std::pair<double, double>> known = {// largest, least above zero
                                                                    {"fp8-e4m3", {448, 0x1p-9}},
                                                                    {"fp8-e5m2", {57344, 0x1p-16}},
                                                                    {"fp6-e2m3", {7.5, 0.125}},
                                                                    {"fp6-e3m2", {28, 0.0625}},
                                                                    {"fp4-e2m1", {6, 0.5}},
                                                                    {"pot4", {1, 0x1p-6}},
                                                                    {"fp16", {65504, 0x1p-24}},
                                                                    {"bf16", {0x1.fep127, 0x1p-133}},
                                                                    {"pot8", {1, 0x1p-126}},
                                                                    {"mxfp4", {6, 0.5}},
                                                                    {"tf32", {0x1.ffcp127, 0x1p-136}},
                                                                    {"pot2", {1, 1}}};
    for (const auto& [name, ends] : known) {
        const NumberFormat format = numberFormatFrom(name);
        INFO(name);
        CHECK(format.largest() == ends.first);
        CHECK(format.smallest() == -ends.first);
        CHECK(format.spacingAt(0) == ends.second);
        CHECK(format.decode(1) == ends.second);
        CHECK(format.quantize(1e300) == ends.first);
        CHECK(format.quantize(-HUGE_VAL) == -ends.first);
    }
}

TEST_CASE("NaN stays where a format has it, and is zero elsewhere", "[number_format]") {
    for (const NumberFormat& format : roundedFormats()) {
        const double element = format.quantize(std::numeric_limits<double>::quiet_NaN());
        INFO(format.name());
        const bool hasNan =
            format.spacing == Spacing::Float && format.mantissaBits > 0 &&
            (format.exponentBits >= 5 || (format.exponentBits == 4 && format.mantissaBits == 3));
        CHECK(std::isnan(element) == hasNan);
        CHECK(std::isnan(format.decode(format.encode(element))) == hasNan);
        if (!hasNan) CHECK(element == (format.spacing == Spacing::Binary ? 1 : 0));
    }
}

TEST_CASE("Quantizing twice changes nothing", "[number_format]") {
    for (const NumberFormat& format : roundedFormats()) {
        INFO(format.name());
        for (const double input : awkwardInputs(format)) {
            for (const double y : {input, -input}) {
                const double once = format.quantize(y);
                if (!isSame(format.quantize(once), once)) CHECK(format.quantize(once) == once);
                if (format.decode(format.encode(once)) != once)
                    CHECK(format.decode(format.encode(once)) == once);
            }
        }
    }
}

TEST_CASE("Quantizing never reverses an order and stays within half a spacing", "[number_format]") {
    for (const NumberFormat& format : roundedFormats()) {
        INFO(format.name());
        double last = -HUGE_VAL;
        std::vector<double> inputs = awkwardInputs(format);
        for (size_t i = inputs.size(); i-- > 0;) inputs.push_back(-inputs[i]);
        std::ranges::sort(inputs);
        for (const double y : inputs) {
            const double element = format.quantize(y);
            if (element < last) CHECK(element >= last);
            last = element;
            if (y < format.smallest() || y > format.largest() || format.spacing == Spacing::Binary) continue;
            if (std::abs(element - y) > format.spacingAt(std::abs(y)) / 2)
                CHECK(std::abs(element - y) <= format.spacingAt(std::abs(y)) / 2);
        }
    }
}

TEST_CASE("Signed formats are odd but for the end of two's complement", "[number_format]") {
    for (const NumberFormat& format : roundedFormats()) {
        if (!format.isSigned) continue;
        INFO(format.name());
        for (const double y : awkwardInputs(format)) {
            if (y == 0 || (format.isFull && y > format.largest())) continue;
            if (format.quantize(-y) != -format.quantize(y)) CHECK(format.quantize(-y) == -format.quantize(y));
        }
        const bool hasLower = format.isFull && !format.isAffine;
        CHECK((format.smallest() == -format.largest()) == !hasLower);
    }
}

TEST_CASE("Every name is parsed as the format that has it", "[number_format]") {
    std::set<std::string> names;
    for (const NumberFormat& format : everyFormat()) {
        INFO(format.name());
        CHECK(numberFormatFrom(format.name()) == format);
        names.insert(format.name());
    }
    CHECK(names.size() > 160);
    for (const std::string& name : numberFormatNames()) CHECK_NOTHROW(numberFormatFrom(name));
    CHECK(integerFormat(4, true) == numberFormatFrom("int4"));
    CHECK(integerFormat(1, true) == numberFormatFrom("binary"));
    CHECK(integerFormat(1, false) == numberFormatFrom("uint1"));
}

TEST_CASE("Other names of a format", "[number_format]") {
    for (const auto& [alias, name] :
         {std::pair("e4m3", "fp8-e4m3"), std::pair("e5m2", "fp8-e5m2"), std::pair("e2m3", "fp6-e2m3"),
          std::pair("e3m2", "fp6-e3m2"), std::pair("e2m1", "fp4-e2m1"), std::pair("fp4", "fp4-e2m1"),
          std::pair("ternary", "int2"), std::pair("mxfp4-e2m1", "mxfp4"), std::pair("float16", "fp16"),
          std::pair("bfloat16", "bf16"), std::pair("int1", "binary")}) {
        CHECK(numberFormatFrom(alias).name() == name);
    }
}

TEST_CASE("What names no format is refused", "[number_format]") {
    for (const char* text : {"",
                             "int",
                             "int0",
                             "int17",
                             "uint0",
                             "uint17",
                             "uint8-full",
                             "q9.9",
                             "q16.0",
                             "uq0.0",
                             "uq17.0",
                             "uq9.8",
                             "q.4",
                             "q3.",
                             "q3",
                             "q3.4.5",
                             "q-1.8",
                             "pot1",
                             "pot9",
                             "pot",
                             "pot4x",
                             "INT8",
                             "Int8",
                             "int8 ",
                             " int8",
                             "int8x",
                             "int8-",
                             "int8-Full",
                             "int+8",
                             "int-8",
                             "int8-full2",
                             "int1-pow2",
                             "int08",
                             "q03.4",
                             "q3.04",
                             "pot04",
                             "int8affine",
                             "fp8",
                             "fp8-e4m4",
                             "fp6",
                             "fp8-e4m3 ",
                             "e4m3x",
                             "mxfp8",
                             "mxint4",
                             "nvfp8",
                             "binary2",
                             "uint8-full-affine",
                             "int8-affine-pow2",
                             "int99999999999999999999",
                             "q99999999999.1"}) {
        INFO("'" << text << "'");
        CHECK_THROWS_AS(numberFormatFrom(text), std::invalid_argument);
    }
    CHECK_THROWS_AS(numberFormatFrom(std::string_view("int8\0", 5)), std::invalid_argument);
}

TEST_CASE("Bits per element count the block's share of its scale", "[number_format]") {
    CHECK(numberFormatFrom("mxfp4").bitsPerElement() == 4.25);
    CHECK(numberFormatFrom("nvfp4").bitsPerElement() == 4.5);
    CHECK(numberFormatFrom("mxint8").bitsPerElement() == 8.25);
    CHECK(numberFormatFrom("int5").bitsPerElement() == 5);
}

TEST_CASE("Fixed scales are those of the name, others are open", "[number_format]") {
    CHECK(numberFormatFrom("q3.4").fixedScale() == 0.0625);
    CHECK(numberFormatFrom("uq0.16").fixedScale() == 0x1p-16);
    CHECK(numberFormatFrom("fp16").fixedScale() == 1);
    CHECK(numberFormatFrom("tf32").fixedScale() == 1);
    for (const char* name : {"int8", "int8-pow2", "int8-affine", "fp8-e4m3", "mxfp4", "nvfp4", "binary"})
        CHECK_FALSE(numberFormatFrom(name).fixedScale());
}

TEST_CASE("Noise factors hold for every uniform format with zero in the middle", "[number_format]") {
    for (const NumberFormat& format : everyFormat()) {
        INFO(format.name());
        const bool isUniform = format.spacing == Spacing::Uniform && !format.isAffine;
        CHECK(format.hasNoiseFactor() == isUniform);
        if (!isUniform) continue;
        const double step = 1 / format.clipLevel();
        CHECK(static_cast<double>(format.inverseNoiseFactor()) == std::nearbyint(12 / (step * step)));
    }
}

}  // namespace tests
