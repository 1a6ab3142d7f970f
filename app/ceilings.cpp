#include "app/ceilings.h"

#include "quant/peak_rate.h"

#include <algorithm>

namespace app {

double Ceilings::rateOf(quant::GemmTypes types) const {
    return isInteger(types) ? std::max(floatRate, dotRate) : floatRate;
}

Ceilings measureCeilings(engine::Device& device, bool hasIntegers) {
    Ceilings ceilings{.floatRate = quant::peakRate(device, quant::Arithmetic::Float32),
                      .bandwidth = quant::copyBandwidth(device)};
    if (hasIntegers && device.info().integerDotProduct)
        ceilings.dotRate = quant::peakRate(device, quant::Arithmetic::Dot4x8);
    return ceilings;
}

}  // namespace app
