#include "engine/swapchain.h"

#include "engine/device_state.h"
#include "engine/error.h"
#include "engine/image_format.h"
#include "engine/surface.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace engine {

namespace {

constexpr size_t framesInFlight = 2;
constexpr uint64_t acquireNs = 100'000'000;

VkSurfaceFormatKHR chooseFormat(VkPhysicalDevice device, VkSurfaceKHR surface) {
    uint32_t count = 0;
    check(vkGetPhysicalDeviceSurfaceFormatsKHR(device, surface, &count, nullptr),
          "vkGetPhysicalDeviceSurfaceFormatsKHR", "opening a window");
    std::vector<VkSurfaceFormatKHR> formats(count);
    check(vkGetPhysicalDeviceSurfaceFormatsKHR(device, surface, &count, formats.data()),
          "vkGetPhysicalDeviceSurfaceFormatsKHR", "opening a window");
    // Not the sRGB ones: a blit would encode the pictures' bytes, which are meant as they are, once more.
    for (const VkFormat wanted : {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM}) {
        const auto found = std::ranges::find(formats, wanted, &VkSurfaceFormatKHR::format);
        if (found != formats.end()) return *found;
    }
    throw NoDevice("the display takes no pictures of 8 bits a colour");
}

// What a part of a flag set is, in the order of preference; the lowest one otherwise.
template <class Bit>
Bit oneOf(VkFlags supported, Bit preferred) {
    if (supported & static_cast<VkFlags>(preferred)) return preferred;
    return static_cast<Bit>(supported & (~supported + 1));
}

VkImageMemoryBarrier2 layoutChange(VkImage image, VkImageLayout from, VkImageLayout to) {
    VkImageMemoryBarrier2 barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2};
    barrier.srcStageMask = barrier.dstStageMask = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    barrier.oldLayout = from;
    barrier.newLayout = to;
    barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    barrier.image = image;
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    return barrier;
}

}  // namespace

struct Swapchain::State {
    // The semaphore that the display signals; it can be used again once its frame is done.
    struct Frame {
        VkSemaphore acquired = VK_NULL_HANDLE;
        Ticket ticket;
    };
    // The semaphore that the display waits for; it can be used again once its picture is handed out again.
    struct Picture {
        VkImage image = VK_NULL_HANDLE;
        VkSemaphore drawn = VK_NULL_HANDLE;
    };
    enum class Outcome { Shown, NotNow, Stale };

    Device& device;
    std::shared_ptr<DeviceState> vulkan;
    Instance instance;
    GLFWwindow* window;
    std::unique_ptr<Surface> surface;
    VkSwapchainKHR handle = VK_NULL_HANDLE;
    VkExtent2D extent{};
    std::vector<Picture> pictures;
    std::array<Frame, framesInFlight> frames;
    size_t frame = 0;
    bool isStale = true;
    bool hasImageFormat = false;  // pictures have the same order of bytes

    State(Device& device_, const Instance& instance_, GLFWwindow* window_)
        : device(device_), vulkan(device_.state()), instance(instance_), window(window_) {
        openSurface();
        for (Frame& each : frames) each.acquired = semaphore("picture acquired");
    }
    ~State() {
        // The process is about to end; what a device that hangs still uses is left behind.
        if (vulkan->isHung) {
            static_cast<void>(surface.release());
            return;
        }
        // The display's waits have no fence; an idle queue has passed them.
        vulkan->vk.vkQueueWaitIdle(vulkan->queue);
        destroy(handle, pictures);
        for (const Frame& each : frames)
            vulkan->vk.vkDestroySemaphore(vulkan->handle, each.acquired, nullptr);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    VkSurfaceKHR surfaceHandle() const { return static_cast<VkSurfaceKHR>(surface->vulkanHandle()); }

    VkSemaphore semaphore(const char* name) const {
        const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
        VkSemaphore made = VK_NULL_HANDLE;
        check(vulkan->vk.vkCreateSemaphore(vulkan->handle, &info, nullptr, &made), "vkCreateSemaphore", name);
        vulkan->setName(VK_OBJECT_TYPE_SEMAPHORE, reinterpret_cast<uint64_t>(made), name);
        return made;
    }

    void openSurface() {
        surface = std::make_unique<Surface>(instance, window);
        VkBool32 isSupported = VK_FALSE;
        check(vkGetPhysicalDeviceSurfaceSupportKHR(vulkan->physical, vulkan->queueFamily, surfaceHandle(),
                                                   &isSupported),
              "vkGetPhysicalDeviceSurfaceSupportKHR", "opening a window");
        if (!isSupported || vulkan->vk.vkCreateSwapchainKHR == nullptr)
            throw NoDevice(vulkan->info.name + " cannot show pictures in this window");
    }

    void destroy(VkSwapchainKHR chain, const std::vector<Picture>& of) const {
        for (const Picture& picture : of)
            vulkan->vk.vkDestroySemaphore(vulkan->handle, picture.drawn, nullptr);
        if (chain) vulkan->vk.vkDestroySwapchainKHR(vulkan->handle, chain, nullptr);
    }

    // Leaves no swapchain where the window has no extent.
    void rebuild();
    void create(const VkSurfaceCapabilitiesKHR& able, VkSwapchainKHR old);
    void replaceSurface();
    VkExtent2D extentOf(const VkSurfaceCapabilitiesKHR& able) const;
    Outcome tryShow(const Image& image);
    Ticket blit(const Image& image, const Frame& from, const Picture& to);
};

VkExtent2D Swapchain::State::extentOf(const VkSurfaceCapabilitiesKHR& able) const {
    // Wayland leaves the size to the program.
    if (able.currentExtent.width != UINT32_MAX) return able.currentExtent;
    int width = 0, height = 0;
    glfwGetFramebufferSize(window, &width, &height);
    if (width <= 0 || height <= 0) return {};
    return {
        std::clamp(static_cast<uint32_t>(width), able.minImageExtent.width, able.maxImageExtent.width),
        std::clamp(static_cast<uint32_t>(height), able.minImageExtent.height, able.maxImageExtent.height)};
}

void Swapchain::State::rebuild() {
    VkSurfaceCapabilitiesKHR able{};
    check(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(vulkan->physical, surfaceHandle(), &able),
          "vkGetPhysicalDeviceSurfaceCapabilitiesKHR", "showing a picture");
    const VkSwapchainKHR old = std::exchange(handle, VK_NULL_HANDLE);
    const std::vector<Picture> oldPictures = std::exchange(pictures, {});
    extent = extentOf(able);
    if (extent.width > 0 && extent.height > 0) {
        try {
            create(able, old);
        } catch (...) {
            check(vulkan->vk.vkQueueWaitIdle(vulkan->queue), "vkQueueWaitIdle", "showing a picture");
            destroy(old, oldPictures);
            throw;
        }
    }
    check(vulkan->vk.vkQueueWaitIdle(vulkan->queue), "vkQueueWaitIdle", "showing a picture");
    destroy(old, oldPictures);
    isStale = handle == VK_NULL_HANDLE;
}

void Swapchain::State::create(const VkSurfaceCapabilitiesKHR& able, VkSwapchainKHR old) {
    if (!(able.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_DST_BIT))
        throw NoDevice(vulkan->info.name + " cannot copy pictures to this window");
    const VkSurfaceFormatKHR format = chooseFormat(vulkan->physical, surfaceHandle());
    VkSwapchainCreateInfoKHR info{VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR};
    info.surface = surfaceHandle();
    info.minImageCount = able.minImageCount + 1;
    if (able.maxImageCount > 0) info.minImageCount = std::min(info.minImageCount, able.maxImageCount);
    info.imageFormat = format.format;
    hasImageFormat = format.format == imageFormat;
    info.imageColorSpace = format.colorSpace;
    info.imageExtent = extent;
    info.imageArrayLayers = 1;
    info.imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    info.preTransform = oneOf(able.supportedTransforms, VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR);
    info.compositeAlpha = oneOf(able.supportedCompositeAlpha, VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR);
    info.presentMode = VK_PRESENT_MODE_FIFO_KHR;
    info.clipped = VK_TRUE;
    info.oldSwapchain = old;
    check(vulkan->vk.vkCreateSwapchainKHR(vulkan->handle, &info, nullptr, &handle), "vkCreateSwapchainKHR",
          "showing a picture");
    uint32_t count = 0;
    check(vulkan->vk.vkGetSwapchainImagesKHR(vulkan->handle, handle, &count, nullptr),
          "vkGetSwapchainImagesKHR", "showing a picture");
    std::vector<VkImage> images(count);
    check(vulkan->vk.vkGetSwapchainImagesKHR(vulkan->handle, handle, &count, images.data()),
          "vkGetSwapchainImagesKHR", "showing a picture");
    for (const VkImage image : images) pictures.push_back({image, semaphore("picture drawn")});
}

void Swapchain::State::replaceSurface() {
    check(vulkan->vk.vkQueueWaitIdle(vulkan->queue), "vkQueueWaitIdle", "showing a picture");
    destroy(std::exchange(handle, VK_NULL_HANDLE), std::exchange(pictures, {}));
    surface.reset();
    openSurface();
    isStale = true;
}

// Nearest texels: sizes differ for a frame or two while the window is being dragged, and then sharp is best.
Ticket Swapchain::State::blit(const Image& image, const Frame& from, const Picture& to) {
    const VolkDeviceTable& vk = vulkan->vk;
    CommandSlot& slot = vulkan->acquireSlot();
    const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                         VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
    check(vk.vkBeginCommandBuffer(slot.commands, &begin), "vkBeginCommandBuffer", "showing a picture");
    const auto change = [&](VkImageLayout before, VkImageLayout after, VkAccessFlags2 written,
                            VkAccessFlags2 next) {
        VkImageMemoryBarrier2 barrier = layoutChange(to.image, before, after);
        barrier.srcAccessMask = written;
        barrier.dstAccessMask = next;
        VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
        info.imageMemoryBarrierCount = 1;
        info.pImageMemoryBarriers = &barrier;
        vk.vkCmdPipelineBarrier2(slot.commands, &info);
    };
    change(VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0,
           VK_ACCESS_2_TRANSFER_WRITE_BIT);
    const auto corner = [](uint32_t width, uint32_t height) {
        return VkOffset3D{static_cast<int32_t>(width), static_cast<int32_t>(height), 1};
    };
    VkImageBlit region{};
    region.srcSubresource = region.dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.srcOffsets[1] = corner(image.width(), image.height());
    region.dstOffsets[1] = corner(extent.width, extent.height);
    if (hasImageFormat && image.width() == extent.width && image.height() == extent.height) {
        // Cheaper, above all where the processor does it.
        VkImageCopy whole{};
        whole.srcSubresource = whole.dstSubresource = region.srcSubresource;
        whole.extent = {extent.width, extent.height, 1};
        vk.vkCmdCopyImage(slot.commands, static_cast<VkImage>(image.vulkanHandle()),
                          VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, to.image,
                          VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &whole);
    } else {
        vk.vkCmdBlitImage(slot.commands, static_cast<VkImage>(image.vulkanHandle()),
                          VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, to.image,
                          VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region, VK_FILTER_NEAREST);
    }
    change(VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
           VK_ACCESS_2_TRANSFER_WRITE_BIT, 0);
    check(vk.vkEndCommandBuffer(slot.commands), "vkEndCommandBuffer", "showing a picture");

    const auto at = [](VkSemaphore semaphore, uint64_t value, VkPipelineStageFlags2 stage) {
        return VkSemaphoreSubmitInfo{
            VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO, nullptr, semaphore, value, stage, 0};
    };
    const VkCommandBufferSubmitInfo commands{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, nullptr,
                                             slot.commands, 0};
    const VkSemaphoreSubmitInfo waits = at(from.acquired, 0, VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT);
    const std::array signals = {
        at(vulkan->timeline, vulkan->lastTicket + 1, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT),
        at(to.drawn, 0, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT)};
    VkSubmitInfo2 submit{VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
    submit.waitSemaphoreInfoCount = 1;
    submit.pWaitSemaphoreInfos = &waits;
    submit.commandBufferInfoCount = 1;
    submit.pCommandBufferInfos = &commands;
    submit.signalSemaphoreInfoCount = static_cast<uint32_t>(signals.size());
    submit.pSignalSemaphoreInfos = signals.data();
    check(vk.vkQueueSubmit2(vulkan->queue, 1, &submit, VK_NULL_HANDLE), "vkQueueSubmit2",
          "showing a picture");
    slot.ticket = ++vulkan->lastTicket;
    slot.recording = false;
    return {slot.ticket};
}

Swapchain::State::Outcome Swapchain::State::tryShow(const Image& image) {
    Frame& current = frames[frame];
    device.wait(current.ticket);
    uint32_t index = 0;
    VkResult result = vulkan->vk.vkAcquireNextImageKHR(vulkan->handle, handle, acquireNs, current.acquired,
                                                       VK_NULL_HANDLE, &index);
    if (result == VK_TIMEOUT || result == VK_NOT_READY) return Outcome::NotNow;
    if (result == VK_ERROR_OUT_OF_DATE_KHR) return Outcome::Stale;
    check(result, "vkAcquireNextImageKHR", "showing a picture");
    isStale = result == VK_SUBOPTIMAL_KHR;
    const Picture& picture = pictures[index];
    current.ticket = blit(image, current, picture);
    frame = (frame + 1) % framesInFlight;
    VkPresentInfoKHR present{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR};
    present.waitSemaphoreCount = 1;
    present.pWaitSemaphores = &picture.drawn;
    present.swapchainCount = 1;
    present.pSwapchains = &handle;
    present.pImageIndices = &index;
    result = vulkan->vk.vkQueuePresentKHR(vulkan->queue, &present);
    if (result == VK_ERROR_OUT_OF_DATE_KHR) return Outcome::Stale;
    check(result, "vkQueuePresentKHR", "showing a picture");
    isStale = isStale || result == VK_SUBOPTIMAL_KHR;
    return Outcome::Shown;
}

Swapchain::Swapchain(Device& device, const Instance& instance, GLFWwindow* window)
    : m_state(std::make_unique<State>(device, instance, window)) {}

Swapchain::~Swapchain() = default;

bool Swapchain::show(const Image& image) {
    constexpr int attempts = 3;
    for (int attempt = 1; attempt <= attempts; ++attempt) {
        try {
            if (m_state->isStale) m_state->rebuild();
            if (m_state->handle == VK_NULL_HANDLE) return false;
            const auto outcome = m_state->tryShow(image);
            if (outcome != State::Outcome::Stale) return outcome == State::Outcome::Shown;
            m_state->isStale = true;
        } catch (const DeviceLost&) {
            throw;
        } catch (const Error& error) {
            if (error.result() != VK_ERROR_SURFACE_LOST_KHR || attempt == attempts) throw;
            m_state->replaceSurface();
        }
    }
    return false;
}

}  // namespace engine
