#pragma once

#include "engine/buffer.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <optional>

namespace quant {

struct GemmFinishing;

// Floats that become 8-bit integers where a matrix is packed: round(x / scale) + zeroPoint, ties to even,
// with the division as a product with the rounded inverse, saturating; NaN becomes the zero point.
struct GemmQuantizer {
    GemmType elements = GemmType::Fp32;  // as they lie in memory: a float type
    float scale = 1;                     // above 0; neither it nor its inverse subnormal
    int32_t zeroPoint = 0;               // within the range of the integers
};

// A matrix B that is not stored as such: a convolution's kernel sees column (y, x) of outHeight x outWidth at
// its place (y, x) on images [channels][height][width], of which row (c, y, x) is one element. What lies
// beyond the images is `padding`, a value of the type; 0 of floats, also of those that become integers.
struct GemmWindow {
    uint32_t channels = 1, height = 1, width = 1;
    uint32_t kernelHeight = 1, kernelWidth = 1;
    uint32_t outHeight = 1, outWidth = 1;
    uint32_t strideY = 1, strideX = 1;
    uint32_t dilationY = 1, dilationX = 1;
    uint32_t padTop = 0, padLeft = 0;
    int32_t padding = 0;
};

// Matrices in device memory, one for each batch or for several: element (i, j) of the first lies at
// firstElement + i * rowStride + j * columnStride, counted in elements from a whole word. A transposed matrix
// is one with its strides exchanged. The buffer ends on a whole word.
struct GemmMatrix {
    engine::BufferRange data;
    uint32_t rowStride = 0, columnStride = 1;
    uint32_t firstElement = 0;
    uint32_t batchStride = 0;                // from one matrix to the next, in elements
    uint32_t count = 1;                      // batch b has matrix b % count
    std::optional<GemmQuantizer> quantizer;  // of A and B
    std::optional<GemmWindow> window;        // of B; the strides of rows and columns do not count then
};

enum class GemmActivation { None, Relu };  // Relu: max(c, 0), where NaN stays
enum class GemmChannels { Columns, Rows };

// C = activation(alpha * A * B + beta * C + bias), with A [m][k], B [k][n], C [m][n], in every batch. The
// bias has an entry for each column of C, or for each row; it is the same in all batches, or repeats after
// channelBatches of them, [channelBatches][channels]. C and the bias are fp32, or int32 where A and B are
// integers; then alpha is an integer below 2^24 in magnitude (of 16-bit integers 2^15) and beta 0 or 1. C's
// columns are contiguous, and there is one C for each batch. With beta = 0 C need not hold numbers. Of k = 0
// the product is zero.
struct GemmProblem {
    GemmTypes types = GemmType::Fp32;
    uint32_t m = 0, n = 0, k = 0;
    uint32_t batches = 1;
    GemmMatrix a, b, c;
    std::optional<engine::BufferRange> bias;
    float alpha = 1, beta = 0;
    GemmActivation activation = GemmActivation::None;
    GemmChannels channels = GemmChannels::Columns;
    uint32_t channelBatches = 1;
    // C of other types: QuantizedGemm makes it. Neither alpha nor beta nor the activation counts then.
    const GemmFinishing* finishing = nullptr;

    uint32_t channelsOfBatch() const { return channels == GemmChannels::Rows ? m : n; }
};

constexpr uint32_t mostSkinny = 8;

// Whether the path `skinny` can take a product: at most mostSkinny rows or columns, and the other matrix
// contiguous along k or along its rows or columns.
bool isSkinny(const GemmProblem& problem);

// Whether matrices must be packed to be read at all: floats to quantize, windows.
bool needsPacking(const GemmProblem& problem);
// The paths that pack.
constexpr bool isPacking(GemmPath path) {
    return path == GemmPath::Tiled || path == GemmPath::Dot || path == GemmPath::Coopmat;
}

// Throws std::invalid_argument for what Gemm::multiply refuses whatever the path.
void checkProblem(const GemmProblem& problem);

// Error bound of an element of a float product computed by any path: at most gemmErrorBound(k, types) times
// |alpha| * sum |a b| + |beta c| + |bias|. Additions are made in an order that differs between paths: each of
// k products goes through at most k + 3 roundings of 2^-24 (N. Higham, Accuracy and Stability of Numerical
// Algorithms, 2002, section 3.1). Where a driver flushes subnormals, each rounding may lose 2^-126 besides.
// Half sums: roundings of 2^-11, which compound; each may lose 2^-25 besides, and sums beyond 65504 overflow.
// Integer products are exact.
double gemmErrorBound(uint64_t k, GemmTypes types = GemmType::Fp32);

}  // namespace quant
