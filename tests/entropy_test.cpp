#include "quant/entropy.h"

#include "quant/clip_search.h"
#include "quant/spread_profile.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>

namespace tests {

using namespace quant;
using Json = nlohmann::json;

namespace {

// The data of tests/fixtures/entropy_reference.py, drawn in the same order.
std::map<std::string, std::vector<float>> referenceSamples() {
    constexpr size_t elements = 6007;
    Random random(2017);
    const auto draw = [&](const std::function<float()>& make) {
        std::vector<float> values(elements);
        std::ranges::generate(values, make);
        return values;
    };
    const auto gaussian = [&] { return random.gaussian(); };
    std::map<std::string, std::vector<float>> samples;
    samples["uniform"] = draw([&] { return static_cast<float>(random.next() >> 40) * 0x1p-24f; });
    samples["gaussian"] = draw(gaussian);
    samples["cubed"] = draw([&] {
        const float g = random.gaussian();
        return g * g * g;
    });
    samples["rectified"] = draw([&] { return std::max(random.gaussian(), 0.0f); });
    auto& outlier = samples["outlier"] = draw(gaussian);
    outlier[7] = 40;
    samples["tiny"] = draw([&] { return random.gaussian() * 0x1p-140f; });
    auto& two = samples["two values"] = std::vector(elements, 0.125f);
    for (size_t i = 0; i < elements; i += 7) two[i] = -9;
    auto& few = samples["few"] = std::vector(elements, 0.0f);
    for (size_t i = 0; i < elements; i += 1000) few[i] = random.gaussian();
    return samples;
}

Json expectedClips() {
    return Json::parse(std::ifstream(sourceFile("tests/fixtures/entropy_clips.json")));
}

float deviceClip(const TensorFile& file, const NumberFormat& grid, CountingPath path = CountingPath::Auto) {
    static std::map<CountingPath, ProfilePass> passes;
    static ErrorPass errors(device());
    ProfilePass& profiles = passes.try_emplace(path, device(), path).first->second;
    TensorStream stream(device(), uint64_t{256} << 20);
    stream.select(file, 0);
    const ClipRequest request{{MethodKind::Entropy, {}}, grid};
    return ClipSearch(profiles, errors).find(stream, profiles.profile(stream), {&request, 1}).front().high;
}

LinearHistogram histogramOf(std::initializer_list<std::pair<size_t, uint64_t>> filled) {
    LinearHistogram counts(linearBins);
    for (const auto& [bin, count] : filled) counts[bin] = count;
    return counts;
}

}  // namespace

TEST_CASE("Entropy clips equal the independent reference on every path", "[device][entropy]") {
    const auto samples = referenceSamples();
    for (const Json& row : expectedClips()) {
        const MemoryTensor tensor(samples.at(row["data"]));
        const NumberFormat grid{row["bits"], row["signed"]};
        INFO(row.dump());
        for (const CountingPath path : countingPaths(device().info()))
            CHECK(double{deviceClip(tensor, grid, path)} == row["clip"].get<double>());
    }
}

TEST_CASE("The least divergence equals the independent reference's", "[device][entropy]") {
    const auto samples = referenceSamples();
    LinearHistogramPass pass(device());
    for (const Json& row : expectedClips()) {
        const NumberFormat grid{row["bits"], row["signed"]};
        if (entropyLevels(grid) > linearBins) continue;
        const MemoryTensor tensor(samples.at(row["data"]));
        TensorStream stream(device(), uint64_t{256} << 20);
        stream.select(tensor, 0);
        const Profile profile = reference::profile(tensor.values());
        const Sides sides = grid.isSigned ? Sides::Both : Sides::Positive;
        const auto counts = pass.count(stream, sides, largestClip(profile, grid).high);
        INFO(row.dump());
        CHECK(std::abs(entropyDivergence(counts, row["kept"], entropyLevels(grid)) -
                       row["divergence"].get<double>()) <= 1e-12);
    }
}

TEST_CASE("A histogram that its levels hold exactly keeps every bin that is filled", "[entropy]") {
    CHECK(entropyKeptBins(histogramOf({{0, 5}, {2047, 1}}), 2) == linearBins);
    CHECK(entropyKeptBins(histogramOf({{2047, 1000}}), 128) == linearBins);
    CHECK(entropyKeptBins(histogramOf({{3, 7}, {90, 4}, {2047, 1}}), 128) == linearBins);
}

TEST_CASE("Equal divergences give the smallest clip", "[entropy]") {
    // Kept to 4 or to 8 bins of one count each, four levels are exact up to the same tail.
    const auto counts = histogramOf({{0, 10}, {1, 10}, {2, 10}, {3, 10}});
    for (uint32_t kept = 4; kept <= linearBins; kept += 4)
        CHECK(std::abs(entropyDivergence(counts, kept, 4)) <= 1e-12);
    CHECK(entropyKeptBins(counts, 4) == 4);
}

TEST_CASE("What keeps no element is ruled out", "[entropy]") {
    const auto counts = histogramOf({{1000, 10}, {2047, 3}});
    CHECK(entropyDivergence(counts, 1000, 128) == HUGE_VAL);
    CHECK(entropyDivergence(counts, 1001, 128) < HUGE_VAL);
}

TEST_CASE("A far tail beyond bins that fit is cut off", "[entropy]") {
    LinearHistogram counts(linearBins);
    for (size_t i = 0; i < 256; ++i) counts[i] = 1000 + i * i;
    for (size_t i = 1900; i < linearBins; ++i) counts[i] = i % 20 == 0;
    ++counts.back();
    CHECK(entropyKeptBins(counts, 128) <= 256);
}

TEST_CASE("As many levels as bins, or no element, keep every bin", "[entropy]") {
    const auto counts = histogramOf({{5, 5}, {2047, 5}});
    for (const uint32_t levels : {2048u, 4096u, 65536u}) CHECK(entropyKeptBins(counts, levels) == linearBins);
    CHECK(entropyKeptBins(LinearHistogram(linearBins), 128) == linearBins);
    CHECK(entropyClip(counts, {16, false}, 3.5f) == 3.5f);
}

TEST_CASE("The number of elements does not matter to what is kept, up to half an element", "[entropy]") {
    LinearHistogram counts(linearBins);
    for (size_t i = 0; i < linearBins; ++i) counts[i] = 1 + (linearBins - i) * (linearBins - i) / 64;
    const uint32_t kept = entropyKeptBins(counts, 128);
    for (uint64_t& count : counts) count <<= 30;
    CHECK(entropyKeptBins(counts, 128) == kept);
}

TEST_CASE("Entropy clips of awkward tensors lie above zero and not above the largest", "[device][entropy]") {
    for (const auto& [name, values] : awkwardSamples(3001)) {
        const MemoryTensor tensor(values);
        const Profile profile = reference::profile(values);
        for (const bool isSigned : {true, false}) {
            for (const uint32_t bits : {2u, 8u, 16u}) {
                const float clip = deviceClip(tensor, {bits, isSigned});
                const float largest = largestClip(profile, {bits, isSigned}).high;
                INFO(name << ", " << bits << (isSigned ? " bits" : " bits, unsigned"));
                CHECK(clip <= largest);
                CHECK((clip > 0) == (largest > 0));
            }
        }
    }
}

TEST_CASE("Entropy clips scale with the data by powers of two", "[device][entropy]") {
    const float clip = deviceClip(MemoryTensor(gaussians(9001, 3)), {4, true});
    for (const float scale : {0x1p-100f, 0x1p20f, 0x1p120f})
        CHECK(deviceClip(MemoryTensor(gaussians(9001, 3, scale)), {4, true}) == scale * clip);
}

// What the estimate from the profile costs in precision, on smooth data: see calibrate in README.md.
TEST_CASE("The clip from a profile's histogram diverges little more than the best", "[device][entropy]") {
    const auto values = gaussians(400009, 12);
    const MemoryTensor tensor(values);
    const Profile profile = reference::profile(values);
    LinearHistogramPass pass(device());
    TensorStream stream(device(), uint64_t{256} << 20);
    stream.select(tensor, 0);
    const auto counted = pass.count(stream, Sides::Both, profile.absmax());
    const auto modelled = linearHistogram(SpreadProfile(profile, Sides::Both));
    for (uint32_t bits = 2; bits <= 8; ++bits) {
        const uint32_t levels = entropyLevels({bits, true});
        const double best = entropyDivergence(counted, entropyKeptBins(counted, levels), levels);
        const double found = entropyDivergence(counted, entropyKeptBins(modelled, levels), levels);
        INFO(bits << " bits: " << entropyKeptBins(modelled, levels) << " bins kept, not "
                  << entropyKeptBins(counted, levels) << "; " << found << " nats, not " << best);
        CHECK(found <= best + 0.002);
    }
}

}  // namespace tests
