#pragma once

#include "quant/gemm_type.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quant {

// A matrix in host memory: element (i, j) lies at i · rowStride + j · columnStride, counted in elements.
// Elements of fewer than 8 bits lie end to end, lowest bits first.
struct HostMatrix {
    std::vector<std::byte> bytes;
    uint32_t rowStride = 0, columnStride = 1;
};

// C = α·A·B + β·C, as GemmProblem has it on the device.
struct HostProduct {
    GemmTypes types = GemmType::Fp32;
    uint32_t m = 0, n = 0, k = 0;
    HostMatrix a, b;           // [m][k], [k][n]
    std::vector<std::byte> c;  // [m][n] before the product, fp32 or int32; empty where β is 0
    float alpha = 1, beta = 0;

    uint64_t elementsOfC() const { return uint64_t{m} * n; }
};

}  // namespace quant
