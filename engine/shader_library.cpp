#include "engine/shader_library.h"

#include "engine/error.h"

#include <shaderc/shaderc.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace engine {

namespace {

bool readText(const std::filesystem::path& path, std::string& text) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return false;
    text.assign(std::istreambuf_iterator<char>(file), {});
    return true;
}

// Resolves #include "name" below the shader folder, as the build's -I does.
class Includer : public shaderc::CompileOptions::IncluderInterface {
public:
    explicit Includer(std::string root) : m_root(std::move(root)) {}

    shaderc_include_result* GetInclude(const char* requested, shaderc_include_type, const char*,
                                       size_t) override {
        auto holder = std::make_unique<Holder>();
        holder->name = (std::filesystem::path(m_root) / requested).string();
        if (!readText(holder->name, holder->text)) {
            holder->text = "cannot read " + holder->name;
            holder->name.clear();  // an empty name marks the failure
        }
        holder->result = {holder->name.c_str(), holder->name.size(), holder->text.c_str(),
                          holder->text.size(), holder.get()};
        return &holder.release()->result;
    }
    void ReleaseInclude(shaderc_include_result* result) override {
        delete static_cast<Holder*>(result->user_data);
    }

private:
    struct Holder {
        shaderc_include_result result{};
        std::string name, text;
    };
    std::string m_root;
};

shaderc_shader_kind kindOf(const std::string& path) {
    if (path.ends_with(".vert")) return shaderc_vertex_shader;
    return path.ends_with(".frag") ? shaderc_fragment_shader : shaderc_compute_shader;
}

std::string firstLine(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

std::vector<uint32_t> compileShader(const std::string& root, const std::string& path) {
    const std::string file = (std::filesystem::path(root) / path).string();
    std::string source;
    if (!readText(file, source)) throw ShaderError(file + ": cannot be read");
    shaderc::CompileOptions options;
    options.SetTargetEnvironment(shaderc_target_env_vulkan, shaderc_env_version_vulkan_1_3);
    // What spirv-opt makes of cooperative matrices and bf16 has been wrong: tests compare.
    const char* wanted = std::getenv("CLIPSCOPE_SHADER_OPTIMIZER");
    const bool isOff = wanted && std::string_view(wanted) == "0";
    options.SetOptimizationLevel(isOff ? shaderc_optimization_level_zero
                                       : shaderc_optimization_level_performance);
    options.SetIncluder(std::make_unique<Includer>(root));
    const auto result = shaderc::Compiler().CompileGlslToSpv(source, kindOf(path), file.c_str(), options);
    if (result.GetCompilationStatus() != shaderc_compilation_status_success)
        throw ShaderError(firstLine(result.GetErrorMessage()));
    return {result.begin(), result.end()};
}

ShaderCode findShader(const std::string& path) {
    if (const char* folder = std::getenv("CLIPSCOPE_SHADERS"); folder && *folder) {
        std::error_code ignored;
        if (!std::filesystem::is_directory(folder, ignored)) {
            throw ShaderError(std::string("CLIPSCOPE_SHADERS: no folder ") + folder);
        }
        if (std::filesystem::exists(std::filesystem::path(folder) / path, ignored))
            return ShaderCode(compileShader(folder, path));
    }
    for (const auto& shader : embeddedShaders()) {
        if (shader.path == path) return ShaderCode(shader.words);
    }
    throw std::logic_error("no shader " + path);
}

}  // namespace engine
