#include "tests/requantized.h"

#include "quant/requantization.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tests {

using quant::QuantizedOutput;

void Requantized::store(std::vector<std::byte>& bytes, uint64_t index, int64_t total, double scale_) const {
    const auto wrapped = static_cast<int32_t>(static_cast<uint32_t>(total));
    if (output == QuantizedOutput::Fp32) {
        float value = static_cast<float>(scale_) * static_cast<float>(wrapped);
        if (isRelu) value = std::max(value, 0.0f);
        std::memcpy(bytes.data() + index * sizeof value, &value, sizeof value);
        return;
    }
    const double multiplier = scale_ / scale;
    const double scaled =
        requantization == quant::Requantization::Fixed
            ? scaledByFixed(wrapped, quant::fixedMultiplier(multiplier))
            : std::nearbyint(double{static_cast<float>(multiplier) * static_cast<float>(wrapped)});
    const double low = output == QuantizedOutput::Int8 ? -128 : 0;
    const double level = std::clamp(scaled + zeroPoint, isRelu ? zeroPoint : low, low + 255);
    bytes[index] = static_cast<std::byte>(static_cast<int>(level));
}

}  // namespace tests
