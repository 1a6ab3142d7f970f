#include "engine/spirv.h"

#include "engine/shader_library.h"
#include "shaders/bandwidth.h"
#include "shaders/error.h"
#include "shaders/profile.h"
#include "shaders/quantize.h"
#include "shaders/refine.h"
#include "shaders/segments.h"
#include "shaders/window.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tests {

using engine::embeddedShaders;
using engine::SpirvSummary;
using engine::summarizeSpirv;

namespace {

std::vector<uint32_t> wordsOf(const std::string& kernel) {
    const auto words = engine::findShader("compute/" + kernel + ".comp").words();
    return {words.begin(), words.end()};
}

struct Family {
    std::string kernel;
    size_t pushBytes;
};

// Kernels with the struct that their host functions push.
const std::vector<Family>& families() {
    static const std::vector<Family> all = {
        {"profile_private", sizeof(shaders::ProfilePush)},
        {"profile_shared", sizeof(shaders::ProfilePush)},
        {"refine_private", sizeof(shaders::RefinePush)},
        {"refine_atomic", sizeof(shaders::RefinePush)},
        {"count_windows", sizeof(shaders::WindowPush)},
        {"error_sweep", sizeof(shaders::ErrorPush)},
        {"segment_octav", sizeof(shaders::SegmentOctavPush)},
        {"segment_select", sizeof(shaders::SegmentSelectPush)},
        {"segment_error_search", sizeof(shaders::SegmentErrorSearchPush)},
        {"quantize_elements", sizeof(shaders::QuantizePush)},
        {"copy_quads", sizeof(shaders::BandwidthPush)},
        {"sum_quads", sizeof(shaders::BandwidthPush)},
    };
    return all;
}

}  // namespace

TEST_CASE("Every embedded shader parses", "[spirv]") {
    CHECK_FALSE(embeddedShaders().empty());
    for (const auto& shader : embeddedShaders()) {
        INFO(shader.path);
        const SpirvSummary summary = summarizeSpirv(shader.words);
        CHECK(summary.pushSizeBytes > 0);
        CHECK(summary.pushSizeBytes <= 128);
        CHECK(summary.workgroupSize >= 1);
        CHECK(std::ranges::is_sorted(summary.pushMemberOffsets));
        CHECK(summary.pushMemberOffsets.at(0) == 0);
    }
}

// C++ pads a struct to its alignment, 8.
TEST_CASE("Push blocks are as large as the C++ structs", "[spirv]") {
    for (const Family& family : families()) {
        const SpirvSummary summary = summarizeSpirv(wordsOf(family.kernel));
        INFO(family.kernel);
        CHECK(family.pushBytes <= 128);
        CHECK(summary.pushSizeBytes <= family.pushBytes);
        CHECK(summary.pushSizeBytes + 8 > family.pushBytes);
    }
}

TEST_CASE("Constant 1 specializes every kernel's workgroup size, others do not", "[spirv]") {
    for (const auto& shader : embeddedShaders()) {
        INFO(shader.path);
        const uint32_t byDefault = summarizeSpirv(shader.words).workgroupSize;
        CHECK(summarizeSpirv(shader.words, {{0, 2}, {9999, 77}}).workgroupSize == byDefault);
        CHECK(summarizeSpirv(shader.words, {{0, 2}, {1, 96}}).workgroupSize == 96);
    }
}

TEST_CASE("What is not SPIR-V is refused", "[spirv]") {
    CHECK_THROWS_AS(summarizeSpirv({}), std::runtime_error);
    const uint32_t header[] = {0x07230203, 0x10600, 0, 1, 0};
    CHECK_THROWS_AS(summarizeSpirv(std::span(header).first(4)), std::runtime_error);
    CHECK_NOTHROW(summarizeSpirv(header));
    const uint32_t swapped[] = {0x03022307, 0x10600, 0, 1, 0};
    CHECK_THROWS_AS(summarizeSpirv(swapped), std::runtime_error);
    const uint32_t text[] = {0x6c6c6548, 0x6f57206f, 0x21646c72, 0, 0, 0};
    CHECK_THROWS_AS(summarizeSpirv(text), std::runtime_error);
}

TEST_CASE("A module that is cut short is refused", "[spirv]") {
    const uint32_t overrun[] = {0x07230203, 0x10600, 0, 1, 0, 3u << 16 | 17, 1};
    CHECK_THROWS_AS(summarizeSpirv(overrun), std::runtime_error);
    const uint32_t endless[] = {0x07230203, 0x10600, 0, 1, 0, 17, 1};  // an instruction of no words
    CHECK_THROWS_AS(summarizeSpirv(endless), std::runtime_error);
    const auto words = wordsOf("profile_private");
    size_t refused = 0;
    for (size_t size = 5; size < words.size(); ++size) {
        try {
            summarizeSpirv(std::span(words).first(size));
        } catch (const std::runtime_error&) {
            ++refused;
        }
    }
    CHECK(refused > words.size() / 2);  // all cuts but those between two instructions
}

}  // namespace tests
