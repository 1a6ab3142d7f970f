#pragma once

#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "engine/upload_ring.h"
#include "quant/segments.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace quant {

// A run of consecutive elements on the device, of a type that kernels read (shaders::elementF32 and so on).
struct Chunk {
    engine::BufferRange data;   // 16-byte aligned, readable up to the next multiple of 16 bytes
    uint64_t firstElement = 0;  // a multiple of 8192
    uint32_t elements = 0;
};

// Where the time of reading went, in seconds of the host's clock.
struct StreamTimes {
    double read = 0;    // reading files (and narrowing F64)
    double upload = 0;  // waiting for and recording copies
};

// Brings tensors to the device, chunk by chunk, in bounded memory. A tensor that fits the budget stays on the
// device after its first pass; a larger one is read from its file again for every pass. One stream serves
// many tensors.
class TensorStream {
public:
    // budgetBytes: device memory for tensor data. Throws OutOfMemory when not even small chunks can be
    // allocated.
    TensorStream(engine::Device& device, uint64_t budgetBytes);

    // Chooses the tensor that the next passes read. dtype must be analyzable; the file must outlive the
    // passes.
    void select(const TensorFile& file, size_t tensor);
    void select(const TensorFile& file, size_t tensor, const Selection& selection);

    // Largest selection that stays on the device, in elements of the file's tensor.
    uint64_t residentElements(const TensorFile& file, size_t tensor) const;
    // Brings the selection to the device if it is not there yet, in one piece. Throws OutOfMemory when it is
    // too large.
    engine::BufferRange resident();

    uint64_t elements() const { return m_elements; }
    const Selection& selection() const { return m_selection; }
    uint32_t elementType() const;  // specialization constant 0 of the kernels

    // One pass: calls `record` for each chunk in order and submits what it recorded. Reading the next chunk
    // overlaps the work on the last. Returns without waiting; throws InputError, DeviceLost.
    void forEachChunk(const std::function<void(engine::Commands&, const Chunk&)>& record);
    // The same, with the elements of another stream's selection, which has as many, at the same places beside
    // each chunk. That stream, too, keeps on the device what fits its budget.
    void forEachChunk(TensorStream& beside,
                      const std::function<void(engine::Commands&, const Chunk&, const Chunk&)>& record);

    // Whether the whole selection has a place on the device, so that resident() will not throw.
    bool staysResident() { return m_isLoaded || makeResident(); }

    engine::Device& device() const { return m_device; }
    const StreamTimes& times() const { return m_times; }
    // Of one chunk, at most: fewer while the device is paced.
    uint64_t chunkElements() const;

private:
    uint32_t elementBytes() const;
    bool makeResident();
    void readElements(uint64_t first, std::span<std::byte> to);
    void readRun(uint64_t first, std::span<std::byte> to);
    uint64_t largestResidentBytes() const;
    void makeRing();
    Chunk residentChunk(uint64_t first, uint32_t count) const;
    Chunk uploadedChunk(engine::Commands& commands, uint64_t first, uint32_t count);
    void usedBy(engine::Ticket ticket);
    void load();
    void stream(const std::function<void(engine::Commands&, const Chunk&)>& record, bool keep);

    engine::Device& m_device;
    uint64_t m_budgetBytes;
    uint64_t m_chunkElements;
    std::optional<engine::UploadRing> m_ring;
    engine::Buffer m_resident;
    engine::Ticket m_lastUse;
    bool m_isLoaded = false;

    const TensorFile* m_file = nullptr;
    size_t m_tensor = 0;
    Selection m_selection;
    uint64_t m_elements = 0;
    std::vector<double> m_wide;  // F64 before it is narrowed
    StreamTimes m_times;
};

}  // namespace quant
