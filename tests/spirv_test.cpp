#include "engine/spirv.h"

#include "engine/shader_library.h"
#include "shaders/bandwidth.h"
#include "shaders/draw.h"
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

std::vector<uint32_t> wordsOf(const std::string& path) {
    const auto words = engine::findShader(path).words();
    return {words.begin(), words.end()};
}

struct Family {
    std::string shader;
    size_t pushBytes;
};

// Shaders with the struct that their host functions push.
const std::vector<Family>& families() {
    static const std::vector<Family> all = {
        {"compute/profile_private.comp", sizeof(shaders::ProfilePush)},
        {"compute/profile_shared.comp", sizeof(shaders::ProfilePush)},
        {"compute/refine_private.comp", sizeof(shaders::RefinePush)},
        {"compute/refine_atomic.comp", sizeof(shaders::RefinePush)},
        {"compute/count_windows.comp", sizeof(shaders::WindowPush)},
        {"compute/error_sweep.comp", sizeof(shaders::ErrorPush)},
        {"compute/segment_octav.comp", sizeof(shaders::SegmentOctavPush)},
        {"compute/segment_select.comp", sizeof(shaders::SegmentSelectPush)},
        {"compute/segment_error_search.comp", sizeof(shaders::SegmentErrorSearchPush)},
        {"compute/quantize_elements.comp", sizeof(shaders::QuantizePush)},
        {"compute/copy_quads.comp", sizeof(shaders::BandwidthPush)},
        {"compute/sum_quads.comp", sizeof(shaders::BandwidthPush)},
        {"compute/polyline.comp", sizeof(shaders::PolylinePush)},
        {"draw/line.frag", sizeof(shaders::LinePush)},
        {"draw/segment.frag", sizeof(shaders::SegmentPush)},
        {"draw/marker.frag", sizeof(shaders::MarkerPush)},
        {"draw/box.vert", sizeof(shaders::BoxPush)},
        {"draw/bar.vert", sizeof(shaders::BarPush)},
        {"draw/heat.frag", sizeof(shaders::HeatPush)},
        {"draw/ui.vert", sizeof(shaders::UiPush)},
    };
    return all;
}

}  // namespace

TEST_CASE("Every embedded shader parses", "[spirv]") {
    CHECK_FALSE(embeddedShaders().empty());
    for (const auto& shader : embeddedShaders()) {
        INFO(shader.path);
        const SpirvSummary summary = summarizeSpirv(shader.words);
        // A fragment shader may need none.
        if (shader.path.ends_with(".frag") && summary.pushSizeBytes == 0) continue;
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
        const SpirvSummary summary = summarizeSpirv(wordsOf(family.shader));
        INFO(family.shader);
        CHECK(family.pushBytes <= 128);
        CHECK(summary.pushSizeBytes <= family.pushBytes);
        CHECK(summary.pushSizeBytes + 8 > family.pushBytes);
    }
}

TEST_CASE("Constant 1 specializes every kernel's workgroup size, others do not", "[spirv]") {
    for (const auto& shader : embeddedShaders()) {
        INFO(shader.path);
        if (!shader.path.ends_with(".comp")) continue;
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
    const auto words = wordsOf("compute/profile_private.comp");
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
