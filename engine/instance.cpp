#include "engine/instance.h"

#include "engine/error.h"
#include "engine/instance_state.h"

#include <algorithm>
#include <cstring>

namespace engine {

namespace {

constexpr const char* validationLayer = "VK_LAYER_KHRONOS_validation";

VkBool32 VKAPI_PTR forwardMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                  const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
    const auto& onMessage = static_cast<InstanceState*>(user)->onMessage;
    if (onMessage) onMessage(data->pMessage);
    return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messengerInfo(InstanceState* state) {
    VkDebugUtilsMessengerCreateInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    info.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    info.messageType =
        VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
    info.pfnUserCallback = forwardMessage;
    info.pUserData = state;
    return info;
}

bool hasLayer(const char* name) {
    uint32_t count = 0;
    vkEnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> layers(count);
    vkEnumerateInstanceLayerProperties(&count, layers.data());
    return std::ranges::any_of(layers,
                               [&](const auto& layer) { return !std::strcmp(layer.layerName, name); });
}

bool hasExtension(const char* name, const char* layer) {
    uint32_t count = 0;
    vkEnumerateInstanceExtensionProperties(layer, &count, nullptr);
    std::vector<VkExtensionProperties> found(count);
    vkEnumerateInstanceExtensionProperties(layer, &count, found.data());
    return std::ranges::any_of(found, [&](const auto& e) { return !std::strcmp(e.extensionName, name); });
}

void createInstance(InstanceState& state, bool validation, const std::vector<std::string>& wanted) {
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.pApplicationName = "clipscope";
    application.apiVersion = VK_API_VERSION_1_3;
    std::vector<const char*> layers, extensions;
    const VkBool32 on = VK_TRUE;
    const VkLayerSettingEXT setting{validationLayer, "validate_sync", VK_LAYER_SETTING_TYPE_BOOL32_EXT, 1,
                                    &on};
    VkLayerSettingsCreateInfoEXT settings{VK_STRUCTURE_TYPE_LAYER_SETTINGS_CREATE_INFO_EXT, nullptr, 1,
                                          &setting};
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    VkDebugUtilsMessengerCreateInfoEXT messenger = messengerInfo(&state);
    if (validation) {
        if (!hasLayer(validationLayer)) {
            throw Error("vkCreateInstance", VK_ERROR_LAYER_NOT_PRESENT, "validation was asked for");
        }
        layers.push_back(validationLayer);
        settings.pNext = &messenger;
        info.pNext = &settings;
        if (hasExtension(VK_EXT_LAYER_SETTINGS_EXTENSION_NAME, validationLayer)) {
            extensions.push_back(VK_EXT_LAYER_SETTINGS_EXTENSION_NAME);
        }
    }
    state.debugUtils = validation || hasExtension(VK_EXT_DEBUG_UTILS_EXTENSION_NAME, nullptr);
    if (state.debugUtils) extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    for (const std::string& name : wanted) extensions.push_back(name.c_str());
    info.pApplicationInfo = &application;
    info.enabledLayerCount = static_cast<uint32_t>(layers.size());
    info.ppEnabledLayerNames = layers.data();
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    const VkResult result = vkCreateInstance(&info, nullptr, &state.handle);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER) throw NoDevice("no Vulkan driver is installed");
    if (result == VK_ERROR_EXTENSION_NOT_PRESENT && !wanted.empty())
        throw NoDevice("no Vulkan driver here can show pictures in a window");
    check(result, "vkCreateInstance", "connecting to Vulkan");
    volkLoadInstance(state.handle);
    if (validation) {
        check(vkCreateDebugUtilsMessengerEXT(state.handle, &messenger, nullptr, &state.messenger),
              "vkCreateDebugUtilsMessengerEXT", "connecting to Vulkan");
    }
}

void enumerateDevices(InstanceState& state) {
    uint32_t count = 0;
    const VkResult result = vkEnumeratePhysicalDevices(state.handle, &count, nullptr);
    // Some loaders report a driver that failed to start this way; it is no different from having none.
    if (result == VK_ERROR_INITIALIZATION_FAILED) return;
    check(result, "vkEnumeratePhysicalDevices", "listing devices");
    state.physicalDevices.resize(count);
    check(vkEnumeratePhysicalDevices(state.handle, &count, state.physicalDevices.data()),
          "vkEnumeratePhysicalDevices", "listing devices");
    for (uint32_t i = 0; i < count; ++i) state.devices.push_back(readDeviceInfo(state.physicalDevices[i], i));
}

}  // namespace

InstanceState::~InstanceState() {
    if (messenger) vkDestroyDebugUtilsMessengerEXT(handle, messenger, nullptr);
    if (handle) vkDestroyInstance(handle, nullptr);
}

Instance::Instance(bool validation, MessageHandler onMessage, const std::vector<std::string>& extensions)
    : m_state(std::make_shared<InstanceState>()) {
    m_state->onMessage = std::move(onMessage);
    if (volkInitialize() != VK_SUCCESS) throw NoDevice("no Vulkan loader (libvulkan.so.1) is installed");
    createInstance(*m_state, validation, extensions);
    m_state->presents = std::ranges::contains(extensions, VK_KHR_SURFACE_EXTENSION_NAME);
    enumerateDevices(*m_state);
}

const std::vector<DeviceInfo>& Instance::devices() const {
    return m_state->devices;
}

}  // namespace engine
