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
    ComparisonOptions options{.bits = {2, 3, 4, 6, 8}, .methods = methodsOf(everyMethod)};
    const auto estimated = compare(tensor, options);
    options.isMeasured = true;
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
        .methods = methodsOf({"octav", "max", "mse"})};
    const auto estimated = compare(tensor, options);
    options.isMeasured = true;
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
                                    .isMeasured = true};
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

TEST_CASE("Channels and groups are measured whether or not --measure asks for it", "[device][comparison]") {
    const MemoryTensor tensor(gaussians(512, 44), DType::F32, {8, 64});
    for (const auto& cell : compare(tensor, {.methods = methodsOf({"octav"}),
                                             .granularities = granularitiesOf({"tensor", "channel"})})
                                .cells)
        CHECK(cell.isMeasured == (cell.granularity.kind == Granularity::Kind::Channel));
}

TEST_CASE("Cells stand by granularity, then method, then format, and block-scaled formats once",
          "[device][comparison]") {
    const MemoryTensor tensor(gaussians(2048, 45), DType::F32, {16, 128});
    const auto comparison =
        compare(tensor, {.formats = formatsNamed({"mxfp4", "int4", "nvfp4"}),
                         .methods = methodsOf({"max", "octav"}),
                         .granularities = granularitiesOf({"channel", "group:8", "tensor"})});
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
    for (const bool isMeasured : {false, true}) {
        const auto all = compare(tensor, {.formats = formatsNamed(names),
                                          .methods = methodsOf({"octav", "mse"}),
                                          .granularities = granularitiesOf({"channel", "group:8", "tensor"}),
                                          .isMeasured = isMeasured});
        CHECK(all.cells.size() == 2 * (3 * 3 + 2));
        for (const auto& cell : all.cells) {
            const Granularity own = cell.format.isBlockScaled() ? Granularity() : cell.granularity;
            const auto alone = compare(tensor, {.formats = {cell.format},
                                                .methods = {cell.method},
                                                .granularities = {own},
                                                .isMeasured = isMeasured});
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
            for (const bool isMeasured : {false, true}) {
                INFO(name << " of " << size << (isMeasured ? ", measured" : ""));
                const auto comparison =
                    compare(tensor, {.methods = methodsOf(everyMethod), .isMeasured = isMeasured});
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
