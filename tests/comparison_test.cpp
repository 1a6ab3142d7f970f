#include "quant/comparison.h"

#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

std::vector<Method> methodsOf(const std::vector<const char*>& names) {
    std::vector<Method> methods;
    for (const char* name : names) methods.push_back(methodFrom(name));
    return methods;
}

std::vector<NumberFormat> formatsNamed(const std::vector<const char*>& names) {
    std::vector<NumberFormat> formats;
    for (const char* name : names) formats.push_back(numberFormatFrom(name));
    return formats;
}

std::vector<Granularity> granularitiesOf(const std::vector<const char*>& names) {
    std::vector<Granularity> granularities;
    for (const char* name : names) granularities.push_back(granularityFrom(name));
    return granularities;
}

const std::vector<const char*> everyMethod = {"octav",           "octav-paper", "max",
                                              "percentile:99.9", "entropy",     "mse"};

Analyzer& analyzer() {
    static Analyzer one(device(), uint64_t{1} << 26);
    return one;
}

constexpr uint64_t noElements = 0, allElements = UINT64_MAX;  // for ComparisonOptions::mostMeasured

TensorComparison compare(const TensorFile& file, const ComparisonOptions& options) {
    return compareTensor(analyzer(), file, 0, options);
}

// "int4 octav tensor", cell after cell.
std::vector<std::string> labels(const TensorComparison& comparison) {
    std::vector<std::string> all;
    for (const auto& cell : comparison.cells)
        all.push_back(cell.format.name() + " " + cell.method.name() + " " + cell.granularity.name());
    return all;
}

}  // namespace

TEST_CASE("Estimated cells of smooth data are within a tenth of a decibel of the measured ones",
          "[device][comparison]") {
    const MemoryTensor tensor(gaussians(200003, 41));
    ComparisonOptions options{
        .bits = {2, 3, 4, 6, 8}, .methods = methodsOf(everyMethod), .mostMeasured = noElements};
    const auto estimated = compare(tensor, options);
    options.mostMeasured = allElements;
    const auto measured = compare(tensor, options);
    REQUIRE(estimated.cells.size() == everyMethod.size() * 5);
    REQUIRE(labels(estimated) == labels(measured));
    for (size_t i = 0; i < measured.cells.size(); ++i) {
        INFO(labels(measured)[i]);
        CHECK_FALSE(estimated.cells[i].isMeasured);
        CHECK(measured.cells[i].isMeasured);
        // The divergence is flat around its least: the entropy clips themselves differ (profile_clips.h).
        const double bound = measured.cells[i].method.kind == MethodKind::Entropy ? 1.0 : 0.1;
        CHECK(std::abs(estimated.cells[i].sqnrDb.value() - measured.cells[i].sqnrDb.value()) < bound);
    }
    CHECK(std::abs(estimated.energy / measured.energy - 1) < 1e-3);
}

TEST_CASE("Estimated cells of other formats are within a tenth of a decibel of the measured ones",
          "[device][comparison]") {
    const MemoryTensor tensor(gaussians(200003, 42));
    ComparisonOptions options{
        .formats = formatsNamed({"int8-affine", "fp8-e4m3", "fp4-e2m1", "pot4", "int6-pow2"}),
        .methods = methodsOf({"octav", "max", "mse"}),
        .mostMeasured = noElements};
    const auto estimated = compare(tensor, options);
    options.mostMeasured = allElements;
    const auto measured = compare(tensor, options);
    for (size_t i = 0; i < measured.cells.size(); ++i) {
        INFO(labels(measured)[i]);
        CHECK(std::abs(estimated.cells[i].sqnrDb.value() - measured.cells[i].sqnrDb.value()) < 0.1);
    }
}

TEST_CASE("Measured cells are those of an analysis to the last digit", "[device][comparison]") {
    const MemoryTensor tensor(gaussians(5040, 43), DType::F32, {16, 315});
    const ComparisonOptions options{.bits = {3, 8},
                                    .methods = methodsOf(everyMethod),
                                    .granularities = granularitiesOf({"tensor", "channel", "group:32"}),
                                    .mostMeasured = allElements};
    const auto comparison = compare(tensor, options);
    size_t next = 0;
    for (const Granularity& granularity : options.granularities) {
        const auto analysis = analyzer().analyze(
            tensor, 0, {.bits = options.bits, .methods = options.methods, .granularity = granularity});
        for (const MethodResult& result : analysis.results) {
            REQUIRE(next < comparison.cells.size());
            const ComparisonCell& cell = comparison.cells[next++];
            INFO(result.format.name() << " " << result.method.name() << " " << granularity.name());
            CHECK(cell.format == result.format);
            CHECK(cell.method.name() == result.method.name());
            CHECK(cell.granularity == granularity);
            CHECK(cell.sqnrDb == result.sqnrDb);
            CHECK(cell.squared == result.mse * 5040);
            CHECK(cell.isMeasured);
        }
    }
    CHECK(next == comparison.cells.size());
}

TEST_CASE("Whole tensors of more elements than are to be measured are estimated, channels and groups never",
          "[device][comparison]") {
    const MemoryTensor tensor(gaussians(512, 44), DType::F32, {8, 64});
    for (const uint64_t mostMeasured : {uint64_t{511}, uint64_t{512}}) {
        const auto comparison = compare(tensor, {.methods = methodsOf({"octav"}),
                                                 .granularities = granularitiesOf({"tensor", "channel"}),
                                                 .mostMeasured = mostMeasured});
        for (const auto& cell : comparison.cells) {
            const bool isWhole = cell.granularity.kind == Granularity::Kind::Tensor;
            CHECK(cell.isMeasured == (!isWhole || mostMeasured == 512));
        }
    }
}

TEST_CASE("Small tensors are measured without being asked for", "[device][comparison]") {
    for (const size_t size : {48u, 20011u}) {
        const MemoryTensor tensor(gaussians(size, 48));
        const auto found = compare(tensor, {.methods = methodsOf(everyMethod)});
        const auto exact = analyzer().analyze(tensor, 0, {.bits = {4, 8}, .methods = methodsOf(everyMethod)});
        for (size_t i = 0; i < found.cells.size(); ++i) {
            INFO(labels(found)[i] << " of " << size);
            CHECK(found.cells[i].isMeasured);
            CHECK(found.cells[i].sqnrDb == exact.results[i].sqnrDb);
        }
    }
}

// An error of nothing has no SQNR, and what rounding leaves of a constant is the same either way.
TEST_CASE("Estimated cells of constants say what analyze says", "[device][comparison]") {
    for (const float value : {0.5f, 0.7f, -1.0f, 3.14159f, 0.0f}) {
        for (const char* format : {"int4", "int8", "uint8-affine", "fp8-e4m3", "bf16", "int12"}) {
            const MemoryTensor tensor(std::vector<float>(1000, value));
            const ComparisonOptions options{
                .formats = formatsNamed({format}), .methods = methodsOf({"max"}), .mostMeasured = noElements};
            const auto cell = compare(tensor, options).cells.front();
            const auto exact =
                analyzer()
                    .analyze(tensor, 0, {.formats = options.formats, .methods = options.methods})
                    .results.front();
            INFO(value << " in " << format);
            CHECK_FALSE(cell.isMeasured);
            CHECK(cell.sqnrDb.has_value() == exact.sqnrDb.has_value());
            if (cell.sqnrDb && exact.sqnrDb) CHECK(std::abs(*cell.sqnrDb - *exact.sqnrDb) < 0.01);
        }
    }
}

TEST_CASE("Cells stand by granularity, then method, then format, and block-scaled formats once",
          "[device][comparison]") {
    const MemoryTensor tensor(gaussians(2048, 45), DType::F32, {16, 128});
    const auto comparison =
        compare(tensor, {.formats = formatsNamed({"mxfp4", "int4", "nvfp4"}),
                         .methods = methodsOf({"max", "octav"}),
                         .granularities = granularitiesOf({"channel", "group:8", "tensor"}),
                         .mostMeasured = noElements});
    CHECK(labels(comparison) == std::vector<std::string>{"mxfp4 max group:32", "int4 max channel",
                                                         "nvfp4 max group:16", "mxfp4 octav group:32",
                                                         "int4 octav channel", "nvfp4 octav group:16",
                                                         "int4 max group:8", "int4 octav group:8",
                                                         "int4 max tensor", "int4 octav tensor"});
    for (const auto& cell : comparison.cells) {
        INFO(cell.format.name() << " " << cell.granularity.name());
        CHECK(cell.isMeasured == (cell.granularity.kind != Granularity::Kind::Tensor));
        CHECK(cell.sqnrDb.has_value());
    }
}

// Each cell must be of its own format: blocks beside whole tensors must not be mixed up.
TEST_CASE("A cell does not depend on what it is compared with", "[device][comparison]") {
    const MemoryTensor tensor(gaussians(2048, 46), DType::F32, {16, 128});
    const std::vector<const char*> names = {"int4", "mxfp4", "fp8-e4m3", "nvfp4", "int8-affine"};
    for (const uint64_t mostMeasured : {noElements, allElements}) {
        const auto all = compare(tensor, {.formats = formatsNamed(names),
                                          .methods = methodsOf({"octav", "mse"}),
                                          .granularities = granularitiesOf({"channel", "group:8", "tensor"}),
                                          .mostMeasured = mostMeasured});
        CHECK(all.cells.size() == 2 * (3 * 3 + 2));
        for (const auto& cell : all.cells) {
            const Granularity own = cell.format.isBlockScaled() ? Granularity() : cell.granularity;
            const auto alone = compare(tensor, {.formats = {cell.format},
                                                .methods = {cell.method},
                                                .granularities = {own},
                                                .mostMeasured = mostMeasured});
            INFO(cell.format.name() << " " << cell.method.name() << " " << cell.granularity.name());
            REQUIRE(alone.cells.size() == 1);
            CHECK(alone.cells[0].squared == cell.squared);
            CHECK(alone.cells[0].sqnrDb == cell.sqnrDb);
        }
    }
}

TEST_CASE("Tensors of every awkward kind give cells without NaN", "[device][comparison]") {
    for (const size_t size : {0u, 1u, 257u}) {
        for (const auto& [name, values] : awkwardSamples(size)) {
            const MemoryTensor tensor(values);
            for (const uint64_t mostMeasured : {noElements, allElements}) {
                INFO(name << " of " << size << (mostMeasured == allElements ? ", measured" : ""));
                const auto comparison =
                    compare(tensor, {.methods = methodsOf(everyMethod), .mostMeasured = mostMeasured});
                CHECK(comparison.cells.size() == 2 * everyMethod.size());
                CHECK(std::isfinite(comparison.energy));
                for (const auto& cell : comparison.cells) {
                    CHECK(cell.squared >= 0);
                    CHECK(cell.sqnrDb.has_value() == (cell.squared > 0 && comparison.energy > 0));
                }
            }
        }
    }
}

TEST_CASE("What a format cannot take is refused", "[device][comparison]") {
    const MemoryTensor tensor(gaussians(64, 47));
    CHECK_THROWS_AS(compare(tensor, {.formats = formatsNamed({"mxfp4"}), .methods = methodsOf({"entropy"})}),
                    std::invalid_argument);
    CHECK_THROWS_AS(
        compare(tensor, {.formats = formatsNamed({"fp8-e4m3"}), .methods = methodsOf({"octav-paper"})}),
        std::invalid_argument);
}

TEST_CASE("The sign of integers follows from the data unless it is given", "[device][comparison]") {
    const MemoryTensor positive(std::vector<float>{1, 2, 3}), mixed(std::vector<float>{1, -2, 3});
    CHECK(labels(compare(positive, {.bits = {4}, .methods = methodsOf({"max"})})).front() ==
          "uint4 max tensor");
    CHECK(labels(compare(mixed, {.bits = {4}, .methods = methodsOf({"max"})})).front() == "int4 max tensor");
    CHECK(labels(compare(positive, {.bits = {4}, .methods = methodsOf({"max"}), .sign = Sign::Signed}))
              .front() == "int4 max tensor");
}

}  // namespace tests
