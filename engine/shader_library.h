#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// One shader as the build embedded it.
struct EmbeddedShader {
    std::string_view path;  // below shaders/: "compute/profile.comp"
    std::span<const uint32_t> words;
};

// Every shader of shaders/, defined by a source that the build writes.
std::span<const EmbeddedShader> embeddedShaders();

// The SPIR-V of a shader: embedded, or compiled just now.
class ShaderCode {
public:
    explicit ShaderCode(std::span<const uint32_t> embedded) : m_embedded(embedded) {}
    explicit ShaderCode(std::vector<uint32_t> compiled) : m_compiled(std::move(compiled)) {}
    std::span<const uint32_t> words() const {
        return m_compiled.empty() ? m_embedded : std::span<const uint32_t>(m_compiled);
    }

private:
    std::span<const uint32_t> m_embedded;
    std::vector<uint32_t> m_compiled;
};

// Finds a shader by its path below shaders/. When the environment variable CLIPSCOPE_SHADERS names a folder
// that holds the file, that file is compiled instead. Throws ShaderError (file and line), std::logic_error if
// unknown.
ShaderCode findShader(const std::string& path);

// Compiles a shader file for Vulkan 1.3; includes are looked up beside `root`. Throws ShaderError.
std::vector<uint32_t> compileShader(const std::string& root, const std::string& path);

}  // namespace engine
