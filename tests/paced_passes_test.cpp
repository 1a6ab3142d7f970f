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
    const MemoryTensor file(gaussians(96 * 1024, 7), DType::F32, {96, 1024});
    for (const char* granularity : {"channel", "group:64"}) {
        AnalysisOptions options{.methods = {methodFrom("octav"), methodFrom("mse"), methodFrom("entropy"),
                                            methodFrom("percentile:99")},
                                .granularity = granularityFrom(granularity)};
        options.formats = {numberFormatFrom("int4"), numberFormatFrom("uint4-affine")};
        if (std::string_view(granularity) == "channel") {
            options.formats = {numberFormatFrom("int4"), numberFormatFrom("mxfp4")};
            options.methods = {methodFrom("octav"), methodFrom("mse"), methodFrom("max")};
        }
        checkSameInSlices(file, options);
    }
}

TEST_CASE("Clips by other metrics are the same in slices", "[device][paced]") {
    const MemoryTensor file(gaussians(1'000'003, 8));
    AnalysisOptions options{.bits = {3, 8}, .methods = {methodFrom("mse"), methodFrom("octav")}};
    options.metric.kind = MetricKind::Cosine;
    checkSameInSlices(file, options);
}

}  // namespace tests
