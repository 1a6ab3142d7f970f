#include "tests/result_buffer.h"

#include "engine/commands.h"
#include "tests/device_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <bit>
#include <span>

namespace tests {

namespace {

constexpr uint32_t guard = 0x5a5a5a5a, unwritten = 0x7fc12345;  // a NaN
constexpr uint64_t guards = 8;                                  // before and behind

}  // namespace

ResultBuffer::ResultBuffer(uint64_t count)
    : ResultBuffer(std::vector<float>(count, std::bit_cast<float>(unwritten))) {}

ResultBuffer::ResultBuffer(const std::vector<float>& values)
    : m_count(values.size()),
      m_buffer(device(), (m_count + 2 * guards) * 4, engine::MemoryKind::Readback, "result") {
    const auto words = m_buffer.mappedAs<uint32_t>();
    std::ranges::fill(words, guard);
    std::ranges::transform(values, words.begin() + guards,
                           [](float x) { return std::bit_cast<uint32_t>(x); });
    m_buffer.flush();
}

engine::BufferRange ResultBuffer::range() const {
    return {m_buffer, guards * 4, m_count * 4};
}

std::vector<float> ResultBuffer::values() const {
    device().wait(engine::Commands(device()).submit());
    m_buffer.invalidate();
    const auto words = m_buffer.mappedAs<uint32_t>();
    const bool isKept = std::ranges::count(words.first(guards), guard) == guards &&
                        std::ranges::count(words.last(guards), guard) == guards;
    REQUIRE(isKept);
    const auto floats = m_buffer.mappedAs<float>().subspan(guards, m_count);
    return {floats.begin(), floats.end()};
}

}  // namespace tests
