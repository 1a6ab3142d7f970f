#pragma once

#include "app/explorer/task.h"
#include "app/explorer/tensor_place.h"
#include "quant/analysis.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace app {

class TensorRows;

// How the numbers of the table are to be computed.
struct TableQuestion {
    uint32_t bits = 4;
    std::optional<quant::NumberFormat> format;  // instead
    quant::Sign sign{};

    bool operator==(const TableQuestion&) const = default;
};

// Fills the tensor table, row after row, where nothing more urgent is to be done.
class TableTask : public Task {
public:
    TableTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);
    ~TableTask() override { stop(); }

    // rows and places must stay until forget(). Starts anew where the question is another; rows keep their
    // old numbers until then.
    void want(const TableQuestion& question, TensorRows& rows, std::span<const TensorPlace> places);
    void forget();
    // Of 0 to 1, how many rows are done.
    double progress() const;

private:
    void compute();
    void fill(size_t row);

    quant::Analyzer m_analyzer;
    std::optional<TableQuestion> m_question;
    TensorRows* m_rows = nullptr;
    std::span<const TensorPlace> m_places;
    size_t m_done = 0;
};

}  // namespace app
