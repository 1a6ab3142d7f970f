#pragma once

#include "tests/environment.h"
#include "tests/source_folder.h"
#include "tests/temp_folder.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace tests {

// A folder of test kernels in place of the embedded ones, as CLIPSCOPE_SHADERS has it, while the object
// lives.
class ShaderFolder {
public:
    ShaderFolder() : m_variable("CLIPSCOPE_SHADERS", m_folder.path().string()) {
        std::filesystem::create_directory(m_folder / "compute");
        std::filesystem::copy_file(sourceFile("shaders/compute/grid.glsl"), m_folder / "compute/grid.glsl");
    }

    void write(const std::string& kernel, std::string_view source) {
        m_folder.write("compute/" + kernel + ".comp", source);
    }
    const std::filesystem::path& path() const { return m_folder.path(); }

private:
    quant::tests::TempFolder m_folder;
    EnvironmentVariable m_variable;
};

}  // namespace tests
