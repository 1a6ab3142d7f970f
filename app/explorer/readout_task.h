#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "app/plot/figure.h"
#include "quant/clipped_grid.h"
#include "quant/error_pass.h"
#include "quant/level_counts.h"
#include "quant/tensor_stream.h"

#include <array>
#include <cstdint>
#include <optional>

namespace app {

// What a quantizer does to a tensor.
struct ReadoutQuestion {
    TensorPlace place;
    quant::ClippedGrid grid;
    float absmax = 0;
    uint64_t finite = 0;  // elements

    bool operator==(const ReadoutQuestion& other) const {
        return place == other.place && grid.format == other.grid.format && grid.clip == other.grid.clip &&
               grid.low == other.grid.low;
    }
};

struct Readout {
    ReadoutQuestion question;
    double mse = 0;
    std::optional<double> sqnrDb;
    double clippedFraction = 0;
    // Levels of |Q(x)| and how many elements go to each; 0 where the format has too many of them.
    uint32_t levels = 0;
    DeviceFloats edges;
    engine::BufferRange counts;
    uint64_t mostInLevel = 0;
};

// Measures one clip at a time. A further question waits until the one at work is answered, and of several
// that wait the last is asked: so an answer follows the hand that drags, however large the tensor.
class ReadoutTask : public Task {
public:
    ReadoutTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~ReadoutTask() override { stop(); }

    void want(const ReadoutQuestion& question);
    void forget();
    // The next question, where there is one. To be called when it is done.
    bool goOn();

    // The latest that has been measured, of whatever question.
    const std::optional<Readout>& latest() const { return m_latest; }
    bool isUpToDate() const { return m_latest && m_wanted && m_latest->question == *m_wanted; }

private:
    void compute(const ReadoutQuestion& question);

    quant::TensorStream m_stream;
    quant::ErrorPass m_errors;
    std::array<quant::LevelCounts, 2> m_levels;  // one is drawn while the other is counted
    size_t m_next = 0;
    TensorPlace m_selected;
    std::optional<ReadoutQuestion> m_wanted, m_asked;
    std::optional<Readout> m_latest;
};

}  // namespace app
