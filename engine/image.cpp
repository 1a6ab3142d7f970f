#include "engine/image.h"

#include "engine/device_state.h"
#include "engine/image_format.h"

#include <vk_mem_alloc.h>

#include <stdexcept>
#include <utility>

namespace engine {

namespace {

VkImageView createView(const DeviceState& device, VkImage image, const std::string& name) {
    VkImageViewCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO};
    info.image = image;
    info.viewType = VK_IMAGE_VIEW_TYPE_2D;
    info.format = imageFormat;
    info.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkImageView view = VK_NULL_HANDLE;
    check(device.vk.vkCreateImageView(device.handle, &info, nullptr, &view), "vkCreateImageView", name);
    return view;
}

}  // namespace

Image::Image(Device& device, uint32_t width, uint32_t height, const std::string& name)
    : m_state(device.state()), m_width(width), m_height(height) {
    const uint32_t most = m_state->info.maxImageExtent;
    if (width == 0 || height == 0 || width > most || height > most) {
        throw std::invalid_argument("a picture of " + std::to_string(width) + "x" + std::to_string(height) +
                                    ": either side is 1 to " + std::to_string(most) + " on this device");
    }
    VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = imageFormat;
    info.extent = {width, height, 1};
    info.mipLevels = info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    VmaAllocationCreateInfo wanted{};
    wanted.usage = VMA_MEMORY_USAGE_AUTO_PREFER_DEVICE;
    VkImage image = VK_NULL_HANDLE;
    VmaAllocation allocation = nullptr;
    check(vmaCreateImage(m_state->allocator, &info, &wanted, &image, &allocation, nullptr), "vmaCreateImage",
          "making a picture of " + std::to_string(width) + "x" + std::to_string(height));
    m_image = image;
    m_allocation = allocation;
    m_state->allocatedBytes += sizeBytes();
    m_state->setName(VK_OBJECT_TYPE_IMAGE, reinterpret_cast<uint64_t>(image), name);
    try {
        m_view = createView(*m_state, image, name);
    } catch (...) {
        release();
        throw;
    }
}

void Image::release() {
    if (!m_image) return;
    m_state->retired.push_back({.allocation = static_cast<VmaAllocation>(m_allocation),
                                .ticket = m_state->lastTicket,
                                .image = static_cast<VkImage>(m_image),
                                .view = static_cast<VkImageView>(m_view)});
    m_state->allocatedBytes -= sizeBytes();
    m_image = nullptr;
}

Image::~Image() {
    release();
}

Image::Image(Image&& other) noexcept {
    *this = std::move(other);
}

Image& Image::operator=(Image&& other) noexcept {
    std::swap(m_state, other.m_state);
    std::swap(m_image, other.m_image);
    std::swap(m_view, other.m_view);
    std::swap(m_allocation, other.m_allocation);
    std::swap(m_width, other.m_width);
    std::swap(m_height, other.m_height);
    return *this;
}

}  // namespace engine
