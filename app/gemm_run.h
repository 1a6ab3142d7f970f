#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/gemm.h"
#include "quant/host_product.h"
#include "quant/product_check.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace app {

// A product that was computed, and how long it took.
struct GemmResult {
    quant::GemmTypes types = quant::GemmType::Fp32;
    uint32_t m = 0, n = 0, k = 0;
    quant::GemmPlan plan;
    double seconds = 0;
    bool readsC = false;
    std::optional<quant::ProductCheck> check;

    double operations() const { return 2.0 * m * n * k; }
    // That must move even if each matrix moves once: A, B and C, which is read too where it is added.
    double bytes() const;
    double intensity() const { return operations() / bytes(); }
};

// What the device does at most.
struct GemmCeilings {
    double floatRate = 0, dotRate = 0;  // operations per second; 0 for dot products that it lacks
    double bandwidth = 0;               // bytes per second of a plain copy

    // Integers may be multiplied as such or as floats: the faster of both.
    double rateOf(quant::GemmTypes types) const;
};
// hasIntegers: whether dot products matter.
GemmCeilings measureCeilings(engine::Device& device, bool hasIntegers);

// A product whose matrices lie on the device.
class DeviceProduct {
public:
    // Copies the matrices to the device. Throws engine::OutOfMemory.
    DeviceProduct(engine::Device& device, const quant::HostProduct& product);

    const quant::GemmProblem& problem() const { return m_problem; }

    // Multiplies once uncounted, since kernels are compiled for it, and then `repeat` times: the median. The
    // uncounted time is the answer where it exceeds `patience` seconds. C is as before each time where it is
    // added. Throws as Gemm::multiply.
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
