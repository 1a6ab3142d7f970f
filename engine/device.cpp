#include "engine/device.h"

#include "engine/allocator.h"
#include "engine/device_state.h"
#include "engine/error.h"
#include "engine/kernel.h"
#include "engine/pipeline_cache.h"

#include <algorithm>
#include <stdexcept>

namespace engine {

namespace {

uint32_t workFamilyOf(VkPhysicalDevice device) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
    if (const auto family = workFamily(families)) return *family;
    throw NoDevice("the device has no compute queue");
}

// Turns on the baseline and every optional feature that DeviceInfo says is there.
void createDevice(DeviceState& state) {
    const DeviceInfo& info = state.info;
    VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
    v13.synchronization2 = VK_TRUE;
    v13.subgroupSizeControl = VK_TRUE;
    v13.maintenance4 = VK_TRUE;
    v13.dynamicRendering = VK_TRUE;
    v13.shaderIntegerDotProduct = info.integerDotProduct;
    VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &v13};
    v12.bufferDeviceAddress = VK_TRUE;
    v12.scalarBlockLayout = VK_TRUE;
    v12.timelineSemaphore = VK_TRUE;
    v12.hostQueryReset = VK_TRUE;
    v12.shaderBufferInt64Atomics = info.bufferInt64Atomics;
    v12.shaderSharedInt64Atomics = info.sharedInt64Atomics;
    v12.shaderInt8 = v12.storageBuffer8BitAccess = info.int8;
    v12.shaderFloat16 = info.float16;
    VkPhysicalDeviceVulkan11Features v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &v12};
    v11.storageBuffer16BitAccess = info.int16;
    const bool hasMatrices = !info.cooperativeMatrices.empty();
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    matrices.cooperativeMatrix = VK_TRUE;
    if (hasMatrices) v13.pNext = &matrices;
    // Their kernels state the scope of memory accesses; every device of Vulkan 1.3 can.
    v12.vulkanMemoryModel = v12.vulkanMemoryModelDeviceScope = hasMatrices;
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v11, {}};
    features.features.shaderInt64 = info.int64;
    features.features.shaderInt16 = info.int16;

    const float priority = 1;
    VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
    queue.queueFamilyIndex = state.queueFamily;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    VkDeviceCreateInfo create{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features};
    create.queueCreateInfoCount = 1;
    create.pQueueCreateInfos = &queue;
    std::vector<const char*> extensions;
    if (hasMatrices) extensions.push_back(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    if (state.instance->presents && hasExtension(state.physical, VK_KHR_SWAPCHAIN_EXTENSION_NAME))
        extensions.push_back(VK_KHR_SWAPCHAIN_EXTENSION_NAME);
    create.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    create.ppEnabledExtensionNames = extensions.data();
    check(vkCreateDevice(state.physical, &create, nullptr, &state.handle), "vkCreateDevice",
          "opening " + info.name);
    volkLoadDeviceTable(&state.vk, state.handle);
    state.vk.vkGetDeviceQueue(state.handle, state.queueFamily, 0, &state.queue);
}

void createTimeline(DeviceState& state) {
    VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO};
    type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
    const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type, 0};
    check(state.vk.vkCreateSemaphore(state.handle, &info, nullptr, &state.timeline), "vkCreateSemaphore",
          "timeline");
    state.setName(VK_OBJECT_TYPE_SEMAPHORE, reinterpret_cast<uint64_t>(state.timeline), "timeline");
}

void createPools(DeviceState& state) {
    VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
    pool.queueFamilyIndex = state.queueFamily;
    check(state.vk.vkCreateCommandPool(state.handle, &pool, nullptr, &state.commandPool),
          "vkCreateCommandPool", "commands");
    if (state.info.timestampPeriodNs == 0) return;
    VkQueryPoolCreateInfo queries{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
    queries.queryType = VK_QUERY_TYPE_TIMESTAMP;
    queries.queryCount = 2 * maxCommandSlots;
    check(state.vk.vkCreateQueryPool(state.handle, &queries, nullptr, &state.queries), "vkCreateQueryPool",
          "timestamps");
}

}  // namespace

DeviceState::~DeviceState() {
    if (!handle) return;
    // The process is about to end, and waiting again for a device that hangs would keep it from that.
    if (isHung) {
        // Left behind whole: destroying kernels or the instance under a live device is as bad as waiting for
        // it.
        new auto(std::move(kernels));
        new auto(std::move(graphicsPipelines));
        new auto(std::move(instance));
        return;
    }
    vk.vkDeviceWaitIdle(handle);
    destroyRetired(UINT64_MAX);
    savePipelineCache(*this);
    kernels.clear();
    graphicsPipelines.clear();
    if (pipelineCache) vk.vkDestroyPipelineCache(handle, pipelineCache, nullptr);
    if (queries) vk.vkDestroyQueryPool(handle, queries, nullptr);
    if (commandPool) vk.vkDestroyCommandPool(handle, commandPool, nullptr);
    if (timeline) vk.vkDestroySemaphore(handle, timeline, nullptr);
    destroyAllocator(allocator);
    vk.vkDestroyDevice(handle, nullptr);
}

uint64_t DeviceState::reachedTicket() const {
    uint64_t value = 0;
    check(vk.vkGetSemaphoreCounterValue(handle, timeline, &value), "vkGetSemaphoreCounterValue", "timeline");
    return value;
}

void DeviceState::destroyRetired(uint64_t reached) {
    std::erase_if(retired, [&](const RetiredMemory& old) {
        if (old.ticket > reached) return false;
        if (old.view) vk.vkDestroyImageView(handle, old.view, nullptr);
        if (old.image)
            destroyImage(allocator, old.image, old.allocation);
        else
            destroyBuffer(allocator, old.buffer, old.allocation);
        return true;
    });
}

void DeviceState::readTimestamps(CommandSlot& slot) {
    if (!slot.timed) return;
    slot.timed = false;
    uint64_t ticks[2] = {};
    const VkResult result = vk.vkGetQueryPoolResults(handle, queries, slot.firstQuery, 2, sizeof ticks, ticks,
                                                     sizeof ticks[0], VK_QUERY_RESULT_64_BIT);
    if (result == VK_SUCCESS && ticks[1] > ticks[0]) {
        busySeconds += static_cast<double>(ticks[1] - ticks[0]) * info.timestampPeriodNs * 1e-9;
    }
}

void DeviceState::waitFor(uint64_t ticket, uint64_t timeOutSeconds, const std::string& place) {
    const VkSemaphoreWaitInfo wait{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, nullptr, 0, 1, &timeline, &ticket};
    // The time-out is for one submission: as long as the device gets on, a backlog may take its time.
    for (uint64_t before = reachedTicket();;) {
        const VkResult result = vk.vkWaitSemaphores(handle, &wait, timeOutSeconds * 1'000'000'000);
        if (result != VK_TIMEOUT) return check(result, "vkWaitSemaphores", place);
        const uint64_t now = reachedTicket();
        if (now == before) {
            isHung = true;
            throw Timeout(place, timeOutSeconds);
        }
        before = now;
    }
}

CommandSlot& DeviceState::acquireSlot() {
    const uint64_t reached = reachedTicket();
    destroyRetired(reached);
    for (CommandSlot& slot : slots) {
        if (slot.recording || slot.ticket > reached) continue;
        readTimestamps(slot);
        slot.recording = true;
        return slot;
    }
    if (slots.size() == maxCommandSlots) {
        CommandSlot* oldest = nullptr;
        for (CommandSlot& slot : slots) {
            if (!slot.recording && (!oldest || slot.ticket < oldest->ticket)) oldest = &slot;
        }
        if (!oldest) throw std::logic_error("too many commands are being recorded");
        waitFor(oldest->ticket, 60, "submitting work");
        readTimestamps(*oldest);
        oldest->recording = true;
        return *oldest;
    }
    CommandSlot& slot = slots.emplace_back();
    slot.recording = true;
    slot.firstQuery = 2 * static_cast<uint32_t>(slots.size() - 1);
    VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    allocate.commandPool = commandPool;
    allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    allocate.commandBufferCount = 1;
    check(vk.vkAllocateCommandBuffers(handle, &allocate, &slot.commands), "vkAllocateCommandBuffers",
          "commands");
    return slot;
}

void DeviceState::setName(VkObjectType type, uint64_t object, const std::string& name) const {
    if (!instance->debugUtils || !vkSetDebugUtilsObjectNameEXT) return;
    const VkDebugUtilsObjectNameInfoEXT nameInfo{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT, nullptr,
                                                 type, object, name.c_str()};
    vkSetDebugUtilsObjectNameEXT(handle, &nameInfo);
}

Device::Device(const Instance& instance, const DeviceInfo& info) : m_state(std::make_shared<DeviceState>()) {
    m_state->instance = instance.state();
    m_state->info = info;
    m_state->physical = instance.state()->physicalDevices.at(info.index);
    m_state->queueFamily = workFamilyOf(m_state->physical);
    createDevice(*m_state);
    m_state->allocator = createAllocator(*m_state);
    createTimeline(*m_state);
    createPools(*m_state);
    loadPipelineCache(*m_state);
}

Device::~Device() = default;

const DeviceInfo& Device::info() const {
    return m_state->info;
}

const Kernel& Device::kernel(const std::string& name, const KernelVariant& variant) {
    const auto find = [&] {
        return std::ranges::find_if(m_state->kernels, [&](const auto& kernel) {
            return kernel->name() == name && kernel->variant() == variant;
        });
    };
    if (const auto found = find(); found != m_state->kernels.end()) return **found;
    std::unique_ptr<Kernel> made;
    aside([&] { made = std::make_unique<Kernel>(*m_state, name, variant); });
    // Others may have made it meanwhile.
    if (const auto found = find(); found != m_state->kernels.end()) return **found;
    return *m_state->kernels.emplace_back(std::move(made));
}

const GraphicsPipeline& Device::graphicsPipeline(const std::string& name, const KernelVariant& variant) {
    for (const auto& pipeline : m_state->graphicsPipelines) {
        if (pipeline->name() == name && pipeline->variant() == variant) return *pipeline;
    }
    return *m_state->graphicsPipelines.emplace_back(
        std::make_unique<GraphicsPipeline>(*m_state, name, variant));
}

std::vector<std::string> Device::remakeShaders(const std::function<bool(const std::string&)>& isChanged) {
    wait({m_state->lastTicket});
    std::vector<std::string> problems;
    const auto remake = [&](auto& made) {
        try {
            made.remake();
        } catch (const ShaderError& error) {
            if (!std::ranges::contains(problems, error.what())) problems.emplace_back(error.what());
        }
    };
    for (const auto& kernel : m_state->kernels) {
        if (isChanged(kernel->path())) remake(*kernel);
    }
    for (const auto& pipeline : m_state->graphicsPipelines) {
        if (isChanged(pipeline->vertexPath()) || isChanged(pipeline->fragmentPath())) remake(*pipeline);
    }
    return problems;
}

bool Device::isDone(Ticket ticket) const {
    return m_state->reachedTicket() >= ticket.value;
}

void Device::wait(Ticket ticket, uint64_t timeOutSeconds) {
    m_state->waitFor(ticket.value, timeOutSeconds, "waiting for " + m_state->info.name);
    for (CommandSlot& slot : m_state->slots) {
        if (!slot.recording && slot.ticket <= ticket.value) m_state->readTimestamps(slot);
    }
    m_state->destroyRetired(ticket.value);
}

void Device::pace() {
    if (m_pacer) m_pacer->pace({m_state->lastTicket});
}

void Device::aside(const std::function<void()>& work) {
    if (m_pacer)
        m_pacer->aside(work);
    else
        work();
}

double Device::busySeconds() const {
    return m_state->busySeconds;
}

uint64_t Device::allocatedBytes() const {
    return m_state->allocatedBytes;
}

}  // namespace engine
