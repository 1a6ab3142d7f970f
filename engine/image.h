#pragma once

#include "engine/device.h"

#include <cstdint>
#include <memory>
#include <string>

namespace engine {

// A picture on the device that commands draw on: 8 bits each of red, green, blue and alpha, as they are
// shown. Move-only. It may go while submitted work still uses it. Contents are undefined until the first
// drawing.
class Image {
public:
    Image() = default;
    // Throws std::invalid_argument for an extent of 0 or beyond Device::info().maxImageExtent, OutOfMemory.
    Image(Device& device, uint32_t width, uint32_t height, const std::string& name);
    ~Image();
    Image(Image&& other) noexcept;
    Image& operator=(Image&& other) noexcept;

    uint32_t width() const { return m_width; }
    uint32_t height() const { return m_height; }
    uint64_t sizeBytes() const { return uint64_t{4} * m_width * m_height; }

    void* vulkanHandle() const { return m_image; }  // a VkImage
    void* vulkanView() const { return m_view; }     // a VkImageView

private:
    void release();

    std::shared_ptr<DeviceState> m_state;
    void* m_image = nullptr;
    void* m_view = nullptr;
    void* m_allocation = nullptr;
    uint32_t m_width = 0, m_height = 0;
};

}  // namespace engine
