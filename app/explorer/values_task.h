#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "app/explorer/value_image.h"
#include "quant/clipped_grid.h"
#include "quant/tensor_stream.h"
#include "quant/value_grid.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace app {

// Which elements are shown, and what quantizes them: a format with one clip.
struct ValuesQuestion {
    TensorPlace place;
    std::vector<uint64_t> slice;  // as of ValueState
    ImagePart part;
    quant::ClippedGrid grid;

    bool operator==(const ValuesQuestion& other) const {
        return place == other.place && slice == other.slice && part == other.part &&
               grid.format == other.grid.format && grid.clip == other.grid.clip && grid.low == other.grid.low;
    }
};

// One element, as the device has it.
struct ShownValue {
    float original = 0, quantized = 0, difference = 0;
};

// A part of a tensor as an image on the device. As ReadoutTask, it answers the last question of those that
// wait, and keeps the answer before it in sight meanwhile.
class ValuesTask : public Task {
public:
    ValuesTask(engine::Device& device, uint64_t memoryBytes);
    ~ValuesTask() override { stop(); }

    void want(const ValuesQuestion& question);
    void forget();

    // Of the tensor that is wanted: the latest that is on the device, and what asked for it. None at first.
    const std::optional<ValuesQuestion>& latest() const { return m_latest; }
    const quant::ValueGrid& values() const { return m_grids[1 - m_next]; }
    // One element of values(), counted in its buffers. Waits for the device where it is another than last
    // time.
    ShownValue at(uint64_t cell);

private:
    void compute(const ValuesQuestion& question);

    quant::TensorStream m_stream;
    std::array<quant::ValueGrid, 2> m_grids;  // one is drawn while the other is filled
    size_t m_next = 0;
    std::optional<ValuesQuestion> m_wanted, m_asked, m_latest;
    std::optional<uint64_t> m_readCell;
    ShownValue m_read;
};

}  // namespace app
