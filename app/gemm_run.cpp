#include "app/gemm_run.h"

#include "engine/commands.h"
#include "quant/device_time.h"

#include <array>

namespace app {

namespace {

using engine::MemoryKind;

// Of A, B and C, which is read too where it is added.
double bytesOf(const quant::GemmProblem& problem) {
    const double m = problem.m, n = problem.n, k = problem.k;
    if (m == 0 || n == 0) return 0;
    const double ofA = elementBits(problem.types.a) / 8.0, ofB = elementBits(problem.types.b) / 8.0;
    return ofA * m * k + ofB * k * n + (problem.beta != 0 ? 8.0 : 4.0) * m * n;
}

}  // namespace

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
    const double seconds = medianSeconds([&] { return multiply(gemm, plan); }, repeat, patience);
    const auto [m, n, k] = std::array{m_problem.m, m_problem.n, m_problem.k};
    return {.m = m,
            .n = n,
            .k = k,
            .plan = plan,
            .measured = {.types = m_problem.types,
                         .operations = 2.0 * m * n * k,
                         .bytes = bytesOf(m_problem),
                         .outputs = uint64_t{m} * n,
                         .seconds = seconds,
                         .check = {}}};
}

std::vector<std::byte> DeviceProduct::result() const {
    std::vector<std::byte> bytes(uint64_t{m_problem.m} * m_problem.n * 4);
    engine::readBack(m_device, m_c, bytes);
    return bytes;
}

}  // namespace app
