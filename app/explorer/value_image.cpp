#include "app/explorer/value_image.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace app {

namespace {

constexpr double mostSlender = 8;

bool isSlender(double rows, double columns) {
    return rows > mostSlender * columns || columns > mostSlender * rows;
}

// The range of tiles that a visible range touches, widened to multiples of about a quarter of its length, so
// that it stays while the image is moved a little.
struct Tiles {
    uint64_t first, end;
    Tiles(double low, double high, uint64_t tileSize, uint64_t count) {
        const auto most = static_cast<double>(count), size = static_cast<double>(tileSize);
        first = static_cast<uint64_t>(std::clamp(std::floor(low / size), 0.0, most));
        end = static_cast<uint64_t>(std::clamp(std::ceil(high / size), 0.0, most));
        const uint64_t unit = std::bit_floor(std::max<uint64_t>((end - first) / 4, 1));
        first = first / unit * unit;
        end = std::min((end + unit - 1) / unit * unit, count);
    }
    uint64_t count() const { return end - first; }
};

}  // namespace

ValueImage::ValueImage(const quant::TensorInfo& info, const std::vector<uint64_t>& slice) : m_shape(info) {
    const size_t rank = info.shape.size();
    if (rank > 2 && slice.empty() && info.elements > 0) {
        const uint64_t inSlice = info.shape[rank - 2] * info.shape[rank - 1];
        if (inSlice <= quant::maxWindowElements) {
            makeMosaic(info);
            return;
        }
        m_shape = quant::ValueShape(info.elements, info.shape[rank - 1]);
    } else {
        m_slice = sliceNumber(info, slice);
    }
    m_tilesDown = m_shape.rows;
    m_tilesAcross = m_shape.columns;
}

void ValueImage::makeMosaic(const quant::TensorInfo& info) {
    const size_t rank = info.shape.size();
    m_tileRows = info.shape[rank - 2];
    m_tileColumns = info.shape[rank - 1];
    arrangeTiles(info, info.elements / tileElements());
    // Rows of tiles are left out where there are too many; of a row itself all must find room.
    m_tilesAcross = std::min(m_tilesAcross, quant::maxWindowElements / tileElements());
    m_shape = quant::ValueShape(info.elements, m_tilesAcross * tileElements());
    m_tilesDown = m_shape.rows;
}

void ValueImage::arrangeTiles(const quant::TensorInfo& info, uint64_t tiles) {
    const uint64_t down = info.shape.front();
    m_tilesAcross = tiles / down;
    const auto height = static_cast<double>(m_tileRows), width = static_cast<double>(m_tileColumns);
    if (!isSlender(static_cast<double>(down) * height, static_cast<double>(m_tilesAcross) * width)) return;
    const double square = std::round(std::sqrt(static_cast<double>(tiles) * height / width));
    m_tilesAcross = static_cast<uint64_t>(std::clamp(square, 1.0, static_cast<double>(tiles)));
}

uint64_t ValueImage::tilesInLastRow() const {
    const uint64_t tiles = m_shape.sliceElements / tileElements();
    return tiles == 0 ? m_tilesAcross : (tiles - 1) % m_tilesAcross + 1;
}

bool ValueImage::isStretched() const {
    return isSlender(static_cast<double>(rows()), static_cast<double>(columns()));
}

std::optional<uint64_t> ValueImage::elementAt(uint64_t row, uint64_t column) const {
    if (row >= rows() || column >= columns()) return std::nullopt;
    const uint64_t tile = row / m_tileRows * m_tilesAcross + column / m_tileColumns;
    const uint64_t inSlice = (tile * m_tileRows + row % m_tileRows) * m_tileColumns + column % m_tileColumns;
    if (inSlice >= m_shape.sliceElements) return std::nullopt;
    return m_slice * m_shape.sliceElements + inSlice;
}

ImagePart ValueImage::partFor(const ZoomRect& visible) const {
    const uint64_t most = std::max<uint64_t>(quant::maxWindowElements / tileElements(), 1);
    if (m_tilesAcross == 0 || m_tilesDown <= most / m_tilesAcross)
        return {0, m_tilesDown, 0, m_tilesAcross, 1};
    const Tiles across(visible.left, visible.right, m_tileColumns, m_tilesAcross);
    const Tiles down(visible.top, visible.bottom, m_tileRows, m_tilesDown);
    ImagePart part{down.first, down.count(), across.first, across.count(), 1};
    if (part.columns > most) {
        part.firstColumn += (part.columns - most) / 2;
        part.columns = most;
    }
    if (part.columns == 0) return part;
    while ((part.rows + part.step - 1) / part.step > most / part.columns) part.step *= 2;
    part.firstRow = part.firstRow / part.step * part.step;
    part.rows = (down.end - part.firstRow + part.step - 1) / part.step;
    // The first row moved up, which may be one too many.
    part.rows = std::min(part.rows, most / part.columns);
    return part;
}

quant::ValueShape ValueImage::shape(const ImagePart& part) const {
    quant::ValueShape shape = m_shape;
    shape.columns *= part.step;
    shape.rows = (shape.rows + part.step - 1) / part.step;
    return shape;
}

quant::ValueWindow ValueImage::window(const ImagePart& part) const {
    return {.slice = m_slice,
            .firstRow = part.firstRow / part.step,
            .rows = part.rows,
            .firstColumn = part.firstColumn * tileElements(),
            .columns = part.columns * tileElements()};
}

std::optional<uint64_t> ValueImage::cellOf(const ImagePart& part, uint64_t row, uint64_t column) const {
    const uint64_t tileRow = row / m_tileRows, tileColumn = column / m_tileColumns;
    if (tileRow < part.firstRow || tileColumn < part.firstColumn) return std::nullopt;
    const uint64_t down = tileRow - part.firstRow, across = tileColumn - part.firstColumn;
    if (down % part.step != 0 || down / part.step >= part.rows || across >= part.columns) return std::nullopt;
    const uint64_t tile = down / part.step * part.columns + across;
    return (tile * m_tileRows + row % m_tileRows) * m_tileColumns + column % m_tileColumns;
}

std::vector<uint64_t> indexOf(const quant::TensorInfo& info, uint64_t element) {
    std::vector<uint64_t> index(info.shape.size());
    for (size_t axis = index.size(); axis-- > 0;) {
        index[axis] = element % info.shape[axis];
        element /= info.shape[axis];
    }
    return index;
}

uint64_t sliceCount(const quant::TensorInfo& info) {
    uint64_t count = 1;
    for (size_t axis = 0; axis + 2 < info.shape.size(); ++axis) count *= info.shape[axis];
    return count;
}

uint64_t sliceNumber(const quant::TensorInfo& info, const std::vector<uint64_t>& slice) {
    uint64_t number = 0;
    for (size_t axis = 0; axis + 2 < info.shape.size(); ++axis) {
        const uint64_t extent = info.shape[axis], index = axis < slice.size() ? slice[axis] : 0;
        if (extent == 0) return 0;
        number = number * extent + std::min(index, extent - 1);
    }
    return number;
}

std::vector<uint64_t> sliceOf(const quant::TensorInfo& info, uint64_t number) {
    if (info.shape.size() <= 2) return {};
    std::vector<uint64_t> slice(info.shape.size() - 2);
    for (size_t axis = slice.size(); axis-- > 0;) {
        const uint64_t extent = std::max<uint64_t>(info.shape[axis], 1);
        slice[axis] = number % extent;
        number /= extent;
    }
    return slice;
}

}  // namespace app
