#pragma once

#include "engine/device.h"

#include <cstdint>
#include <string>

namespace engine {

// A graphics pipeline made from shaders/draw/NAME.vert and NAME.frag: triangles that blend over what an Image
// holds, by the alpha of the fragment's colour. Vertex shaders have no inputs; they read buffers by address
// and number vertices by gl_VertexIndex. Get one from Device::graphicsPipeline.
class GraphicsPipeline {
public:
    GraphicsPipeline(DeviceState& device, const std::string& name, const KernelVariant& variant);
    ~GraphicsPipeline();
    GraphicsPipeline(const GraphicsPipeline&) = delete;
    GraphicsPipeline& operator=(const GraphicsPipeline&) = delete;

    // Compiles the shaders again, as after an edit. Nothing that uses the pipeline may be in flight. Throws
    // ShaderError, with the pipeline as it was.
    void remake();

    const std::string& name() const { return m_name; }
    std::string vertexPath() const { return "draw/" + m_name + ".vert"; }  // below shaders/
    std::string fragmentPath() const { return "draw/" + m_name + ".frag"; }
    const KernelVariant& variant() const { return m_variant; }
    uint32_t pushSizeBytes() const { return m_pushSizeBytes; }  // of the larger of both push constant blocks
    void* pipeline() const { return m_pipeline; }               // a VkPipeline
    void* layout() const { return m_layout; }                   // a VkPipelineLayout

private:
    void make();
    void destroy();

    DeviceState& m_device;
    std::string m_name;
    KernelVariant m_variant;
    uint32_t m_pushSizeBytes = 0;
    void* m_pipeline = nullptr;
    void* m_layout = nullptr;
};

}  // namespace engine
