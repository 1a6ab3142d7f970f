#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace engine {

class Device;
struct DeviceState;

// Where a buffer lives.
enum class MemoryKind {
    Device,    // device-local; mapped as well where the device's memory is unified
    Upload,    // host memory that the host writes in order and the device reads
    Readback,  // cached host memory that the device writes and the host reads
};

// Device memory with an address that shaders use. Move-only. It may go while submitted work still uses it:
// the memory is freed when that work is done.
class Buffer {
public:
    Buffer() = default;
    // sizeBytes is at least 16. Contents are undefined. Throws OutOfMemory, also when the size
    // exceeds the largest allocation of the device.
    Buffer(Device& device, uint64_t sizeBytes, MemoryKind kind, const std::string& name);
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;

    uint64_t sizeBytes() const { return m_sizeBytes; }
    uint64_t address() const { return m_address; }  // device address, 16-byte aligned

    // The bytes as the host sees them; empty for device-local memory that cannot be mapped. After the device
    // wrote, call invalidate() before reading; after the host wrote, flush() before submitting.
    std::span<std::byte> mapped() const { return {m_mapped, m_mapped ? m_sizeBytes : 0}; }
    template <class T>
    std::span<T> mappedAs() const {
        return {reinterpret_cast<T*>(m_mapped), m_mapped ? m_sizeBytes / sizeof(T) : 0};
    }
    void flush() const;
    void invalidate() const;

    void* vulkanHandle() const { return m_buffer; }  // a VkBuffer

private:
    void release();

    std::shared_ptr<DeviceState> m_state;
    void* m_buffer = nullptr;
    void* m_allocation = nullptr;
    std::byte* m_mapped = nullptr;
    uint64_t m_sizeBytes = 0;
    uint64_t m_address = 0;
};

// A part of a buffer, as dispatches and copies declare what they read and write.
struct BufferRange {
    const Buffer* buffer = nullptr;
    uint64_t offset = 0;
    uint64_t sizeBytes = 0;

    BufferRange() = default;
    BufferRange(const Buffer& whole) : buffer(&whole), sizeBytes(whole.sizeBytes()) {}
    BufferRange(const Buffer& buffer_, uint64_t offset_, uint64_t sizeBytes_)
        : buffer(&buffer_), offset(offset_), sizeBytes(sizeBytes_) {}
    uint64_t address() const { return buffer->address() + offset; }
};

}  // namespace engine
