#include "quant/profile_pass.h"

#include "quant/float_bits.h"
#include "shaders/window.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <format>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{256} << 20;
constexpr DType analyzable[] = {DType::F32, DType::F16, DType::BF16, DType::F64};

// The passes that tests share, one for every path that the device has: what one test leaves behind, the next
// meets.
ProfilePass& passOf(CountingPath path) {
    static std::map<CountingPath, ProfilePass> passes;
    return passes.try_emplace(path, device(), path).first->second;
}

std::vector<CountingPath> paths() {
    return countingPaths(device().info());
}

void checkProfile(const MemoryTensor& tensor, uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    const Profile expected = reference::profile(tensor.values());
    for (const CountingPath path : paths()) {
        INFO("path " << static_cast<int>(path) << ", " << name(tensor.tensors()[0].dtype) << ", "
                     << stream.elements() << " elements");
        const Profile found = passOf(path).profile(stream);
        CHECK(found.elements() == expected.elements());
        CHECK(found == expected);
    }
}

// Every refinement of the level that holds an element, and some that hold none.
std::vector<uint32_t> occupied(const std::vector<float>& values, uint32_t level, size_t atMost) {
    std::set<uint32_t> prefixes = {0, 5, Profile::finiteBins - 1};
    if (level == 3) prefixes = {0, 1, 1023, (Profile::finiteBins << 10) - 1};
    for (const float x : reference::magnitudes(values, true)) {
        if (prefixes.size() < atMost) prefixes.insert(magnitudeBits(x) >> (level == 2 ? 20 : 10));
    }
    return {prefixes.begin(), prefixes.end()};
}

// The first place where two lists differ, in words.
std::string difference(const std::vector<uint64_t>& found, const std::vector<uint64_t>& expected) {
    if (found.size() != expected.size()) return "sizes differ";
    for (size_t i = 0; i < found.size(); ++i) {
        if (found[i] != expected[i]) return std::format("[{}] is {}, not {}", i, found[i], expected[i]);
    }
    return "";
}

void checkRefinement(const MemoryTensor& tensor, uint32_t level, Sides sides,
                     const std::vector<uint32_t>& prefixes, uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    for (const CountingPath path : paths()) {
        const auto bins = passOf(path).refine(stream, level, sides, prefixes);
        REQUIRE(bins.size() == prefixes.size());
        for (size_t i = 0; i < bins.size(); ++i) {
            INFO("path " << static_cast<int>(path) << ", level " << level << ", sides "
                         << static_cast<int>(sides) << ", prefix " << prefixes[i]);
            const RefinedBin expected = reference::refined(tensor.values(), level, sides, prefixes[i]);
            CHECK(bins[i].prefix == prefixes[i]);
            CHECK(difference(bins[i].counts, expected.counts) == "");
            CHECK(difference(bins[i].rests, expected.rests) == "");
        }
    }
}

std::vector<uint16_t> all16BitPatterns() {
    std::vector<uint16_t> patterns(1 << 16);
    for (size_t i = 0; i < patterns.size(); ++i) patterns[i] = static_cast<uint16_t>(i);
    return patterns;
}

}  // namespace

TEST_CASE("Path names parse, and an unknown one is refused", "[profile_pass]") {
    CHECK(countingPathFrom("auto") == CountingPath::Auto);
    CHECK(countingPathFrom("private") == CountingPath::Private);
    CHECK(countingPathFrom("shared") == CountingPath::Shared);
    CHECK_THROWS_AS(countingPathFrom("global"), std::invalid_argument);
}

TEST_CASE("Only devices with 64-bit shared atomics have the shared path", "[profile_pass]") {
    engine::DeviceInfo info;
    info.sharedMemoryBytes = 32768;
    CHECK(countingPaths(info) == std::vector{CountingPath::Private});
    info.sharedInt64Atomics = true;
    CHECK(countingPaths(info) == std::vector{CountingPath::Private, CountingPath::Shared});
    info.sharedMemoryBytes = 16384;
    CHECK(countingPaths(info) == std::vector{CountingPath::Private});
}

TEST_CASE("A path that the device lacks is refused, any other is taken", "[device][profile_pass]") {
    const bool canShare = paths().size() == 2;
    if (canShare)
        CHECK(ProfilePass(device(), CountingPath::Shared).path() == CountingPath::Shared);
    else
        CHECK_THROWS_AS(ProfilePass(device(), CountingPath::Shared), std::invalid_argument);
    CHECK(ProfilePass(device()).path() != CountingPath::Auto);
}

TEST_CASE("A pass may go before the device has done its work", "[device][profile_pass]") {
    for (int i = 0; i < 10; ++i) {
        for (const CountingPath path : paths()) ProfilePass(device(), path);
    }
}

TEST_CASE("The device's profile equals the host's for every size, type and path", "[device][profile_pass]") {
    for (const size_t size : awkwardSizes()) {
        const auto values = gaussians(size, size);
        for (const DType dtype : analyzable) checkProfile(MemoryTensor(values, dtype));
    }
}

TEST_CASE("The device's profile equals the host's beyond one chunk", "[device][profile_pass]") {
    const auto values = gaussians((size_t{4} << 20) + 8195, 1);
    for (const DType dtype : {DType::F32, DType::F16}) checkProfile(MemoryTensor(values, dtype));
}

TEST_CASE("The device's profile equals the host's when the tensor is streamed", "[device][profile_pass]") {
    const auto values = gaussians(500009, 2);
    for (const DType dtype : analyzable) checkProfile(MemoryTensor(values, dtype), 1 << 20);
}

TEST_CASE("The device's profile equals the host's on awkward data", "[device][profile_pass][bounds]") {
    for (const auto& [name, values] : awkwardSamples(20011)) {
        INFO(name);
        for (const DType dtype : analyzable) checkProfile(MemoryTensor(values, dtype));
    }
}

TEST_CASE("Every pattern of the 16-bit types is counted as the equal float", "[device][profile_pass]") {
    for (const DType dtype : {DType::F16, DType::BF16}) checkProfile(MemoryTensor(all16BitPatterns(), dtype));
}

// The counters of one run reach their largest values: 2^20 elements whose rests are all ones.
TEST_CASE("Counters of the longest run do not overflow", "[device][profile_pass]") {
    const std::vector<float> values((size_t{4} << 20) + 1, fromBits(0x3fffffff));
    checkProfile(MemoryTensor(values));
    checkRefinement(MemoryTensor(values), 2, Sides::Both, {0x3ff});
}

TEST_CASE("The same profile twice gives the same", "[device][profile_pass]") {
    const auto values = gaussians(100003, 3);
    const MemoryTensor tensor(values);
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    for (const CountingPath path : paths()) {
        ProfilePass& pass = passOf(path);
        const Profile first = pass.profile(stream);
        const auto bins = pass.refine(stream, 2, Sides::Both, {0x3f8, 0x3f9});
        CHECK(pass.profile(stream) == first);
        const auto again = pass.refine(stream, 2, Sides::Both, {0x3f8, 0x3f9});
        for (size_t i = 0; i < bins.size(); ++i)
            CHECK((again[i].counts == bins[i].counts && again[i].rests == bins[i].rests));
    }
}

TEST_CASE("Refinements equal a host count for every size and type", "[device][profile_pass]") {
    for (const size_t size : awkwardSizes()) {
        const auto values = gaussians(size, size + 1);
        for (const DType dtype : analyzable) {
            const MemoryTensor tensor(values, dtype);
            INFO(name(dtype) << ", " << size << " elements");
            for (const uint32_t level : {2u, 3u})
                checkRefinement(tensor, level, Sides::Both, occupied(tensor.values(), level, 8));
        }
    }
}

TEST_CASE("Refinements equal a host count on awkward data", "[device][profile_pass][bounds]") {
    for (const auto& [name, values] : awkwardSamples(20011)) {
        INFO(name);
        const MemoryTensor tensor(values);
        for (const uint32_t level : {2u, 3u}) {
            for (const Sides sides : {Sides::Positive, Sides::Both})
                checkRefinement(tensor, level, sides, occupied(values, level, 8));
        }
    }
}

TEST_CASE("Refinements of every 16-bit pattern equal a host count", "[device][profile_pass]") {
    for (const DType dtype : {DType::F16, DType::BF16}) {
        const MemoryTensor tensor(all16BitPatterns(), dtype);
        for (const uint32_t level : {2u, 3u})
            checkRefinement(tensor, level, Sides::Both, occupied(tensor.values(), level, 8));
    }
}

TEST_CASE("More prefixes than one dispatch splits come back in the order asked for",
          "[device][profile_pass]") {
    const MemoryTensor tensor(gaussians(20011, 4));
    auto prefixes = occupied(tensor.values(), 2, 21);
    std::swap(prefixes.front(), prefixes.back());
    checkRefinement(tensor, 2, Sides::Both, prefixes);
    checkRefinement(tensor, 3, Sides::Both, occupied(tensor.values(), 3, 17));
    checkRefinement(tensor, 2, Sides::Both, {});
}

TEST_CASE("Refinements equal a host count when the tensor is streamed", "[device][profile_pass]") {
    const MemoryTensor tensor(gaussians(500009, 5));
    for (const uint32_t level : {2u, 3u})
        checkRefinement(tensor, level, Sides::Both, occupied(tensor.values(), level, 8), 1 << 20);
}

namespace {

constexpr uint32_t binValues = 1u << 20;

// Windows at the start, inside and at the end of the bins that hold elements, at the first and the last bin.
// None overlaps another.
std::vector<uint32_t> windowsIn(const std::vector<float>& values) {
    std::vector<uint32_t> firsts;
    for (const uint32_t prefix : occupied(values, 2, 7)) {
        for (const uint32_t offset : {0u, 400001u, binValues - shaders::windowValues})
            firsts.push_back(prefix * binValues + offset);
    }
    return firsts;
}

void checkWindows(const MemoryTensor& tensor, Sides sides, const std::vector<uint32_t>& firsts,
                  uint64_t budgetBytes = ampleBytes) {
    TensorStream stream(device(), budgetBytes);
    stream.select(tensor, 0);
    const auto windows = passOf(CountingPath::Private).countWindows(stream, sides, firsts);
    REQUIRE(windows.size() == firsts.size());
    for (size_t i = 0; i < firsts.size(); ++i) {
        const CountedWindow expected =
            reference::window(tensor.values(), sides, firsts[i], shaders::windowValues);
        INFO("window from " << firsts[i] << ", sides " << static_cast<int>(sides));
        CHECK(windows[i].first == firsts[i]);
        CHECK(windows[i].countAbove == expected.countAbove);
        CHECK(windows[i].restsAbove == expected.restsAbove);
        CHECK(std::ranges::equal(windows[i].counts, expected.counts));
    }
}

}  // namespace

TEST_CASE("Windows equal a host count for every size and type", "[device][profile_pass]") {
    for (const size_t size : awkwardSizes()) {
        for (const DType dtype : analyzable) {
            INFO(name(dtype) << ", " << size << " elements");
            const MemoryTensor tensor(gaussians(size, size + 2), dtype);
            checkWindows(tensor, Sides::Both, windowsIn(tensor.values()));
        }
    }
}

TEST_CASE("Windows equal a host count on awkward data", "[device][profile_pass]") {
    for (const auto& [name, values] : awkwardSamples(20011)) {
        INFO(name);
        for (const Sides sides : {Sides::Positive, Sides::Both})
            checkWindows(MemoryTensor(values), sides, windowsIn(values));
    }
}

TEST_CASE("Windows equal a host count beyond one chunk", "[device][profile_pass]") {
    const MemoryTensor streamed(gaussians(300007, 6));
    checkWindows(streamed, Sides::Both, windowsIn(streamed.values()), 1 << 18);
    const std::vector<float> values((size_t{4} << 20) + 1, fromBits(0x3fffffff));  // rests are all ones
    checkWindows(MemoryTensor(values), Sides::Both, windowsIn(values));
}

TEST_CASE("Adjacent windows share no value and miss none", "[device][profile_pass][bounds]") {
    const MemoryTensor tensor(gaussians(200003, 7));
    std::vector<uint32_t> firsts;
    for (uint32_t i = 0; i < 32; ++i)
        firsts.push_back(0x3f800000 + i * shaders::windowValues);  // a whole bin
    checkWindows(tensor, Sides::Both, firsts);
}

}  // namespace tests
