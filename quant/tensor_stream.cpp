#include "quant/tensor_stream.h"

#include "engine/error.h"
#include "shaders/error.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace quant {

namespace {

using engine::Buffer;
using engine::Commands;
using engine::MemoryKind;

constexpr uint32_t ringSlots = 3;

// Elements of one chunk: a few milliseconds of work for the slowest kernel on its class of device, and a
// multiple of the error kernels' blocks, so that sums do not depend on it.
uint64_t preferredChunkElements(const engine::DeviceInfo& info) {
    return info.type == engine::DeviceType::Cpu ? uint64_t{4} << 20 : uint64_t{16} << 20;
}

// The same while the device is paced: reading and counting them takes a millisecond or two.
uint64_t pacedChunkElements(const engine::DeviceInfo& info) {
    return info.type == engine::DeviceType::Cpu ? uint64_t{1} << 20 : uint64_t{4} << 20;
}

// Adds the time from construction to destruction to a total.
class Stopwatch {
public:
    explicit Stopwatch(double& total) : m_total(total) {}
    ~Stopwatch() { m_total += std::chrono::duration<double>(Clock::now() - m_start).count(); }

private:
    using Clock = std::chrono::steady_clock;
    double& m_total;
    Clock::time_point m_start = Clock::now();
};

uint64_t padded(uint64_t bytes) {
    return (bytes + 15) / 16 * 16;
}

}  // namespace

TensorStream::TensorStream(engine::Device& device, uint64_t budgetBytes)
    : m_device(device), m_budgetBytes(budgetBytes), m_chunkElements(preferredChunkElements(device.info())) {
    // The ring takes at most a quarter of the budget, but never less than one block of elements a slot.
    while (m_chunkElements > shaders::blockElements && ringSlots * 4 * m_chunkElements > budgetBytes / 4)
        m_chunkElements /= 2;
}

uint64_t TensorStream::chunkElements() const {
    return m_device.isPaced() ? std::min(m_chunkElements, pacedChunkElements(m_device.info()))
                              : m_chunkElements;
}

uint32_t TensorStream::elementType() const {
    switch (m_file->tensors()[m_tensor].dtype) {
        case DType::F16:
            return shaders::elementF16;
        case DType::BF16:
            return shaders::elementBF16;
        default:
            return shaders::elementF32;
    }
}

// On the device; F64 is narrowed while it is read.
uint32_t TensorStream::elementBytes() const {
    return elementType() == shaders::elementF32 ? 4 : 2;
}

void TensorStream::select(const TensorFile& file, size_t tensor) {
    select(file, tensor, Selection{.run = file.tensors()[tensor].elements});
}

void TensorStream::select(const TensorFile& file, size_t tensor, const Selection& selection) {
    m_file = &file;
    m_tensor = tensor;
    m_selection = selection;
    m_elements = selection.elements();
    m_isLoaded = false;
}

uint64_t TensorStream::largestResidentBytes() const {
    return std::min(m_budgetBytes / 4 * 3, m_device.info().largestAllocationBytes) / 16 * 16;
}

uint64_t TensorStream::residentElements(const TensorFile& file, size_t tensor) const {
    const DType dtype = file.tensors()[tensor].dtype;
    return largestResidentBytes() / (dtype == DType::F16 || dtype == DType::BF16 ? 2 : 4);
}

engine::BufferRange TensorStream::resident() {
    if (!m_isLoaded) {
        if (!makeResident()) {
            throw engine::OutOfMemory("vkAllocateMemory", -2,
                                      "keeping " + std::to_string(m_elements) + " elements on the device");
        }
        load();
    }
    return {m_resident, 0, padded(m_elements * elementBytes())};
}

// Consecutive elements of the tensor.
void TensorStream::readRun(uint64_t first, std::span<std::byte> to) {
    if (m_file->tensors()[m_tensor].dtype != DType::F64) {
        m_file->read(m_tensor, first * elementBytes(), to);
        return;
    }
    m_wide.resize(to.size() / sizeof(float));
    m_file->read(m_tensor, first * sizeof(double), std::as_writable_bytes(std::span(m_wide)));
    for (size_t i = 0; i < m_wide.size(); ++i) {
        const auto narrow = static_cast<float>(m_wide[i]);
        std::memcpy(to.data() + i * sizeof narrow, &narrow, sizeof narrow);
    }
}

// Elements of the selection, from its element `first` on.
void TensorStream::readElements(uint64_t first, std::span<std::byte> to) {
    const Stopwatch watch(m_times.read);
    m_device.aside([&] {
        while (!to.empty()) {
            const uint64_t run = first / m_selection.run, inRun = first % m_selection.run;
            const uint64_t count = std::min(m_selection.run - inRun, to.size() / elementBytes());
            readRun(m_selection.first + run * m_selection.stride + inRun, to.first(count * elementBytes()));
            to = to.subspan(count * elementBytes());
            first += count;
        }
    });
}

// True when the whole tensor has a place on the device, if need be by growing the buffer.
bool TensorStream::makeResident() {
    const uint64_t size = padded(m_elements * elementBytes());
    if (m_resident.sizeBytes() >= size) return true;
    const uint64_t largest = largestResidentBytes();
    if (size > largest) return false;
    m_device.wait(m_lastUse);
    m_resident = Buffer();
    try {
        // Grown by half as much again, so that a model of rising sizes does not allocate for every tensor.
        m_resident = Buffer(m_device, std::min(size + size / 2, largest), MemoryKind::Device, "tensor");
    } catch (const engine::OutOfMemory&) {
        return false;
    }
    return true;
}

void TensorStream::makeRing() {
    if (m_ring) return;
    m_ring.emplace(m_device, m_chunkElements * sizeof(float), ringSlots);
    while (m_chunkElements * sizeof(float) > m_ring->slotBytes()) m_chunkElements /= 2;
}

void TensorStream::load() {
    stream([](Commands&, const Chunk&) {}, true);
}

Chunk TensorStream::residentChunk(uint64_t first, uint32_t count) const {
    return {{m_resident, first * elementBytes(), padded(uint64_t{count} * elementBytes())}, first, count};
}

// At most a slot of the ring.
Chunk TensorStream::uploadedChunk(Commands& commands, uint64_t first, uint32_t count) {
    const uint64_t size = uint64_t{count} * elementBytes();
    readElements(first, m_ring->next().first(size));
    const Stopwatch watch(m_times.upload);
    return {m_ring->upload(commands, padded(size)), first, count};
}

void TensorStream::usedBy(engine::Ticket ticket) {
    m_lastUse = ticket;
    if (!m_isLoaded) m_ring->usedBy(ticket);
}

void TensorStream::stream(const std::function<void(Commands&, const Chunk&)>& record, bool keep) {
    const bool direct = keep && !m_resident.mapped().empty();
    if (direct)
        m_device.wait(m_lastUse);
    else
        makeRing();
    const uint64_t step = chunkElements();
    for (uint64_t first = 0; first < m_elements; first += step) {
        const auto count = static_cast<uint32_t>(std::min(step, m_elements - first));
        const uint64_t offset = first * elementBytes(), size = uint64_t{count} * elementBytes();
        const auto host = direct ? m_resident.mapped().subspan(offset, size) : m_ring->next().first(size);
        readElements(first, host);
        const Stopwatch watch(m_times.upload);
        if (direct) m_resident.flush();
        Commands commands(m_device);
        engine::BufferRange data(m_resident, offset, padded(size));
        if (!direct) {
            const auto uploaded = m_ring->upload(commands, padded(size));
            if (keep)
                commands.copy(uploaded, data);
            else
                data = uploaded;
        }
        record(commands, {data, first, count});
        m_lastUse = commands.submit();
        if (!direct) m_ring->usedBy(m_lastUse);
    }
    m_isLoaded = keep;
}

void TensorStream::forEachChunk(const std::function<void(Commands&, const Chunk&)>& record) {
    if (!m_isLoaded) return stream(record, makeResident());
    const uint64_t step = chunkElements();
    for (uint64_t first = 0; first < m_elements; first += step) {
        const auto count = static_cast<uint32_t>(std::min(step, m_elements - first));
        Commands commands(m_device);
        record(commands, residentChunk(first, count));
        m_lastUse = commands.submit();
    }
}

void TensorStream::forEachChunk(TensorStream& beside,
                                const std::function<void(Commands&, const Chunk&, const Chunk&)>& record) {
    for (TensorStream* one : {this, &beside}) {
        if (!one->m_isLoaded && one->makeResident()) one->load();
        if (!one->m_isLoaded) one->makeRing();
    }
    const auto chunkOf = [](TensorStream& one, Commands& commands, uint64_t first, uint32_t count) {
        return one.m_isLoaded ? one.residentChunk(first, count) : one.uploadedChunk(commands, first, count);
    };
    const uint64_t step = std::min(chunkElements(), beside.chunkElements());
    for (uint64_t first = 0; first < m_elements; first += step) {
        const auto count = static_cast<uint32_t>(std::min(step, m_elements - first));
        Commands commands(m_device);
        const Chunk chunk = chunkOf(*this, commands, first, count);
        record(commands, chunk, chunkOf(beside, commands, first, count));
        const engine::Ticket ticket = commands.submit();
        usedBy(ticket);
        beside.usedBy(ticket);
    }
}

}  // namespace quant
