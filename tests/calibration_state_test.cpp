#include "quant/calibration_state.h"

#include "quant/input_error.h"
#include "tests/reference.h"
#include "tests/sample_data.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tests {

using namespace quant;
using quant::tests::TempFolder;

namespace {

constexpr size_t firstTensor = 16, tensorHead = 32;

CalibrationState stateOf(const std::vector<std::pair<std::string, std::vector<float>>>& tensors) {
    CalibrationState state;
    for (const auto& [name, values] : tensors) state.add(name, reference::profile(values), "memory");
    return state;
}

void put(std::string& bytes, size_t offset, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; ++i) bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

// The bytes with a checksum that fits.
std::string sealed(std::string bytes) {
    const size_t end = bytes.size() - 4;
    put(bytes, end, crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), end), 4);
    return bytes;
}

std::string complaint(std::string_view bytes) {
    try {
        CalibrationState::fromBytes(bytes, "x.state");
    } catch (const InputError& error) {
        const std::string message = error.what();
        REQUIRE(message.starts_with("x.state: "));
        REQUIRE_FALSE(message.contains('\n'));
        return message.substr(9);
    }
    return "";
}

// One tensor 'w': its bins begin at byte 49.
std::string oneTensor(const std::vector<float>& values = {1, 2, -3}) {
    return stateOf({{"w", values}}).bytes();
}

// A value in every bin that a profile has.
std::vector<float> everyBin() {
    std::vector<float> values;
    for (uint32_t bin = 0; bin < 2040; ++bin) {
        for (const uint32_t sign : {0u, 0x80000000u})
            values.push_back(std::bit_cast<float>(sign | bin << 20 | 0xfffff));
    }
    const float infinity = std::numeric_limits<float>::infinity(),
                nan = std::numeric_limits<float>::quiet_NaN();
    for (const float x : {0.0f, infinity, -infinity, nan, std::copysign(nan, -1.0f)}) values.push_back(x);
    return values;
}

}  // namespace

TEST_CASE("A state's bytes read back to the same state", "[calibration_state]") {
    for (const auto& [name, values] : awkwardSamples(1009)) {
        INFO(name);
        const auto state = stateOf({{"a", values}, {"b", gaussians(100, 1)}, {"", {}}});
        CHECK(CalibrationState::fromBytes(state.bytes(), "memory") == state);
    }
    CHECK(CalibrationState::fromBytes(CalibrationState().bytes(), "memory") == CalibrationState());
}

TEST_CASE("A profile goes through its occupied bins unchanged, and they are found sound",
          "[calibration_state]") {
    for (const size_t size : {0u, 1u, 3u, 2003u}) {
        for (const auto& [name, values] : awkwardSamples(size)) {
            INFO(name);
            const Profile profile = reference::profile(values);
            CHECK_FALSE(flawOf(profile.sparse()));
            CHECK(Profile::fromSparse(profile.sparse()) == profile);
        }
    }
}

TEST_CASE("Order and grouping of what is added leave the bytes alike", "[calibration_state]") {
    const auto samples = awkwardSamples(503);
    CalibrationState forwards, backwards, halves[2];
    for (size_t i = 0; i < samples.size(); ++i) {
        const std::string name = i % 3 ? "a" : "b" + std::to_string(i % 2);
        forwards.add(name, reference::profile(samples[i].values), "memory");
        halves[i % 2].add(name, reference::profile(samples[i].values), "memory");
    }
    for (size_t i = samples.size(); i-- > 0;)
        backwards.add(i % 3 ? "a" : "b" + std::to_string(i % 2), reference::profile(samples[i].values),
                      "memory");
    CHECK(backwards.bytes() == forwards.bytes());
    CalibrationState first = halves[0], second = halves[1];
    first.merge(halves[1], "memory");
    second.merge(halves[0], "memory");
    CHECK(first.bytes() == forwards.bytes());
    CHECK(second.bytes() == forwards.bytes());
}

TEST_CASE("Parts of a tensor add up to the whole", "[calibration_state]") {
    const auto values = gaussians(10007, 4);
    CalibrationState parts;
    for (size_t first = 0; first < values.size(); first += 999) {
        const auto part = std::span(values).subspan(first, std::min<size_t>(999, values.size() - first));
        parts.add("x", reference::profile(part), "memory");
    }
    CHECK(parts.tensors().at("x").contributions == 11);
    CHECK(Profile::fromSparse(parts.tensors().at("x").profile) == reference::profile(values));
}

TEST_CASE("A tensor takes less than 84 KiB, whatever went in", "[calibration_state]") {
    auto state = stateOf({{"x", everyBin()}});
    CHECK(state.tensors().at("x").profile.bins.size() == 2 * 2042 + 1);
    CHECK(state.bytes().size() < 84 << 10);
    for (int i = 0; i < 30; ++i) state.merge(CalibrationState(state), "memory");
    CHECK(state.bytes().size() < 84 << 10);
    CHECK(CalibrationState::fromBytes(state.bytes(), "memory") == state);
}

TEST_CASE("More than 2^44 elements or 2^64 contributions are refused, and the state is as it was",
          "[calibration_state]") {
    auto state = stateOf({{"x", {1, 2, 3}}});
    while (state.tensors().at("x").profile.elements() <= maxProfileElements / 2)
        state.merge(CalibrationState(state), "memory");
    const auto before = state.bytes();
    CHECK_THROWS_AS(state.merge(CalibrationState(state), "other.state"), InputError);
    CHECK(state.bytes() == before);
    std::string often = oneTensor();
    put(often, firstTensor + 8, UINT64_MAX, 8);
    const auto many = CalibrationState::fromBytes(sealed(often), "memory");
    auto sum = many;
    try {
        sum.merge(many, "other.state");
        FAIL("merged");
    } catch (const InputError& error) {
        CHECK(std::string(error.what()).starts_with("other.state: tensor 'w': "));
    }
    CHECK(sum == many);
}

TEST_CASE("A name that is too long is refused", "[calibration_state]") {
    CalibrationState state;
    state.add(std::string(65535, 'n'), Profile(), "memory");
    CHECK(CalibrationState::fromBytes(state.bytes(), "memory") == state);
    CHECK_THROWS_AS(state.add(std::string(65536, 'n'), Profile(), "memory"), InputError);
    CHECK(state.tensors().size() == 1);
}

TEST_CASE("What is no state, or of another version, is refused", "[calibration_state]") {
    CHECK(complaint("").contains("is not the state of a calibration"));
    CHECK(complaint("no state at all, only words").contains("is not the state of a calibration"));
    std::string other = oneTensor();
    other[8] = 2;
    CHECK(complaint(sealed(other)) == "field 'version': is 2; 1 can be read (at byte 8)");
}

TEST_CASE("A state that is cut short or continues is refused", "[calibration_state]") {
    const std::string whole = stateOf({{"a", {1, 2}}, {"b", {-1}}}).bytes();
    for (size_t size = 1; size < whole.size(); ++size) {
        INFO(size << " bytes");
        CHECK_FALSE(complaint(whole.substr(0, size)).empty());
    }
    CHECK(complaint(whole.substr(0, whole.size() - 1)).contains("is cut short"));
    CHECK(complaint(whole + "more").contains("4 bytes too many"));
}

TEST_CASE("A flipped bit anywhere is refused", "[calibration_state]") {
    const std::string whole = stateOf({{"a", {1, 2}}, {"b", {-1, 0}}}).bytes();
    for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        std::string damaged = whole;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        INFO("bit " << bit);
        CHECK_FALSE(complaint(damaged).empty());
    }
    std::string damaged = whole;
    damaged[firstTensor + tensorHead] = 'c';
    CHECK(complaint(damaged).starts_with("field 'checksum': does not fit the data"));
}

TEST_CASE("What no tensors can have added up to is refused by tensor, field and place",
          "[calibration_state]") {
    constexpr size_t bins = firstTensor + tensorHead + 1;
    struct Refusal {
        size_t offset;
        uint64_t value;
        size_t size;
        const char* message;
    };
    // 1, 2 and -3: bins 1016, 1024 and 2048 + 1028 of one element each.
    const Refusal refusals[] = {
        {firstTensor + 8, 0, 8, "field 'contributions': is 0 (at byte 24)"},
        {firstTensor + 16, 4, 8, "field 'elements': is 4, but the bins hold 3 (at byte 32)"},
        {firstTensor + 24, 0, 4, "field 'max': the largest element is in none of the bins (at byte 40)"},
        {firstTensor + 28, 0, 4, "field 'min': the smallest element is in none of the bins (at byte 44)"},
        {firstTensor + 24, 0xc0000001, 4,
         "field 'max': the largest element does not fit its bin's sum (at byte 69)"},
        {bins, 2043, 4, "field 'bins': 2043 is not the index of a bin (at byte 49)"},
        {bins, 4096, 4, "field 'bins': 4096 is not the index of a bin (at byte 49)"},
        {bins, 1024, 4, "field 'bins': the bins are not in rising order (at byte 69)"},
        {bins + 4, 0, 8, "field 'bins': a bin that is listed holds nothing (at byte 49)"},
        {bins + 4, UINT64_MAX, 8, "field 'bins': a count of 18446744073709551615 is above 2^44 (at byte 49)"},
        {bins + 4, uint64_t{1} << 44, 8, "field 'bins': the counts add up to more than 2^44 (at byte 69)"},
        {bins + 12, 1 << 20, 8, "field 'bins': 1 elements cannot add up to 1048576 (at byte 49)"},
    };
    for (const auto& [offset, value, size, message] : refusals) {
        std::string bytes = oneTensor();
        put(bytes, offset, value, size);
        CHECK(complaint(sealed(bytes)) == std::string("tensor 'w': ") + message);
    }
}

TEST_CASE("Extremes that the elements of their bin cannot have are refused", "[calibration_state]") {
    // 1.3 has the rest 0x66666, 1.4 0x33333 more; the smallest element is stored complemented.
    const auto withSmallest = [](const std::vector<float>& values, uint32_t bits) {
        std::string bytes = oneTensor(values);
        put(bytes, firstTensor + 28, ~(bits | 0x80000000u), 4);
        return complaint(sealed(bytes));
    };
    const auto withLargest = [](const std::vector<float>& values, uint32_t key) {
        std::string bytes = oneTensor(values);
        put(bytes, firstTensor + 24, key, 4);
        return complaint(sealed(bytes));
    };
    CHECK(withSmallest({1.3f}, 0x3fa66666).empty());
    CHECK(withSmallest({1.3f}, 0x3fa66665).contains("field 'min': the smallest element does not fit"));
    CHECK(withSmallest({1.3f, 1.35f}, 0x3fa66667).contains("field 'min'"));
    // All below zero: the largest is the one of least magnitude.
    CHECK(withLargest({-1.3f}, ~0xbfa66666u).empty());
    CHECK(withLargest({-1.3f}, ~0xbfa66665u).contains("field 'max': the largest element does not fit"));
    CHECK(withSmallest({0.0f}, 0).empty());
    std::string zero = oneTensor({0.0f});
    put(zero, firstTensor + 28, ~0x7fffffffu, 4);
    CHECK(complaint(sealed(zero)).contains("do not fit their bin"));
}

TEST_CASE("Names that appear twice or out of order are refused", "[calibration_state]") {
    const std::string whole = stateOf({{"a", {1}}, {"b", {1}}}).bytes();
    const size_t second = whole.find('b', firstTensor);
    for (const auto& [name, message] : {std::pair('a', "appears twice"), std::pair('A', "is out of order")}) {
        std::string bytes = whole;
        bytes[second] = name;
        CHECK(complaint(sealed(bytes)).contains(message));
    }
}

TEST_CASE("A state in a file is read, and a missing one refused", "[calibration_state]") {
    const TempFolder folder;
    const auto state = stateOf({{"x", gaussians(1000, 2)}});
    CHECK(CalibrationState::read(folder.write("a.state", state.bytes())) == state);
    CHECK_THROWS_AS(CalibrationState::read(folder / "missing"), InputError);
    CHECK_THROWS_AS(CalibrationState::read(folder.write("words", "words")), InputError);
}

TEST_CASE("A head alone tells what is too new or too large to be read", "[calibration_state]") {
    const TempFolder folder;
    std::string bytes = oneTensor();
    const auto complaintOfLarge = [&] {
        const auto path = folder.write("state", bytes);
        std::filesystem::resize_file(path, uint64_t{1} << 36);  // takes no room, but would fill the memory
        try {
            CalibrationState::read(path);
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(complaintOfLarge().contains("has 68719476736 bytes, more than 1 tensor takes"));
    bytes[8] = 9;
    CHECK(complaintOfLarge().contains("field 'version': is 9"));
}

TEST_CASE("Names that are not UTF-8 are refused", "[calibration_state]") {
    CHECK(complaint(stateOf({{"a\xff", {1, 2}}}).bytes()).contains("is not UTF-8"));
}

}  // namespace tests
