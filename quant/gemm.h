#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/gemm_tile.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quant {

// A matrix in device memory, on a whole word: element (i, j) lies at i · rowStride + j · columnStride,
// counted in elements. A transposed matrix is one with its strides exchanged. The buffer ends on a whole
// word.
struct GemmMatrix {
    engine::BufferRange data;
    uint32_t rowStride = 0, columnStride = 1;
};

// C = α·A·B + β·C + bias, with A [m][k], B [k][n], C [m][n] and the bias [n] added to each row. C and the
// bias are fp32, or int32 where A and B are integers; then α is 1 and β 0 or 1. C's columns are contiguous.
// With β = 0 C need not hold numbers. Of k = 0 the product is zero.
struct GemmProblem {
    GemmType type = GemmType::Fp32;
    uint32_t m = 0, n = 0, k = 0;
    GemmMatrix a, b, c;
    std::optional<engine::BufferRange> bias;
    float alpha = 1, beta = 0;
};

// Whether the path `skinny` can take a product: at most 8 rows or columns, and the other matrix contiguous
// along k or along its rows or columns.
bool isSkinny(const GemmProblem& problem);

// Error bound of an element of a float product computed by any path: at most gemmErrorBound(k) times
// |α|·Σ|a·b| + |β·c| + |bias|. Additions are made in an order that differs between paths: each of k products
// goes through at most k + 3 roundings of 2^-24 (N. Higham, Accuracy and Stability of Numerical Algorithms,
// 2002, section 3.1). Where a driver flushes subnormals, each rounding may lose 2^-126 besides. Integer
// products are exact.
double gemmErrorBound(uint64_t k);

// Products of matrices on a device. It keeps scratch memory, and is used from one thread.
class Gemm {
public:
    explicit Gemm(engine::Device& device) : m_device(device) {}

    // Those that the device has for a type, the reference first.
    std::vector<GemmPath> paths(GemmType type) const { return gemmPaths(m_device.info(), type); }
    // Why the device cannot take a path for a type, and which it can; empty where it can.
    std::string problemOf(GemmType type, GemmPath path) const;

    // What multiply() does by itself: chosen by device, type and shape, without measuring. GemmTuner
    // measures.
    GemmPlan planFor(const GemmProblem& problem) const;

    // Multiplies, in submissions of some 50 ms as far as a row of tiles takes no longer, and returns the last
    // one's ticket. Throws std::invalid_argument for a path that the device lacks or that cannot take the
    // product, extents near 2^32, matrices that span 2^32 elements or more, ranges that are too small or not
    // on whole words, rows of C that overlap, and α and β that integers do not take; engine::OutOfMemory.
    engine::Ticket multiply(const GemmProblem& problem, const GemmPlan& plan);
    engine::Ticket multiply(const GemmProblem& problem) { return multiply(problem, planFor(problem)); }

private:
    struct Work;
    struct Panels;
    void reference(Work& work);
    void shared(Work& work);
    void skinny(Work& work);
    void packed(Work& work);
    Panels panelsFor(const Work& work);
    void pack(Work& work, const Panels& panels, bool isA, uint32_t firstDepth, uint32_t depth);

    engine::Device& m_device;
    engine::Buffer m_panelsA, m_panelsB, m_slices;
};

}  // namespace quant
