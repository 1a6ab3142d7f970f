#include "app/explorer/table_task.h"

#include "app/explorer/tensor_rows.h"
#include "engine/error.h"
#include "quant/input_error.h"

#include <cmath>

namespace app {

TableTask::TableTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device), m_analyzer(device, memoryBytes, path) {}

void TableTask::want(const TableQuestion& question, TensorRows& rows, std::span<const TensorPlace> places) {
    if (m_question == question) return;
    stop();
    m_question = question;
    m_rows = &rows;
    m_places = places;
    m_done = 0;
    start([this] { compute(); });
}

void TableTask::forget() {
    stop();
    m_question.reset();
    m_rows = nullptr;
    m_places = {};
}

double TableTask::progress() const {
    return m_places.empty() ? 1 : static_cast<double>(m_done) / static_cast<double>(m_places.size());
}

void TableTask::compute() {
    for (m_done = 0; m_done < m_places.size(); ++m_done) {
        if (m_rows->rows()[m_done].problem.empty()) fill(m_done);
        SlicedJob::pause();
    }
}

void TableTask::fill(size_t row) {
    quant::AnalysisOptions options{.bits = {m_question->bits}, .sign = m_question->sign};
    if (m_question->format) options.formats = {*m_question->format};
    const TensorPlace& place = m_places[row];
    try {
        const auto analysis = m_analyzer.analyze(*place.file, place.tensor, options);
        const quant::MethodResult& result = analysis.results.front();
        TensorRow& changed = m_rows->change(row);
        changed.absmax = analysis.profile.absmax();
        changed.sigma = analysis.std;
        if (result.clip.size() == 1)
            changed.clip = result.clip[0];
        else
            changed.clip.reset();
        changed.sqnrDb = result.sqnrDb;
        changed.bins = magnitudeBins(analysis.profile);
    } catch (const quant::InputError& error) {
        m_rows->change(row).problem = error.what();
    } catch (const engine::OutOfMemory& error) {
        m_rows->change(row).problem = error.what();
    }
}

}  // namespace app
