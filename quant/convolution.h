#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "quant/convolution_path.h"
#include "quant/convolution_shape.h"
#include "quant/gemm.h"
#include "quant/gemm_type.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quant {

// output = activation(Σ weights · input + bias), the bias [filters] of the output's type. Floats give fp32,
// integers int32, whose sums wrap modulo 2^32. Every range begins on a whole word, and its buffer ends on
// one.
//
// The sum of integers is of the levels as they are: places of padding hold inputZeroPoint, which stands for
// the real number zero, and no zero point is subtracted. QuantizedConvolution does that, and requantizes.
struct ConvolutionProblem {
    // Of weights (a) and input (b): fp32, fp16 or bf16, or integers: inputs of 8 bits, weights of 8 or fewer.
    GemmTypes types = GemmType::Fp32;
    ConvolutionShape shape;
    engine::BufferRange input, weights, output;
    std::optional<engine::BufferRange> bias;
    int32_t inputZeroPoint = 0;  // a level of the type; 0 of floats
    GemmActivation activation = GemmActivation::None;
    const GemmFinishing* finishing = nullptr;  // as GemmProblem has it; on the paths direct and implicit
};

// Whether places of padding may hold it: a level of integers, 0 of floats.
bool isZeroPoint(int32_t level, GemmType input);

// The product whose C is the output: A the weights, B the windows of the input, a batch for each group of
// each image. The implicit path multiplies it.
GemmProblem productOf(const ConvolutionProblem& problem);

// Error bounds of an element of a float output.
//
// Direct and im2col: at most convolutionErrorBound(depthOf(shape)) times Σ|weight·input| + |bias|; see
// gemmErrorBound, with one rounding more for the bias.
double convolutionErrorBound(uint64_t depth);
// Winograd: at most winogradErrorBound(path, channels) times Σ_c ‖w_c‖₁·max|x_c| + |bias|, where ‖w_c‖₁ is
// the sum of magnitudes of the filter's 3 x 3 kernel for channel c, and max|x_c| is over that part of the
// channel that the output's tile sees, 4 x 4 or 6 x 6 elements. (No bound in Σ|w·x| alone can hold: inputs
// cancel that an output does not depend on.) It is κ²·n·2^-24 with κ = max_{r,a} Σ_i |A_ir|·Σ_j|B_ji|·|G_ia|,
// 4 of F(2,3) and 88/3 of F(4,3), and n = channels + 16 or + 30 roundings on the way to an output. After B.
// Barabasz, A. Anderson, K. Soodhalter, D. Gregg, Error Analysis and Improving the Accuracy of Winograd
// Convolution for Deep Neural Networks (2020), section 4. Where a driver flushes subnormals, roundings lose
// κ²·2^-126 besides. NaN and infinity make NaN of whole tiles.
// On normal deviates errors are far smaller: of 64 channels their root mean square is at most 2^-21 of that
// of the outputs for F(2x2, 3x3), 2^-18 for F(4x4, 3x3).
double winogradErrorBound(ConvolutionPath path, uint64_t channels);

// Convolutions on a device. It keeps scratch memory besides that of products, and is used from one thread.
class Convolution {
public:
    // scratchBytes: at most so many for each of three purposes (columns or transformed inputs, transformed
    // weights, products of transforms), as far as the columns of a word, a run of tiles or a filter take no
    // more.
    explicit Convolution(engine::Device& device, uint64_t scratchBytes = uint64_t{256} << 20)
        : m_device(device), m_gemm(device), m_scratchBytes(scratchBytes) {}

    // Why a path cannot take a convolution; empty where it can. Winograd is for floats, 3 x 3 kernels, and
    // strides, dilations and groups of 1.
    static std::string problemOf(GemmTypes types, const ConvolutionShape& shape, ConvolutionPath path);
    static std::vector<ConvolutionPath> paths(GemmTypes types, const ConvolutionShape& shape);

    // What convolve() does by itself: chosen by type and shape, without measuring. Throws for shapes that
    // fail check().
    ConvolutionPath pathFor(const ConvolutionProblem& problem) const;

    // Convolves, in submissions of some 50 ms, and returns the last one's ticket; nothing for no images.
    // Throws std::invalid_argument for shapes that fail check(), a path that cannot take the convolution,
    // ranges that are too small or not on whole words, a zero point that is no level, and what Gemm does not
    // take; engine::OutOfMemory.
    engine::Ticket convolve(const ConvolutionProblem& problem, ConvolutionPath path);
    engine::Ticket convolve(const ConvolutionProblem& problem) { return convolve(problem, pathFor(problem)); }

private:
    struct Work;
    struct Winograd;
    void direct(Work& work);
    void im2col(Work& work);
    GemmMatrix writeColumns(Work& work, uint32_t image, uint32_t firstColumn, uint32_t count);
    void winograd(Work& work, uint32_t tile);
    void multiplyPlaces(Work& work, const Winograd& plan, uint32_t tiles, uint32_t pitch);
    void winogradChunk(Work& work, const Winograd& plan, uint32_t firstRun, uint32_t runs);

    engine::Device& m_device;
    Gemm m_gemm;
    uint64_t m_scratchBytes;
    engine::Buffer m_columns, m_weights, m_products;
};

}  // namespace quant
