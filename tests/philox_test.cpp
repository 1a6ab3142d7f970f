#include "quant/philox.h"

#include "engine/commands.h"
#include "engine/kernel.h"
#include "tests/device_fixture.h"
#include "tests/shader_folder.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <vector>

namespace tests {

using namespace quant;
using engine::Buffer;
using engine::MemoryKind;

namespace {

struct KnownAnswer {
    PhiloxCounter counter;
    PhiloxKey key;
    PhiloxCounter bits;
};

// "philox4x32 10" in kat_vectors of the authors' library Random123.
constexpr KnownAnswer knownAnswers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static_assert(philox(knownAnswers[0].counter, knownAnswers[0].key) == knownAnswers[0].bits);

// Reads counters and keys, six words each; writes bits and uniforms, eight words each.
constexpr const char* philoxKernel = R"(#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#include "compute/grid.glsl"
#include "compute/philox.glsl"
layout(buffer_reference, scalar) buffer Words { uint at[]; };
layout(push_constant, scalar) uniform Push { Words from; Words to; uint count; } push;
void main() {
    const uint i = invocationIndex();
    if (i >= push.count) return;
    uint word[6];
    for (uint j = 0u; j < 6u; ++j) word[j] = push.from.at[6u * i + j];
    const uvec4 bits = philox(uvec4(word[0], word[1], word[2], word[3]), uvec2(word[4], word[5]));
    const uvec4 own = philoxBits(uvec2(word[4], word[5]), uvec2(word[0], word[1]));
    const vec4 uniforms = philoxUniforms(own);
    for (uint j = 0u; j < 4u; ++j) {
        push.to.at[8u * i + j] = bits[j];
        push.to.at[8u * i + 4u + j] = floatBitsToUint(uniforms[j]);
    }
})";

struct PhiloxPush {
    uint64_t from, to;
    uint32_t count;
};

struct DeviceAnswer {
    PhiloxCounter bits;
    std::array<float, 4> uniforms;  // of the four elements from 4 * (the counter's low 64 bits) on
};

std::vector<DeviceAnswer> onDevice(const std::vector<std::pair<PhiloxCounter, PhiloxKey>>& inputs) {
    ShaderFolder folder;
    std::filesystem::copy_file(sourceFile("shaders/compute/philox.glsl"),
                               folder.path() / "compute/philox.glsl");
    folder.write("test_philox", philoxKernel);
    const auto& kernel = device().kernel("test_philox", {.constants = {{1, 64}}});
    const Buffer from(device(), inputs.size() * 24, MemoryKind::Upload, "counters and keys"),
        to(device(), inputs.size() * 32, MemoryKind::Device, "random bits");
    auto word = from.mappedAs<uint32_t>().begin();
    for (const auto& [counter, key] : inputs) {
        word = std::ranges::copy(counter, word).out;
        word = std::ranges::copy(key, word).out;
    }
    from.flush();
    engine::Commands commands(device());
    const PhiloxPush push{from.address(), to.address(), static_cast<uint32_t>(inputs.size())};
    commands.dispatch(kernel, inputs.size(), push, {from}, {to});
    commands.submit();
    std::vector<DeviceAnswer> answers(inputs.size());
    static_assert(sizeof(DeviceAnswer) == 32);
    engine::readBack(device(), to, std::as_writable_bytes(std::span(answers)));
    return answers;
}

}  // namespace

TEST_CASE("Philox gives the published answers", "[philox]") {
    for (const auto& [counter, key, bits] : knownAnswers) CHECK(philox(counter, key) == bits);
}

TEST_CASE("Philox gives the published answers on the device", "[device][philox]") {
    std::vector<std::pair<PhiloxCounter, PhiloxKey>> inputs;
    for (const auto& [counter, key, bits] : knownAnswers) inputs.emplace_back(counter, key);
    const auto answers = onDevice(inputs);
    for (size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].bits == knownAnswers[i].bits);
}

TEST_CASE("Device and host draw the same for every element", "[device][philox]") {
    constexpr uint64_t seed = 0x0123456789abcdef;
    const PhiloxKey key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    // Blocks around the carry into the counter's second word.
    std::vector<std::pair<PhiloxCounter, PhiloxKey>> inputs;
    std::vector<uint64_t> blocks;
    for (uint64_t i = 0; i < 1000; ++i) blocks.push_back(i < 500 ? i : (uint64_t{1} << 32) - 750 + i);
    for (const uint64_t block : blocks)
        inputs.push_back({{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), 0, 0}, key});
    const auto answers = onDevice(inputs);
    for (size_t i = 0; i < blocks.size(); ++i) {
        for (uint64_t lane = 0; lane < 4; ++lane) {
            CHECK(answers[i].bits[lane] == philoxBits(seed, 4 * blocks[i] + lane));
            CHECK(answers[i].uniforms[lane] == philoxUniform(seed, 4 * blocks[i] + lane));
        }
    }
}

// 2^16 draws: the standard error of the mean is 0.0011, of a share in 16 classes 0.0009.
TEST_CASE("Uniforms lie in [0, 1) and are spread evenly", "[philox]") {
    constexpr uint64_t draws = 1 << 16;
    double sum = 0;
    std::array<uint32_t, 16> classes{};
    for (uint64_t i = 0; i < draws; ++i) {
        const float u = philoxUniform(2026, i);
        CHECK((u >= 0 && u < 1));
        sum += double{u};
        ++classes[static_cast<size_t>(16 * u)];
    }
    CHECK(std::abs(sum / draws - 0.5) < 5 * 0.0012);
    for (const uint32_t count : classes) CHECK(std::abs(count / double{draws} - 1.0 / 16) < 5 * 0.00095);
}

TEST_CASE("Seeds and elements draw differently", "[philox]") {
    CHECK(philoxBits(1, 0) != philoxBits(2, 0));
    CHECK(philoxBits(1, 0) != philoxBits(uint64_t{1} << 32 | 1, 0));
    CHECK(philoxBits(1, 0) != philoxBits(1, 1));
    CHECK(philoxBits(1, 3) != philoxBits(1, 3 + (uint64_t{4} << 32)));
}

}  // namespace tests
