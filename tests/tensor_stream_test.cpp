#include "quant/tensor_stream.h"

#include "engine/error.h"
#include "quant/input_error.h"
#include "quant/profile_pass.h"
#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

namespace tests {

using namespace quant;

namespace {

constexpr uint64_t ampleBytes = uint64_t{64} << 20;
constexpr uint64_t scantBytes = uint64_t{1} << 18;  // 192 KiB stay on the device, chunks of 8192 elements
constexpr DType analyzable[] = {DType::F32, DType::F16, DType::BF16, DType::F64};

uint32_t deviceBytes(DType dtype) {
    return dtype == DType::F16 || dtype == DType::BF16 ? 2 : 4;
}

// The elements as floats, from the bytes that a kernel would read.
std::vector<float> decode(std::span<const std::byte> bytes, DType dtype) {
    std::vector<float> values;
    for (size_t i = 0; i < bytes.size(); i += deviceBytes(dtype)) {
        uint32_t bits = 0;
        std::memcpy(&bits, bytes.data() + i, deviceBytes(dtype));
        const auto half = static_cast<uint16_t>(bits);
        values.push_back(dtype == DType::F16    ? floatFromHalf(half)
                         : dtype == DType::BF16 ? floatFromBfloat(half)
                                                : std::bit_cast<float>(bits));
    }
    return values;
}

// What one pass delivers, copied together on the device; checks what Chunk promises.
std::vector<float> onePass(TensorStream& stream, DType dtype) {
    const uint32_t size = deviceBytes(dtype);
    const engine::Buffer all(device(), stream.elements() * size, engine::MemoryKind::Device, "collected");
    uint64_t next = 0;
    stream.forEachChunk([&](engine::Commands& commands, const Chunk& chunk) {
        CHECK(chunk.firstElement == next);
        CHECK(chunk.firstElement % 8192 == 0);
        CHECK(chunk.data.address() % 16 == 0);
        CHECK(chunk.data.sizeBytes >= uint64_t{chunk.elements} * size);
        CHECK(chunk.data.sizeBytes % 16 == 0);
        CHECK(chunk.data.offset + chunk.data.sizeBytes <= chunk.data.buffer->sizeBytes());
        commands.copy({*chunk.data.buffer, chunk.data.offset, uint64_t{chunk.elements} * size},
                      {all, next * size, uint64_t{chunk.elements} * size});
        next += chunk.elements;
    });
    CHECK(next == stream.elements());
    std::vector<std::byte> bytes(stream.elements() * size);
    engine::readBack(device(), {all, 0, bytes.size()}, bytes);
    return decode(bytes, dtype);
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
    return std::ranges::equal(
        a, b, {}, [](float x) { return std::bit_cast<uint32_t>(x); },
        [](float x) { return std::bit_cast<uint32_t>(x); });
}

std::vector<float> selected(const std::vector<float>& values, const Selection& selection) {
    std::vector<float> result;
    for (uint64_t run = 0; run < selection.runs; ++run) {
        for (uint64_t i = 0; i < selection.run; ++i)
            result.push_back(values.at(selection.first + run * selection.stride + i));
    }
    return result;
}

// A tensor that cannot be read from some byte on.
class BrokenTensor : public MemoryTensor {
public:
    using MemoryTensor::MemoryTensor;

protected:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override {
        if (offset + bytes.size() > 40000) throw InputError("broken", "x", "cannot be read");
        MemoryTensor::readRange(index, offset, bytes);
    }
};

}  // namespace

TEST_CASE("Every pass delivers the tensor's elements, resident or streamed", "[device][tensor_stream]") {
    for (const uint64_t budgetBytes : {ampleBytes, scantBytes}) {
        TensorStream stream(device(), budgetBytes);
        for (const size_t size : {0u, 1u, 3u, 8191u, 8192u, 8193u, 50001u, 200003u}) {
            for (const DType dtype : analyzable) {
                const MemoryTensor tensor(gaussians(size, size), dtype);
                stream.select(tensor, 0);
                INFO(name(dtype) << ", " << size << " elements, budget " << budgetBytes);
                for (int pass = 0; pass < 3; ++pass) CHECK(sameBits(onePass(stream, dtype), tensor.values()));
            }
        }
    }
}

TEST_CASE("A profile is the same resident and streamed", "[device][tensor_stream]") {
    const MemoryTensor tensor(gaussians(300007, 1));
    ProfilePass profiles(device());
    for (const uint64_t budgetBytes : {ampleBytes, scantBytes}) {
        TensorStream stream(device(), budgetBytes);
        stream.select(tensor, 0);
        for (int pass = 0; pass < 2; ++pass)
            CHECK(profiles.profile(stream) == reference::profile(tensor.values()));
    }
}

TEST_CASE("Smaller budgets make smaller chunks, whole blocks of elements", "[device][tensor_stream]") {
    uint64_t last = UINT64_MAX;
    for (const uint64_t budgetBytes :
         {uint64_t{1} << 40, uint64_t{64} << 20, uint64_t{1} << 20, uint64_t{1}}) {
        const uint64_t chunk = TensorStream(device(), budgetBytes).chunkElements();
        CHECK(chunk % 8192 == 0);
        CHECK(chunk < last);
        last = chunk;
    }
    CHECK(last == 8192);
}

TEST_CASE("F64 is narrowed to the nearest float", "[device][tensor_stream]") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                     infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> values = {
        0.1,          -1.0 / 3, 1 + 0x1p-24, 1 + 0x3p-24, 1e300,      -1e300, 3.4028235677973366e38,
        3.4028235e38, 1e-45,    -1e-310,     0x1p-150,    0x1.8p-150, -0.0,   infinity,
        -infinity,    nan};
    const uint32_t expected[] = {0x3dcccccd, 0xbeaaaaab, 0x3f800000, 0x3f800002, 0x7f800000,
                                 0xff800000, 0x7f800000, 0x7f7fffff, 1,          0x80000000,
                                 0,          1,          0x80000000, 0x7f800000, 0xff800000};
    const MemoryTensor tensor(values);
    TensorStream stream(device(), ampleBytes);
    stream.select(tensor, 0);
    CHECK(stream.elementType() == 0);
    const auto found = onePass(stream, DType::F64);
    REQUIRE(found.size() == values.size());
    for (size_t i = 0; i < std::size(expected); ++i) CHECK(std::bit_cast<uint32_t>(found[i]) == expected[i]);
    CHECK(found.back() != found.back());
}

TEST_CASE("A selection delivers its runs one after another", "[device][tensor_stream]") {
    const Selection selections[] = {{.first = 5, .run = 1},
                                    {.first = 0, .run = 1, .stride = 3, .runs = 33000},
                                    {.first = 7, .run = 13, .stride = 100, .runs = 999},
                                    {.first = 1, .run = 8191, .stride = 8192, .runs = 12},
                                    {.first = 99999, .run = 4},
                                    {.first = 3, .run = 50000, .stride = 49999, .runs = 2}};
    for (const DType dtype : analyzable) {
        const MemoryTensor tensor(gaussians(100003, 2), dtype);
        for (const uint64_t budgetBytes : {ampleBytes, scantBytes}) {
            TensorStream stream(device(), budgetBytes);
            for (const Selection& selection : selections) {
                stream.select(tensor, 0, selection);
                CHECK(stream.elements() == selection.elements());
                for (int pass = 0; pass < 2; ++pass)
                    CHECK(sameBits(onePass(stream, dtype), selected(tensor.values(), selection)));
            }
        }
    }
}

TEST_CASE("A resident selection lies in one piece", "[device][tensor_stream]") {
    for (const DType dtype : analyzable) {
        const MemoryTensor tensor(gaussians(100003, 3), dtype);
        TensorStream stream(device(), ampleBytes);
        const Selection selection{.first = 2, .run = 7, .stride = 10, .runs = 10000};
        stream.select(tensor, 0, selection);
        for (int time = 0; time < 2; ++time) {
            const auto range = stream.resident();
            std::vector<std::byte> bytes(selection.elements() * deviceBytes(dtype));
            engine::readBack(device(), range, bytes);
            CHECK(range.address() % 16 == 0);
            CHECK(sameBits(decode(bytes, dtype), selected(tensor.values(), selection)));
        }
        CHECK(sameBits(onePass(stream, dtype), selected(tensor.values(), selection)));
    }
}

TEST_CASE("What exceeds the budget is streamed but not made resident", "[device][tensor_stream]") {
    const MemoryTensor tensor(gaussians(100003, 4));
    TensorStream stream(device(), scantBytes);
    const uint64_t most = stream.residentElements(tensor, 0);
    CHECK(most == scantBytes / 4 * 3 / 4);
    stream.select(tensor, 0);
    CHECK_THROWS_AS(stream.resident(), engine::OutOfMemory);
    CHECK(sameBits(onePass(stream, DType::F32), tensor.values()));
    stream.select(tensor, 0, {.run = most});
    CHECK_NOTHROW(stream.resident());
    stream.select(tensor, 0, {.run = most + 1});
    CHECK_THROWS_AS(stream.resident(), engine::OutOfMemory);
}

TEST_CASE("A stream holds no more than its budget", "[device][tensor_stream]") {
    const uint64_t before = device().allocatedBytes(), budgetBytes = uint64_t{8} << 20;
    const MemoryTensor large(gaussians(size_t{3} << 20, 5)), small(gaussians(size_t{1} << 20, 5));
    TensorStream stream(device(), budgetBytes);
    for (const MemoryTensor* tensor : {&large, &small, &large}) {
        stream.select(*tensor, 0);
        stream.forEachChunk([](engine::Commands&, const Chunk&) {});
        CHECK(device().allocatedBytes() - before <= budgetBytes);
    }
}

TEST_CASE("A tensor that cannot be read throws and leaves the stream usable", "[device][tensor_stream]") {
    const BrokenTensor broken(gaussians(100003, 6));
    const MemoryTensor whole(gaussians(100003, 7));
    for (const uint64_t budgetBytes : {ampleBytes, scantBytes}) {
        TensorStream stream(device(), budgetBytes);
        for (int time = 0; time < 2; ++time) {
            stream.select(broken, 0);
            CHECK_THROWS_AS(stream.forEachChunk([](engine::Commands&, const Chunk&) {}), InputError);
            stream.select(whole, 0);
            CHECK(sameBits(onePass(stream, DType::F32), whole.values()));
        }
    }
}

}  // namespace tests
