#pragma once

#include "app/kernel_run.h"
#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/gemm.h"
#include "quant/host_product.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace app {

// A product that was computed.
struct GemmResult {
    uint32_t m = 0, n = 0, k = 0;
    quant::GemmPlan plan;
    Measurement measured;
};

// A product whose matrices lie on the device.
class DeviceProduct {
public:
    // Copies the matrices to the device. Throws engine::OutOfMemory.
    DeviceProduct(engine::Device& device, const quant::HostProduct& product);

    const quant::GemmProblem& problem() const { return m_problem; }

    // Multiplies for medianSeconds(). C is as before each time where it is added. Throws as Gemm::multiply.
    GemmResult measure(quant::Gemm& gemm, const quant::GemmPlan& plan, uint32_t repeat,
                       double patience = HUGE_VAL);

    std::vector<std::byte> result() const;  // C, [m][n]

private:
    double multiply(quant::Gemm& gemm, const quant::GemmPlan& plan);

    engine::Device& m_device;
    engine::Buffer m_a, m_b, m_c, m_initialC;
    quant::GemmProblem m_problem;
};

}  // namespace app
