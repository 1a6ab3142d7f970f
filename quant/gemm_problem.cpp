#include "quant/gemm_problem.h"

#include "quant/gemm_finishing.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace quant {

namespace {

// Of m, n, k and rows of C: rounding up to tiles stays below 2^32, and so does a row of C in bytes.
constexpr uint32_t mostExtent = UINT32_MAX - 65536, mostRowStride = (1u << 30) - 1;
constexpr float mostAlpha = 1 << 24;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument(what);
}

void checkMatrix(const char* which, const GemmMatrix& matrix, uint64_t rows, uint64_t columns, uint64_t count,
                 GemmType type) {
    const std::string prefix = std::string("matrix ") + which;
    require(matrix.data.offset % 4 == 0, prefix + " begins within a word");
    require(matrix.count > 0, prefix + " has a count of 0");
    if (rows == 0 || columns == 0 || count == 0) return;
    const double last = static_cast<double>(rows - 1) * matrix.rowStride +
                        static_cast<double>(columns - 1) * matrix.columnStride +
                        static_cast<double>(count - 1) * matrix.batchStride + matrix.firstElement;
    // 16-bit integers are read by bytes.
    const double most = type == GemmType::Int16 ? 0x1p31 : 0x1p32 - 1;
    require(last < most, prefix + (type == GemmType::Int16 ? " spans 2^31 elements or more"
                                                           : " spans 2^32 elements or more"));
    require(wordBytes(type, static_cast<uint64_t>(last) + 1) <= matrix.data.sizeBytes,
            prefix + " is larger than its buffer");
}

bool isValueOf(GemmType type, int32_t value) {
    if (!isInteger(type)) return value == 0;
    if (type == GemmType::Uint8) return value >= 0 && value < 256;
    const int32_t half = 1 << (elementBits(type) - 1);
    return type == GemmType::Binary ? value == -1 || value == 1 : value >= -half && value < half;
}

void checkQuantizer(const char* which, const GemmMatrix& matrix, GemmType type) {
    if (!matrix.quantizer) return;
    const auto& [elements, scale, zeroPoint] = *matrix.quantizer;
    const std::string prefix = std::string("matrix ") + which;
    require(!isInteger(elements) && (type == GemmType::Int8 || type == GemmType::Uint8),
            prefix + " is quantized from other elements than floats, or not to 8-bit integers");
    require(scale > 0 && std::isnormal(scale) && std::isnormal(1 / scale),
            prefix + " has a scale that is not positive, or too small or too large to divide by");
    require(isValueOf(type, zeroPoint), prefix + " has a zero point out of range");
}

// The window's rows or columns that a kernel may reach, padding included.
double reach(uint32_t places, uint32_t stride, uint32_t kernel, uint32_t dilation) {
    return double{1} * places * stride + double{1} * kernel * dilation;
}

void checkWindow(const GemmProblem& problem) {
    require(!problem.a.window && !problem.c.window, "matrices A and C have no windows");
    if (!problem.b.window) return;
    const GemmWindow& window = *problem.b.window;
    require(double{1} * window.channels * window.kernelHeight * window.kernelWidth == problem.k,
            "the window of matrix B has not k elements");
    require(double{1} * window.outHeight * window.outWidth == problem.n,
            "the window of matrix B has not n places");
    require(std::min({window.height, window.width, window.strideY, window.strideX}) > 0 &&
                std::max({window.height, window.width, window.strideY, window.strideX, window.dilationY,
                          window.dilationX, window.padTop, window.padLeft}) < 1u << 30,
            "the window of matrix B has extents of 0 or of 2^30 and more");
    require(reach(window.outHeight, window.strideY, window.kernelHeight, window.dilationY) < 0x1p31 &&
                reach(window.outWidth, window.strideX, window.kernelWidth, window.dilationX) < 0x1p31,
            "the window of matrix B reaches over 2^31 places");
    require(double{1} * window.channels * window.height * window.width < 0x1p32,
            "the window of matrix B spans 2^32 elements or more");
    require(problem.b.quantizer ? window.padding == 0 : isValueOf(problem.types.b, window.padding),
            "the padding of matrix B is no value of its elements");
}

// What lies in memory of a matrix, as rows and columns.
GemmMatrix storedB(const GemmProblem& problem) {
    GemmMatrix matrix = problem.b;
    if (!matrix.window) return matrix;
    matrix.rowStride = 1;
    matrix.columnStride = 0;
    return matrix;
}

bool isMultiplied(GemmTypes types) {
    if (types.hasHalfSums) return types.a == GemmType::Fp16 && types.b == GemmType::Fp16;
    return types.a == types.b || (isInteger(types.a) && isInteger(types.b));
}

void checkC(const GemmProblem& problem) {
    const auto& [m, n, c] = std::tie(problem.m, problem.n, problem.c);
    require(c.columnStride == 1, "the columns of matrix C are not contiguous");
    require(m <= 1 || (c.rowStride >= n && c.rowStride <= mostRowStride),
            "rows of matrix C overlap or are 4 GiB apart");
    require(problem.batches <= 1 || c.batchStride <= mostRowStride,
            "matrices C of the batches are 4 GiB apart");
    require(problem.batches <= 1 || c.batchStride >= uint64_t{m - std::min(m, 1u)} * c.rowStride + n,
            "matrices C of the batches overlap");
    const bool isByte = problem.finishing && isEightBit(*problem.finishing);
    checkMatrix("C", c, m, n, problem.batches, isByte ? GemmType::Int8 : GemmType::Fp32);
    require(double{1} * m * n * problem.batches < 0x1p32 - 1, "matrix C has 2^32 elements or more");
}

}  // namespace

bool isSkinny(const GemmProblem& problem) {
    const GemmMatrix& wide = problem.m <= problem.n ? problem.b : problem.a;
    if (problem.b.window) return false;
    return std::min(problem.m, problem.n) <= mostSkinny && (wide.rowStride == 1 || wide.columnStride == 1);
}

bool needsPacking(const GemmProblem& problem) {
    return problem.a.quantizer || problem.b.quantizer || problem.b.window;
}

double gemmErrorBound(uint64_t k, GemmTypes types) {
    const double roundings = static_cast<double>(k) + 4;
    return types.hasHalfSums ? std::expm1(roundings * std::log1p(0x1p-11)) : roundings * 0x1p-24;
}

void checkProblem(const GemmProblem& problem) {
    const auto& [types, m, n, k] = std::tie(problem.types, problem.m, problem.n, problem.k);
    require(isMultiplied(types), "matrices of " + std::string(name(types.a)) + " and " +
                                     std::string(name(types.b)) + " are not multiplied");
    require(std::max({m, n, k}) <= mostExtent, "a product of 2^32 rows, columns or more");
    checkQuantizer("A", problem.a, types.a);
    checkQuantizer("B", problem.b, types.b);
    checkMatrix("A", problem.a, m, k, std::min(problem.a.count, problem.batches),
                problem.a.quantizer ? problem.a.quantizer->elements : types.a);
    checkWindow(problem);
    const auto& window = problem.b.window;
    const uint64_t rowsOfB = window ? uint64_t{window->height} * window->width * window->channels : k;
    checkMatrix("B", storedB(problem), n > 0 ? rowsOfB : 0, n, std::min(problem.b.count, problem.batches),
                problem.b.quantizer ? problem.b.quantizer->elements : types.b);
    checkC(problem);
    require(problem.channelBatches > 0, "channelBatches is 0");
    require(!problem.bias || problem.bias->offset % 4 == 0, "the bias begins within a word");
    require(!problem.bias ||
                problem.bias->sizeBytes / 4 >= uint64_t{problem.channelsOfBatch()} * problem.channelBatches,
            "the bias is shorter than the channels of C");
    if (!isInteger(types)) {
        require(!problem.finishing, "a product of floats is not requantized");
        return;
    }
    if (problem.finishing) return;
    require(std::trunc(problem.alpha) == problem.alpha && std::abs(problem.alpha) < mostAlpha &&
                (problem.beta == 0 || problem.beta == 1),
            "products of integers take whole numbers for alpha, and beta 0 or 1");
}

}  // namespace quant
