#include "engine/upload_ring.h"

#include "engine/error.h"
#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstring>

namespace tests {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;
using engine::UploadRing;

namespace {

// Fills a slot with a number.
void write(std::span<std::byte> host, uint32_t number, uint64_t sizeBytes) {
    for (uint64_t i = 0; i < sizeBytes; i += 4) std::memcpy(host.data() + i, &number, 4);
}

}  // namespace

TEST_CASE("Every slot's bytes reach the device before the slot is filled again", "[device][upload_ring]") {
    constexpr uint64_t slotBytes = 4096, uploads = 100;
    UploadRing ring(device(), slotBytes, 3);
    const Buffer all(device(), slotBytes * uploads, MemoryKind::Device, "collected");
    for (uint32_t i = 0; i < uploads; ++i) {
        const auto host = ring.next();
        REQUIRE(host.size() == ring.slotBytes());
        write(host, i, slotBytes);
        Commands commands(device());
        commands.copy(ring.upload(commands, slotBytes), {all, i * slotBytes, slotBytes});
        ring.usedBy(commands.submit());
    }
    std::vector<uint32_t> words(slotBytes * uploads / 4);
    readBack(device(), all, std::as_writable_bytes(std::span(words)));
    bool right = true;
    for (size_t i = 0; i < words.size(); ++i) right = right && words[i] == i / (slotBytes / 4);
    CHECK(right);
}

TEST_CASE("A slot that is filled in part is uploaded in part", "[device][upload_ring]") {
    UploadRing ring(device(), 1 << 16, 2);
    write(ring.next(), 7, 1000);
    Commands commands(device());
    const auto range = ring.upload(commands, 1000);
    CHECK(range.sizeBytes == 1000);
    CHECK(range.address() % 16 == 0);
    ring.usedBy(commands.submit());
    std::vector<uint32_t> words(250);
    readBack(device(), range, std::as_writable_bytes(std::span(words)));
    CHECK(std::ranges::all_of(words, [](uint32_t word) { return word == 7; }));
}

TEST_CASE("A ring of one slot works", "[device][upload_ring]") {
    UploadRing ring(device(), 64, 1);
    for (uint32_t i = 0; i < 5; ++i) {
        write(ring.next(), i, 64);
        Commands commands(device());
        const auto range = ring.upload(commands, 64);
        ring.usedBy(commands.submit());
        uint32_t word = 99;
        readBack(device(), range, std::as_writable_bytes(std::span(&word, 1)));
        CHECK(word == i);
    }
}

TEST_CASE("Slots larger than an allocation are halved until they fit", "[device][upload_ring]") {
    const uint64_t largest = device().info().largestAllocationBytes;
    if (largest > uint64_t{1} << 40) return;  // nothing is too large
    const uint64_t asked = largest + 1024;
    const UploadRing ring(device(), asked, 1);
    CHECK(ring.slotBytes() == asked / 2);
}

}  // namespace tests
