#pragma once

#include "app/explorer/session.h"
#include "quant/tensor_file.h"
#include "quant/value_grid.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace app {

// Which part of an image is on the device, in tiles: every step-th row of tiles from firstRow on.
struct ImagePart {
    uint64_t firstRow = 0, rows = 0, firstColumn = 0, columns = 0, step = 1;
    bool operator==(const ImagePart&) const = default;
};

// How the elements of a tensor become the pixels of an image. One or two axes: the matrix itself, or the
// vector folded into rows. More: the slice that is asked for, or all slices side by side as tiles of a
// mosaic, whose rows of tiles are the first axis where that is not too slim, or else such that the image is
// about square, as far as a row of tiles has 4 M elements at most; slices that have more lie one below the
// other.
class ValueImage {
public:
    // slice: as of ValueState. An index beyond its axis counts as the last.
    ValueImage(const quant::TensorInfo& info, const std::vector<uint64_t>& slice);

    uint64_t rows() const { return m_tilesDown * m_tileRows; }
    uint64_t columns() const { return m_tilesAcross * m_tileColumns; }
    bool isMosaic() const { return m_tileRows * m_tileColumns > 1; }
    uint64_t tileRows() const { return m_tileRows; }
    uint64_t tileColumns() const { return m_tileColumns; }
    uint64_t tilesDown() const { return m_tilesDown; }
    uint64_t tilesAcross() const { return m_tilesAcross; }
    // Tiles of the last row that hold elements, 1 to tilesAcross(); the rest of that row is empty.
    uint64_t tilesInLastRow() const;
    // Beyond 8 to 1 pixels are no longer square, but as the plot has them.
    bool isStretched() const;

    // The element of a pixel, counted in the tensor; none beyond the image and where it is empty.
    std::optional<uint64_t> elementAt(uint64_t row, uint64_t column) const;

    // What to have on the device to draw what is visible: all of it up to 4 M elements; else what is visible
    // and a little around it, and of that every step-th row of tiles where it is still too much. Of a matrix
    // with more columns than that, those in the middle.
    ImagePart partFor(const ZoomRect& visible) const;

    // The part as a window of the tensor.
    quant::ValueShape shape(const ImagePart& part) const;
    quant::ValueWindow window(const ImagePart& part) const;
    // Where a pixel of the image lies in the part's buffer; none where it is not there.
    std::optional<uint64_t> cellOf(const ImagePart& part, uint64_t row, uint64_t column) const;

private:
    void makeMosaic(const quant::TensorInfo& info);
    void arrangeTiles(const quant::TensorInfo& info, uint64_t tiles);
    uint64_t tileElements() const { return m_tileRows * m_tileColumns; }

    quant::ValueShape m_shape;  // of rows of tiles
    uint64_t m_slice = 0;
    uint64_t m_tileRows = 1, m_tileColumns = 1, m_tilesDown = 0, m_tilesAcross = 0;
};

// The indices along each axis of an element counted in the tensor.
std::vector<uint64_t> indexOf(const quant::TensorInfo& info, uint64_t element);

// The slice as the number that it has among all, and the way back. A tensor of fewer than three axes has one.
uint64_t sliceCount(const quant::TensorInfo& info);
uint64_t sliceNumber(const quant::TensorInfo& info, const std::vector<uint64_t>& slice);
std::vector<uint64_t> sliceOf(const quant::TensorInfo& info, uint64_t number);

}  // namespace app
