#include "app/explorer/readout_task.h"

#include <algorithm>
#include <cmath>

namespace app {

ReadoutTask::ReadoutTask(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path)
    : Task(device),
      m_stream(device, memoryBytes),
      m_errors(device),
      m_levels{quant::LevelCounts(device, path), quant::LevelCounts(device, path)} {}

void ReadoutTask::want(const ReadoutQuestion& question) {
    if (m_wanted && !(m_wanted->place == question.place)) {
        stop();
        m_latest.reset();
    }
    m_wanted = question;
    goOn();
}

void ReadoutTask::forget() {
    stop();
    m_wanted.reset();
    m_asked.reset();
    m_latest.reset();
}

bool ReadoutTask::goOn() {
    if (!isDone() || !m_wanted || (m_asked && *m_asked == *m_wanted)) return false;
    m_asked = m_wanted;
    start([this, question = *m_wanted] { compute(question); });
    return true;
}

void ReadoutTask::compute(const ReadoutQuestion& question) {
    if (!(m_selected == question.place)) {
        m_stream.select(*question.place.file, question.place.tensor);
        m_selected = question.place;
    }
    Readout readout{.question = question};
    const std::array grids = {question.grid, quant::ClippedGrid{question.grid.format}};
    const auto errors = m_errors.measure(m_stream, question.absmax, grids);
    const auto finite = static_cast<double>(std::max<uint64_t>(question.finite, 1));
    readout.mse = errors[0].squared / finite;
    if (errors[0].squared > 0 && errors[1].squared > 0)
        readout.sqnrDb = 10 * std::log10(errors[1].squared / errors[0].squared);
    readout.clippedFraction = static_cast<double>(errors[0].clipped) / finite;
    const quant::NumberFormat& format = question.grid.format;
    // Two's complement has one level more on one side.
    if (!format.isAffine && 2 * format.positiveLevelCount() <= quant::maxLevels) {
        quant::LevelCounts& levels = m_levels[m_next];
        levels.count(m_stream, question.grid, quant::LevelAxis::Magnitude, question.absmax);
        readout.levels = levels.levels();
        readout.edges = {levels.edges(), levels.levels() + 1};
        readout.counts = levels.counts();
        readout.mostInLevel = std::ranges::max(levels.read());
        m_next = 1 - m_next;
    }
    m_latest = readout;
}

}  // namespace app
