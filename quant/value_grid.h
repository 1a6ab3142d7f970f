#pragma once

#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/clipped_grid.h"
#include "quant/segments.h"
#include "quant/tensor_file.h"
#include "quant/tensor_stream.h"

#include <cstdint>

namespace quant {

// A tensor as pictures: one of rows and columns, its last two axes, for each index of the axes before. A
// tensor of one axis is folded into rows of a power of two, about as many as they are long.
struct ValueShape {
    uint64_t slices = 1, rows = 0, columns = 0;
    uint64_t sliceElements = 0;  // of the last row of a folded tensor some may be missing

    explicit ValueShape(const TensorInfo& info);
    // Any tensor as rows of so many elements, at least 1: a single slice, as if folded.
    ValueShape(uint64_t elements, uint64_t rowElements);
};

// What is shown of a slice.
struct ValueWindow {
    uint64_t slice = 0;
    uint64_t firstRow = 0, rows = 0, firstColumn = 0, columns = 0;
};

// rows × columns at most.
constexpr uint64_t maxWindowElements = uint64_t{1} << 22;

// A window of a tensor on the device, for a shader that draws it as an image: the elements, what they are
// quantized to, and the difference.
class ValueGrid {
public:
    explicit ValueGrid(engine::Device& device) : m_device(device) {}

    // Reads the window alone, and leaves the stream with a selection inside the tensor: select again before
    // another pass. Infinities are quantized to the outermost levels; the difference is Q(x) - x in float.
    // Where the grid's clip is below 2^-60, results below 2^-126 become 0. Throws std::invalid_argument for
    // a window beyond the tensor or larger than maxWindowElements, and for a block-scaled format.
    void load(TensorStream& stream, const TensorFile& file, size_t tensor, const ValueWindow& window,
              const ClippedGrid& grid);
    // The same of a shape of one's own choice, which lies inside the tensor. With k times the columns and a
    // k-th of the rows, a window's rows are every k-th of the tensor's.
    void load(TensorStream& stream, const TensorFile& file, size_t tensor, const ValueShape& shape,
              const ValueWindow& window, const ClippedGrid& grid);

    // Of the window loaded last.
    const ValueWindow& window() const { return m_window; }
    // Floats [row][column]. NaN of elements that are not numbers, and where a folded tensor has ended.
    engine::BufferRange original() const { return {m_original, 0, sizeBytes()}; }
    engine::BufferRange quantized() const { return {m_quantized, 0, sizeBytes()}; }
    engine::BufferRange difference() const { return {m_difference, 0, sizeBytes()}; }

private:
    uint64_t sizeBytes() const { return m_window.rows * m_window.columns * sizeof(float); }
    void loadRows(TensorStream& stream, const ClippedGrid& grid, uint64_t firstElement);

    engine::Device& m_device;
    ValueWindow m_window;
    engine::Buffer m_original, m_quantized, m_difference, m_scaled, m_grid;
};

}  // namespace quant
