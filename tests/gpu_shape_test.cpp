// The code paths for graphics cards, on whatever device there is: workgroups of many subgroups, staging
// copies.
#include "quant/analysis.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20, scarceBytes = uint64_t{1} << 20;

// The device of the run, opened once more and taken for a discrete card without memory that can be mapped.
struct PretendedCard {
    engine::Instance instance{isValidating(), onMessage};
    engine::DeviceInfo info;
    std::unique_ptr<engine::Device> opened;

    PretendedCard() : info(engine::chooseDevice(instance.devices(), "")) {
        info.type = engine::DeviceType::Discrete;
        info.unifiedMemory = false;
        opened = std::make_unique<engine::Device>(instance, info);
    }
};

TensorAnalysis analyzed(engine::Device& on, const MemoryTensor& tensor, const char* granularity,
                        uint64_t budgetBytes) {
    AnalysisOptions options{.bits = {2, 4, 8}, .granularity = granularityFrom(granularity)};
    for (const char* name : {"octav-paper", "max", "percentile:99"})
        options.methods.push_back(methodFrom(name));
    return Analyzer(on, budgetBytes).analyze(tensor, 0, options);
}

void checkSame(const TensorAnalysis& a, const TensorAnalysis& b) {
    CHECK(a.profile == b.profile);
    REQUIRE(a.results.size() == b.results.size());
    for (size_t r = 0; r < a.results.size(); ++r) {
        INFO(a.results[r].method.name() << ", " << a.results[r].format.bits << " bits");
        CHECK(a.results[r].clip == b.results[r].clip);
        CHECK(std::abs(a.results[r].mse - b.results[r].mse) <= 64 * 0x1p-24 * b.results[r].mse);
        CHECK(a.results[r].clippedFraction == b.results[r].clippedFraction);
    }
}

}  // namespace

TEST_CASE("The paths for graphics cards give the same clips", "[device][gpu_shape]") {
    const PretendedCard card;
    const MemoryTensor tensor(gaussians(300 * 1000, 41), DType::F32, {300, 1000});
    for (const char* granularity : {"tensor", "channel:0", "channel:1", "group:32", "group:300"}) {
        INFO(granularity);
        const auto expected = analyzed(device(), tensor, granularity, ampleBytes);
        checkSame(analyzed(*card.opened, tensor, granularity, ampleBytes), expected);
    }
    checkSame(analyzed(*card.opened, tensor, "tensor", scarceBytes),
              analyzed(device(), tensor, "tensor", ampleBytes));
}

TEST_CASE("The paths for graphics cards take 16-bit and awkward data", "[device][gpu_shape]") {
    const PretendedCard card;
    const MemoryTensor halves(gaussians(5003, 42), DType::F16, {1, 5003});
    checkSame(analyzed(*card.opened, halves, "group:100", ampleBytes),
              analyzed(device(), halves, "group:100", ampleBytes));
    for (const auto& [name, values] : awkwardSamples(1000)) {
        INFO(name);
        const MemoryTensor tensor(values);
        checkSame(analyzed(*card.opened, tensor, "tensor", ampleBytes),
                  analyzed(device(), tensor, "tensor", ampleBytes));
        checkSame(analyzed(*card.opened, tensor, "group:300", ampleBytes),
                  analyzed(device(), tensor, "group:300", ampleBytes));
    }
}

}  // namespace tests
