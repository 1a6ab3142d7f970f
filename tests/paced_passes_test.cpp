// What runs in slices while a viewer draws gives the same to the bit as what runs at once.
#include "app/explorer/sliced_job.h"
#include "quant/analysis.h"
#include "quant/metric_context.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

TensorAnalysis analysisOf(const TensorFile& file, const AnalysisOptions& options) {
    return Analyzer(device(), ampleBytes).analyze(file, 0, options);
}

void checkSameInSlices(const TensorFile& file, const AnalysisOptions& options) {
    const auto expected = analysisOf(file, options);
    TensorAnalysis found;
    app::SlicedJob job(device(), [&] { found = analysisOf(file, options); });
    size_t turns = 1;
    while (!job.run(std::chrono::nanoseconds(0))) ++turns;
    CHECK(turns > 5);
    REQUIRE(found.results.size() == expected.results.size());
    for (size_t i = 0; i < found.results.size(); ++i) {
        CHECK(found.results[i].clip == expected.results[i].clip);
        CHECK(found.results[i].low == expected.results[i].low);
        CHECK(found.results[i].mse == expected.results[i].mse);
    }
}

}  // namespace

TEST_CASE("Clips of channels, groups and blocks are the same in slices", "[device][paced]") {
    const MemoryTensor file(gaussians(24 * 1024, 7), DType::F32, {24, 1024});
    const auto methods = [](std::initializer_list<const char*> names) {
        std::vector<Method> list;
        for (const char* name : names) list.push_back(methodFrom(name));
        return list;
    };
    const auto formats = [](std::initializer_list<const char*> names) {
        std::vector<NumberFormat> list;
        for (const char* name : names) list.push_back(numberFormatFrom(name));
        return list;
    };
    checkSameInSlices(file, {.formats = formats({"int4", "int8"}),
                             .methods = methods({"octav", "entropy", "percentile:99"}),
                             .granularity = granularityFrom("channel")});
    checkSameInSlices(file, {.formats = formats({"int4", "uint4-affine", "mxfp4", "nvfp4"}),
                             .methods = methods({"octav", "mse"}),
                             .granularity = granularityFrom("group:64")});
}

TEST_CASE("Clips by other metrics are the same in slices", "[device][paced]") {
    const MemoryTensor file(gaussians(100'003, 8));
    AnalysisOptions options{.bits = {3, 8}, .methods = {methodFrom("mse"), methodFrom("octav")}};
    options.metric.kind = MetricKind::Cosine;
    checkSameInSlices(file, options);
}

}  // namespace tests
