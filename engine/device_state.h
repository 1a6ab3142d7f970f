#pragma once

#include "engine/device.h"
#include "engine/graphics_pipeline.h"
#include "engine/instance_state.h"
#include "engine/kernel.h"
#include "engine/vulkan.h"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace engine {

// A command buffer with its two timestamps, used again once its ticket is done.
struct CommandSlot {
    VkCommandBuffer commands = VK_NULL_HANDLE;
    uint32_t firstQuery = 0;
    uint64_t ticket = 0;     // its last submission
    bool recording = false;  // in the hands of a Commands object
    bool timed = false;      // timestamps not read yet
};

// A buffer or an image whose owner is gone while submitted work may still use it.
struct RetiredMemory {
    VkBuffer buffer = VK_NULL_HANDLE;
    VmaAllocation_T* allocation = nullptr;
    uint64_t ticket = 0;  // of the last submission before it was retired
    VkImage image = VK_NULL_HANDLE;
    VkImageView view = VK_NULL_HANDLE;
};

struct DeviceState {
    DeviceState() = default;
    DeviceState(const DeviceState&) = delete;
    DeviceState& operator=(const DeviceState&) = delete;
    ~DeviceState();

    std::shared_ptr<InstanceState> instance;
    DeviceInfo info;
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkDevice handle = VK_NULL_HANDLE;
    VolkDeviceTable vk{};
    VmaAllocator_T* allocator = nullptr;
    std::atomic<uint64_t> allocatedBytes = 0;

    uint32_t queueFamily = 0;
    VkQueue queue = VK_NULL_HANDLE;
    VkSemaphore timeline = VK_NULL_HANDLE;
    uint64_t lastTicket = 0;
    bool isHung = false;  // a wait has timed out: nothing more is waited for

    VkCommandPool commandPool = VK_NULL_HANDLE;
    VkQueryPool queries = VK_NULL_HANDLE;
    std::deque<CommandSlot> slots;  // deque: Commands holds pointers to its elements
    double busySeconds = 0;

    VkPipelineCache pipelineCache = VK_NULL_HANDLE;
    size_t loadedCacheBytes = 0;  // read from the file
    size_t heldCacheBytes = 0;  // as the driver holds it after loading: some wrap it in a header of their own
    std::vector<std::unique_ptr<Kernel>> kernels;
    std::vector<std::unique_ptr<GraphicsPipeline>> graphicsPipelines;

    std::vector<RetiredMemory> retired;

    uint64_t reachedTicket() const;
    // Throws Timeout when no submission finishes for that long, DeviceLost.
    void waitFor(uint64_t ticket, uint64_t timeOutSeconds, const std::string& place);
    // Destroys the retired memory that no submitted work uses any more.
    void destroyRetired(uint64_t reached);
    CommandSlot& acquireSlot();
    void readTimestamps(CommandSlot& slot);
    // Names a Vulkan object for the validation layers and debuggers.
    void setName(VkObjectType type, uint64_t object, const std::string& name) const;
};

// Upper bound on submissions in flight; a further one waits for the oldest.
constexpr uint32_t maxCommandSlots = 64;

}  // namespace engine
