#include "app/explorer/values_task.h"

#include "engine/commands.h"

namespace app {

ValuesTask::ValuesTask(engine::Device& device, uint64_t memoryBytes)
    : Task(device),
      m_stream(device, memoryBytes),
      m_grids{quant::ValueGrid(device), quant::ValueGrid(device)} {}

void ValuesTask::want(const ValuesQuestion& question) {
    if (m_wanted && !(m_wanted->place == question.place)) forget();
    m_wanted = question;
    if (!isDone() || (m_asked && *m_asked == *m_wanted)) return;
    m_asked = m_wanted;
    start([this, asked = *m_wanted] { compute(asked); });
}

void ValuesTask::forget() {
    stop();
    m_wanted.reset();
    m_asked.reset();
    m_latest.reset();
    m_readCell.reset();
}

void ValuesTask::compute(const ValuesQuestion& question) {
    const ValueImage image(question.place.info(), question.slice);
    m_grids[m_next].load(m_stream, *question.place.file, question.place.tensor, image.shape(question.part),
                         image.window(question.part), question.grid);
    m_next = 1 - m_next;
    m_latest = question;
    m_readCell.reset();
}

ShownValue ValuesTask::at(uint64_t cell) {
    if (m_readCell == cell) return m_read;
    constexpr uint64_t bytes = sizeof(float);
    const engine::Buffer staging(m_device, 16, engine::MemoryKind::Readback, "value under the pointer");
    engine::Commands commands(m_device);
    const std::array ranges = {values().original(), values().quantized(), values().difference()};
    for (size_t i = 0; i < ranges.size(); ++i) {
        commands.copy({*ranges[i].buffer, ranges[i].offset + cell * bytes, bytes},
                      {staging, i * bytes, bytes});
    }
    m_device.wait(commands.submit());
    staging.invalidate();
    const auto read = staging.mappedAs<float>();
    m_read = {read[0], read[1], read[2]};
    m_readCell = cell;
    return m_read;
}

}  // namespace app
