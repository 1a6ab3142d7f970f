#include "quant/clip_search.h"

#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;

std::vector<ClipRequest> requestsFor(std::initializer_list<const char*> methods,
                                     std::initializer_list<uint32_t> bits,
                                     std::initializer_list<bool> signs) {
    std::vector<ClipRequest> requests;
    for (const bool isSigned : signs) {
        for (const char* method : methods) {
            for (const uint32_t b : bits) requests.push_back({methodFrom(method), {b, isSigned}});
        }
    }
    return requests;
}

// Every exact method at every bit width on both kinds of grid.
std::vector<ClipRequest> exactRequests() {
    auto requests = requestsFor({"octav", "octav-paper"},
                                {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, {true, false});
    const auto others = requestsFor(
        {"max", "percentile:0.1", "percentile:50", "percentile:99.9", "percentile:100"}, {4}, {true, false});
    requests.insert(requests.end(), others.begin(), others.end());
    return requests;
}

std::vector<float> find(const TensorFile& file, std::span<const ClipRequest> requests,
                        CountingPath path = CountingPath::Auto, uint64_t budgetBytes = ampleBytes) {
    static std::map<CountingPath, ProfilePass> passes;
    static ErrorPass errors(device());
    ProfilePass& profiles = passes.try_emplace(path, device(), path).first->second;
    TensorStream stream(device(), budgetBytes);
    stream.select(file, 0);
    std::vector<float> highs;
    for (const Clip& clip : ClipSearch(profiles, errors).find(stream, profiles.profile(stream), requests))
        highs.push_back(clip.high);
    return highs;
}

std::vector<float> expectedClips(std::span<const float> values, std::span<const ClipRequest> requests) {
    std::vector<float> clips;
    const auto both = reference::magnitudes(values, true), positive = reference::magnitudes(values, false);
    for (const ClipRequest& request : requests) {
        const auto& sorted = request.format.isSigned ? both : positive;
        if (sorted.empty()) {
            clips.push_back(0);
        } else if (request.isOctav()) {
            clips.push_back(reference::octavRoot(sorted, request.inverseNoiseFactor()));
        } else if (request.method.kind == MethodKind::Max) {
            clips.push_back(sorted.back());
        } else {
            const double thousandths = 1000 * std::stod(request.method.percentile->text());
            clips.push_back(
                reference::percentile(values, static_cast<uint64_t>(std::lround(thousandths)), 100000));
        }
    }
    return clips;
}

std::string describe(const ClipRequest& request) {
    return request.method.name() + ", " + std::to_string(request.format.bits) + " bits, " +
           (request.format.isSigned ? "signed" : "unsigned");
}

void checkExactClips(const MemoryTensor& tensor) {
    const auto requests = exactRequests();
    const auto clips = find(tensor, requests), expected = expectedClips(tensor.values(), requests);
    REQUIRE(clips.size() == requests.size());
    for (size_t i = 0; i < requests.size(); ++i) {
        INFO(describe(requests[i]));
        CHECK(std::bit_cast<uint32_t>(clips[i]) == std::bit_cast<uint32_t>(expected[i]));
    }
}

}  // namespace

TEST_CASE("Exact clips equal the reference for every size", "[device][clip_search]") {
    for (const size_t size : awkwardSizes()) {
        INFO(size << " elements");
        checkExactClips(MemoryTensor(gaussians(size, size + 7)));
    }
}

TEST_CASE("Exact clips equal the reference for every element type", "[device][clip_search]") {
    for (const DType dtype : {DType::F16, DType::BF16, DType::F64}) {
        INFO(name(dtype));
        checkExactClips(MemoryTensor(gaussians(10007, 8), dtype));
    }
}

TEST_CASE("Exact clips equal the reference on awkward data", "[device][clip_search]") {
    for (const size_t size : {1u, 2u, 4999u}) {
        for (const auto& [name, values] : awkwardSamples(size)) {
            INFO(name << ", " << size << " elements");
            checkExactClips(MemoryTensor(values));
        }
    }
}

// From 2^18 elements on a window takes the place of the refinements where it can.
TEST_CASE("Exact clips of large awkward tensors equal the reference", "[device][clip_search]") {
    for (const auto& [name, values] : awkwardSamples((size_t{1} << 18) + 3)) {
        INFO(name);
        const MemoryTensor tensor(values);
        for (const bool isSigned : {true, false}) {
            const auto requests =
                requestsFor({"octav", "octav-paper", "percentile:99.9"}, {2, 4, 8}, {isSigned});
            const auto clips = find(tensor, requests), expected = expectedClips(values, requests);
            for (size_t i = 0; i < requests.size(); ++i) {
                INFO(describe(requests[i]));
                CHECK(std::bit_cast<uint32_t>(clips[i]) == std::bit_cast<uint32_t>(expected[i]));
            }
        }
    }
}

TEST_CASE("Exact clips equal the reference beyond one chunk", "[device][clip_search]") {
    const MemoryTensor tensor(gaussians((size_t{4} << 20) + 8195, 9));
    const auto requests = requestsFor({"octav", "percentile:99.9"}, {3, 8}, {true});
    CHECK(find(tensor, requests) == expectedClips(tensor.values(), requests));
}

TEST_CASE("Exact clips do not depend on counting path or memory budget", "[device][clip_search]") {
    const MemoryTensor tensor(gaussians(300007, 10));
    const auto requests = exactRequests();
    const auto expected = expectedClips(tensor.values(), requests);
    for (const CountingPath path : countingPaths(device().info())) {
        for (const uint64_t budgetBytes : {uint64_t{1} << 20, ampleBytes})
            CHECK(find(tensor, requests, path, budgetBytes) == expected);
    }
}

TEST_CASE("Measured clips do not depend on counting path or memory budget", "[device][clip_search]") {
    const MemoryTensor tensor(gaussians(100003, 10));
    const auto requests = requestsFor({"mse"}, {4}, {true});
    const auto clips = find(tensor, requests);
    CHECK(find(tensor, requests, countingPaths(device().info()).back(), 1 << 18) == clips);
}

// The same on every driver: these bits were found once and are held to.
TEST_CASE("Clips of a fixed tensor have the bits that were found once", "[device][clip_search]") {
    const MemoryTensor tensor(gaussians(30011, 2026));
    const auto requests = requestsFor({"octav", "octav-paper", "mse"}, {2, 3, 4, 6, 8, 12, 16}, {true});
    const std::vector<uint32_t> expected = {
        0x3fa7dada, 0x3ffca6b6, 0x401cee29, 0x404873f5, 0x4067a172, 0x408177c2, 0x40818b76,   // octav
        0x3fdd3a11, 0x400944a3, 0x402154eb, 0x40494971, 0x4067c3e6, 0x408177c7, 0x40818b76,   // octav-paper
        0x3f9ca5fd, 0x3ff82af0, 0x401e1291, 0x4045e2b9, 0x4066f8ba, 0x40818259, 0x4081a286};  // mse
    std::vector<uint32_t> found;
    for (const float clip : find(tensor, requests)) found.push_back(std::bit_cast<uint32_t>(clip));
    CHECK(found == expected);
}

TEST_CASE("Method mse's error is no worse than any other method's", "[device][clip_search]") {
    ErrorPass errors(device());
    const auto requests = requestsFor({"mse", "octav", "octav-paper", "max", "percentile:99", "entropy"},
                                      {2, 4, 8}, {true, false});
    for (const auto& [name, values] : awkwardSamples(4001)) {
        const MemoryTensor tensor(values);
        const auto clips = find(tensor, requests);
        std::vector<ClippedGrid> grids;
        for (size_t i = 0; i < requests.size(); ++i) grids.push_back({requests[i].format, clips[i]});
        TensorStream stream(device(), ampleBytes);
        stream.select(tensor, 0);
        const auto measured = errors.measure(stream, reference::absmax(values), grids);
        for (size_t i = 0; i < requests.size(); ++i) {
            const auto mse = std::ranges::find_if(requests, [&](const ClipRequest& request) {
                return request.method.kind == MethodKind::Mse && request.format == requests[i].format;
            });
            INFO(name << ": " << describe(requests[i]));
            CHECK(measured[static_cast<size_t>(mse - requests.begin())].squared <= measured[i].squared);
        }
    }
}

TEST_CASE("Method mse finds the global minimum of a fine sweep within a percent", "[device][clip_search]") {
    const auto requests = requestsFor({"mse"}, {2, 4, 8}, {true});
    for (const char* kind : {"gaussian", "heavy tail", "far outlier", "sparse"}) {
        const auto samples = awkwardSamples(3001);
        const auto& values = std::ranges::find(samples, kind, &Sample::name)->values;
        const auto clips = find(MemoryTensor(values), requests);
        for (size_t i = 0; i < requests.size(); ++i) {
            double least = HUGE_VAL;
            for (int point = 0; point <= 600; ++point) {
                const auto clip = static_cast<float>(reference::absmax(values) * std::exp2(-point / 50.0));
                least = std::min(least, reference::exactError(values, {requests[i].format, clip}).squared);
            }
            INFO(kind << ": " << describe(requests[i]));
            CHECK(reference::exactError(values, {requests[i].format, clips[i]}).squared <= 1.01 * least);
        }
    }
}

TEST_CASE("A tensor without elements to clip has clip zero", "[device][clip_search]") {
    const auto requests = requestsFor({"octav", "octav-paper", "max", "percentile:99", "entropy", "mse"},
                                      {2, 8}, {true, false});
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                    infinity = std::numeric_limits<float>::infinity();
    for (const std::vector<float>& values :
         {std::vector<float>{}, std::vector<float>(99, -0.0f), std::vector<float>{nan, infinity}}) {
        for (const float clip : find(MemoryTensor(values), requests)) CHECK(clip == 0);
    }
}

TEST_CASE("On an unsigned grid a tensor without positive elements has clip zero", "[device][clip_search]") {
    const auto requests =
        requestsFor({"octav", "octav-paper", "max", "percentile:99", "entropy", "mse"}, {2, 8}, {false});
    const auto clips = find(MemoryTensor(std::vector<float>{-1, -2, 0, -0.5f}), requests);
    for (size_t i = 0; i < requests.size(); ++i) {
        INFO(describe(requests[i]));
        CHECK(clips[i] == 0);
    }
}

}  // namespace tests
