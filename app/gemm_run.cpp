#include "app/gemm_run.h"

#include "engine/commands.h"
#include "quant/device_time.h"
#include "quant/peak_rate.h"

#include <algorithm>
#include <span>
#include <string>

namespace app {

namespace {

using engine::Buffer;
using engine::MemoryKind;

Buffer uploaded(engine::Device& device, std::span<const std::byte> bytes, const std::string& name) {
    Buffer buffer(device, bytes.size(), MemoryKind::Device, name);
    if (bytes.empty()) return buffer;
    if (!buffer.mapped().empty()) {
        std::ranges::copy(bytes, buffer.mapped().begin());
        buffer.flush();
        return buffer;
    }
    const Buffer staging(device, bytes.size(), MemoryKind::Upload, name);
    std::ranges::copy(bytes, staging.mapped().begin());
    staging.flush();
    engine::Commands commands(device);
    commands.copy({staging, 0, bytes.size()}, {buffer, 0, bytes.size()});
    commands.submit();
    return buffer;
}

}  // namespace

double GemmResult::bytes() const {
    if (m == 0 || n == 0) return 0;
    const double ofA = elementBits(types.a) / 8.0, ofB = elementBits(types.b) / 8.0;
    return ofA * m * k + ofB * k * n + (readsC ? 8.0 : 4.0) * m * n;
}

double GemmCeilings::rateOf(quant::GemmTypes types) const {
    return isInteger(types) ? std::max(floatRate, dotRate) : floatRate;
}

GemmCeilings measureCeilings(engine::Device& device, bool hasIntegers) {
    GemmCeilings ceilings{.floatRate = quant::peakRate(device, quant::Arithmetic::Float32),
                          .bandwidth = quant::copyBandwidth(device)};
    if (hasIntegers && device.info().integerDotProduct)
        ceilings.dotRate = quant::peakRate(device, quant::Arithmetic::Dot4x8);
    return ceilings;
}

DeviceProduct::DeviceProduct(engine::Device& device, const quant::HostProduct& product)
    : m_device(device),
      m_a(uploaded(device, product.a.bytes, "matrix A")),
      m_b(uploaded(device, product.b.bytes, "matrix B")),
      m_c(device, product.elementsOfC() * 4, MemoryKind::Device, "matrix C") {
    if (!product.c.empty()) m_initialC = uploaded(device, product.c, "matrix C before");
    m_problem = {.types = product.types,
                 .m = product.m,
                 .n = product.n,
                 .k = product.k,
                 .a = {m_a, product.a.rowStride, product.a.columnStride},
                 .b = {m_b, product.b.rowStride, product.b.columnStride},
                 .c = {m_c, product.n, 1},
                 .bias = {},
                 .alpha = product.alpha,
                 .beta = product.beta};
}

double DeviceProduct::multiply(quant::Gemm& gemm, const quant::GemmPlan& plan) {
    if (m_initialC.sizeBytes() > 0) {
        engine::Commands commands(m_device);
        commands.copy(m_initialC, m_c);
        commands.submit();
    }
    return quant::deviceSeconds(m_device, [&] { return gemm.multiply(m_problem, plan); });
}

GemmResult DeviceProduct::measure(quant::Gemm& gemm, const quant::GemmPlan& plan, uint32_t repeat,
                                  double patience) {
    std::vector<double> seconds = {multiply(gemm, plan)};
    if (seconds.front() <= patience) {
        seconds.resize(repeat);
        for (double& one : seconds) one = multiply(gemm, plan);
    }
    const auto middle = seconds.begin() + static_cast<ptrdiff_t>(seconds.size() / 2);
    std::ranges::nth_element(seconds, middle);
    return {.types = m_problem.types,
            .m = m_problem.m,
            .n = m_problem.n,
            .k = m_problem.k,
            .plan = plan,
            .seconds = *middle,
            .readsC = m_problem.beta != 0,
            .check = {}};
}

std::vector<std::byte> DeviceProduct::result() const {
    std::vector<std::byte> bytes(uint64_t{m_problem.m} * m_problem.n * 4);
    engine::readBack(m_device, m_c, bytes);
    return bytes;
}

}  // namespace app
