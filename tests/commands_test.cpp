#include "engine/commands.h"

#include "engine/error.h"
#include "tests/device_fixture.h"
#include "tests/shader_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace tests {

using engine::Buffer;
using engine::Commands;
using engine::Kernel;
using engine::MemoryKind;

namespace {

constexpr const char* linearStep = R"(#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_scalar_block_layout : require
#include "compute/grid.glsl"
layout(buffer_reference, scalar) buffer Words { uint at[]; };
layout(push_constant, scalar) uniform Push { Words from; Words to; uint elements; uint addend; } push;
void main() {
    const uint i = invocationIndex();
    if (i < push.elements) push.to.at[i] = 3u * push.from.at[i] + push.addend + i;
})";

struct LinearPush {
    uint64_t from, to;
    uint32_t elements, addend;
};

const Kernel& linearKernel(uint32_t workgroupSize = 64) {
    const engine::KernelVariant variant{.constants = {{1, workgroupSize}}};
    ShaderFolder folder;
    folder.write("test_linear_step", linearStep);
    return device().kernel("test_linear_step", variant);  // kept by the device from then on
}

std::vector<uint32_t> readWords(const Buffer& buffer, uint64_t words) {
    std::vector<uint32_t> values(words);
    readBack(device(), {buffer, 0, 4 * words}, std::as_writable_bytes(std::span(values)));
    return values;
}

}  // namespace

TEST_CASE("A fill covers its range and nothing else", "[device][commands]") {
    const Buffer buffer(device(), 4096, MemoryKind::Device, "filled");
    Commands commands(device());
    commands.fill(buffer, 7);
    commands.fill({buffer, 16, 40}, 0xdeadbeef);
    commands.fill({buffer, 4096, 0}, 1);
    commands.submit();
    const auto words = readWords(buffer, 1024);
    for (size_t i = 0; i < words.size(); ++i) CHECK(words[i] == (i >= 4 && i < 14 ? 0xdeadbeefu : 7u));
}

TEST_CASE("A copy brings its bytes and nothing else", "[device][commands]") {
    const Buffer from(device(), 4096, MemoryKind::Upload, "source"),
        to(device(), 4096, MemoryKind::Device, "target");
    std::ranges::iota(from.mappedAs<uint32_t>(), 100u);
    from.flush();
    Commands commands(device());
    commands.fill(to, 0);
    commands.copy({from, 8, 400}, {to, 40, 400});
    commands.copy({from, 0, 0}, {to, 0, 0});
    commands.submit();
    const auto words = readWords(to, 1024);
    for (size_t i = 0; i < words.size(); ++i) CHECK(words[i] == (i >= 10 && i < 110 ? 100 + i - 8 : 0));
}

TEST_CASE("A dispatch covers every element, whatever the number", "[device][commands]") {
    const Kernel& kernel = linearKernel();
    for (const uint32_t elements : {0u, 1u, 63u, 64u, 65u, 1000u, 4096u}) {
        const Buffer buffer(device(), 4 * 5000, MemoryKind::Device, "elements");
        Commands commands(device());
        commands.fill(buffer, 1);
        commands.dispatch(kernel, elements, LinearPush{buffer.address(), buffer.address(), elements, 5},
                          {buffer}, {buffer});
        commands.submit();
        const auto words = readWords(buffer, 5000);
        bool right = true;
        for (uint32_t i = 0; i < 5000; ++i) right = right && words[i] == (i < elements ? 8 + i : 1);
        INFO(elements << " elements");
        CHECK(right);
    }
}

TEST_CASE("Dependent dispatches see each other's writes", "[device][commands]") {
    constexpr uint32_t elements = 10007;
    const Kernel& kernel = linearKernel();
    const Buffer a(device(), 4 * elements, MemoryKind::Device, "ping"),
        b(device(), 4 * elements, MemoryKind::Device, "pong");
    Commands commands(device());
    commands.fill(a, 1);
    std::vector<uint32_t> expected(elements, 1);
    for (uint32_t step = 0; step < 100; ++step) {
        const Buffer &from = step % 2 ? b : a, &to = step % 2 ? a : b;
        commands.dispatch(kernel, elements, LinearPush{from.address(), to.address(), elements, step}, {from},
                          {to});
        for (uint32_t i = 0; i < elements; ++i) expected[i] = 3 * expected[i] + step + i;
    }
    commands.submit();
    CHECK(readWords(a, elements) == expected);
}

TEST_CASE("Submissions see the writes of earlier ones", "[device][commands]") {
    constexpr uint32_t elements = 5003;
    const Kernel& kernel = linearKernel();
    const Buffer buffer(device(), 4 * elements, MemoryKind::Device, "submissions");
    std::vector<uint32_t> expected(elements, 2);
    {
        Commands commands(device());
        commands.fill(buffer, 2);
        commands.submit();
    }
    for (uint32_t step = 0; step < 200; ++step) {  // more than the device keeps in flight
        Commands commands(device());
        commands.dispatch(kernel, elements, LinearPush{buffer.address(), buffer.address(), elements, step},
                          {buffer}, {buffer});
        commands.submit();
        for (uint32_t i = 0; i < elements; ++i) expected[i] = 3 * expected[i] + step + i;
    }
    CHECK(readWords(buffer, elements) == expected);
}

TEST_CASE("A grid beyond the limit of workgroups along x covers every element", "[device][commands]") {
    const Kernel& kernel = linearKernel(1);
    const auto elements =
        static_cast<uint32_t>(std::min<uint64_t>(uint64_t{device().info().maxWorkgroupCount} + 3, 200003));
    if (device().info().maxWorkgroupCount > 200000) WARN("the limit is too high to be exceeded here");
    const Buffer buffer(device(), 4 * uint64_t{elements}, MemoryKind::Device, "wide");
    Commands commands(device());
    commands.fill(buffer, 0);
    commands.dispatch(kernel, elements, LinearPush{buffer.address(), buffer.address(), elements, 9}, {buffer},
                      {buffer});
    commands.submit();
    std::vector<uint32_t> expected(elements);
    std::ranges::iota(expected, 9u);
    CHECK(readWords(buffer, elements) == expected);
}

TEST_CASE("A push of another size than the kernel's is refused", "[device][commands]") {
    const Kernel& kernel = linearKernel();
    const Buffer buffer(device(), 64, MemoryKind::Device, "unused");
    struct Short {
        uint64_t from, to;
    };
    struct Long {
        LinearPush push;
        uint64_t more;
    };
    Commands commands(device());
    CHECK_THROWS_AS(commands.dispatch(kernel, 1, Short{}, {}, {}), std::logic_error);
    CHECK_THROWS_AS(commands.dispatch(kernel, 1, Long{}, {}, {}), std::logic_error);
    CHECK_THROWS_AS(commands.dispatch(kernel, 0, Short{}, {}, {}), std::logic_error);
}

TEST_CASE("An unknown kernel is refused", "[device][commands]") {
    CHECK_THROWS_AS(device().kernel("no_such_kernel"), std::logic_error);
}

TEST_CASE("A kernel is made once for a variant", "[device][commands]") {
    CHECK(&linearKernel(32) == &linearKernel(32));
    CHECK(&linearKernel(32) != &linearKernel(64));
    CHECK(linearKernel(32).workgroupSize() == 32);
    CHECK(linearKernel(32).pushSizeBytes() == sizeof(LinearPush));
}

TEST_CASE("Commands that are never submitted do nothing and free their slot", "[device][commands]") {
    const Buffer buffer(device(), 64, MemoryKind::Device, "untouched");
    {
        Commands commands(device());
        commands.fill(buffer, 1);
        commands.submit();
    }
    for (int i = 0; i < 200; ++i) {
        Commands commands(device());
        commands.fill(buffer, 2);
    }
    CHECK(readWords(buffer, 16) == std::vector<uint32_t>(16, 1));
}

TEST_CASE("A ticket is done once it was waited for", "[device][commands]") {
    const Buffer buffer(device(), 1 << 20, MemoryKind::Device, "waited for");
    Commands commands(device());
    commands.fill(buffer, 3);
    const engine::Ticket ticket = commands.submit();
    device().wait(ticket);
    CHECK(device().isDone(ticket));
    CHECK_FALSE(device().isDone({ticket.value + 1}));
}

TEST_CASE("Waiting for what is never submitted times out", "[device][commands]") {
    Commands commands(device());
    const engine::Ticket ticket = commands.submit();
    CHECK_THROWS_AS(device().wait({ticket.value + 1}, 0), engine::Timeout);
}

TEST_CASE("A part of a buffer is read back", "[device][commands]") {
    const Buffer buffer(device(), 4096, MemoryKind::Device, "parts");
    Commands commands(device());
    commands.fill(buffer, 1);
    commands.fill({buffer, 400, 4}, 2);
    commands.submit();
    std::vector<uint32_t> words(3);
    readBack(device(), {buffer, 396, 12}, std::as_writable_bytes(std::span(words)));
    CHECK(words == std::vector<uint32_t>{1, 2, 1});
}

TEST_CASE("A buffer beyond the largest allocation is refused, and counted nowhere", "[device][commands]") {
    const uint64_t before = device().allocatedBytes();
    CHECK_THROWS_AS(
        Buffer(device(), device().info().largestAllocationBytes + 1, MemoryKind::Device, "too large"),
        engine::OutOfMemory);
    CHECK(device().allocatedBytes() == before);
}

TEST_CASE("Buffers are counted while they live, and are aligned", "[device][commands]") {
    const uint64_t before = device().allocatedBytes();
    {
        Buffer first(device(), 1000, MemoryKind::Device, "first");
        CHECK(first.address() % 16 == 0);
        CHECK(device().allocatedBytes() == before + first.sizeBytes());
        const Buffer second = std::move(first);
        CHECK(second.sizeBytes() >= 1000);
        CHECK(device().allocatedBytes() == before + second.sizeBytes());
    }
    CHECK(device().allocatedBytes() == before);
}

}  // namespace tests
