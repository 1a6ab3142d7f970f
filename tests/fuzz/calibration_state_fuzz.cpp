// Reads bytes as the state of a calibration. What is taken must be written back as the same bytes, and answer
// every question; all else must be refused as unusable input.
#include "quant/calibration_state.h"
#include "quant/input_error.h"

#include <zlib.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const std::string& bytes) {
    quant::CalibrationState state;
    try {
        state = quant::CalibrationState::fromBytes(bytes, "fuzz");
    } catch (const quant::InputError&) {
        return;
    }
    require(state.bytes() == bytes);
    for (const auto& [name, tensor] : state.tensors()) {
        const auto profile = quant::Profile::fromSparse(tensor.profile);
        require(std::isfinite(profile.mean()));
        require(profile.min() <= profile.max());
        require(profile.meanMagnitude(quant::Sides::Both) <= double{profile.absmax()} * (1 + 1e-12));
    }
    try {
        quant::CalibrationState sum = state;
        sum.merge(state, "fuzz");
    } catch (const quant::InputError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string bytes(reinterpret_cast<const char*>(data), size);
    check(bytes);
    // No fuzzer finds a checksum: it is mended, so that what lies behind it is reached.
    if (size < 4) return 0;
    const auto sum = static_cast<uint32_t>(crc32_z(0, data, size - 4));
    for (size_t i = 0; i < 4; ++i) bytes[size - 4 + i] = static_cast<char>(sum >> (8 * i) & 0xff);
    check(bytes);
    return 0;
}
