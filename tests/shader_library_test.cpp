#include "engine/shader_library.h"

#include "engine/error.h"
#include "engine/kernel.h"
#include "engine/spirv.h"
#include "tests/device_fixture.h"
#include "tests/shader_folder.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tests {

using engine::compileShader;
using engine::findShader;
using engine::ShaderError;

namespace {

constexpr const char* kernelPath = "compute/profile_private.comp";

std::string messageOf(const std::string& root, const std::string& path) {
    try {
        compileShader(root, path);
    } catch (const ShaderError& error) {
        return error.what();
    }
    return "compiled";
}

bool isEmbedded(std::span<const uint32_t> words) {
    return std::ranges::any_of(engine::embeddedShaders(), [&](const auto& shader) {
        return shader.path == kernelPath && std::ranges::equal(shader.words, words);
    });
}

}  // namespace

TEST_CASE("Without CLIPSCOPE_SHADERS the embedded shader is used", "[shader_library]") {
    const EnvironmentVariable none("CLIPSCOPE_SHADERS", "");
    CHECK(isEmbedded(findShader(kernelPath).words()));
}

TEST_CASE("A shader in the folder of CLIPSCOPE_SHADERS takes the embedded one's place", "[shader_library]") {
    ShaderFolder folder;
    folder.write("profile_private", "#version 460\nlayout(local_size_x = 24) in;\nvoid main() {}\n");
    const auto code = findShader(kernelPath);
    CHECK_FALSE(isEmbedded(code.words()));
    CHECK(engine::summarizeSpirv(code.words()).workgroupSize == 24);
}

TEST_CASE("A shader that the folder lacks is the embedded one", "[shader_library]") {
    const ShaderFolder folder;
    CHECK(isEmbedded(findShader(kernelPath).words()));
}

TEST_CASE("A folder that does not exist is refused by name", "[shader_library]") {
    const EnvironmentVariable folder("CLIPSCOPE_SHADERS", "/no/such/folder");
    try {
        findShader(kernelPath);
        FAIL("found");
    } catch (const ShaderError& error) {
        CHECK(std::string(error.what()).contains("CLIPSCOPE_SHADERS"));
        CHECK(std::string(error.what()).contains("/no/such/folder"));
    }
}

TEST_CASE("An unknown shader is a bug of the caller", "[shader_library]") {
    const EnvironmentVariable none("CLIPSCOPE_SHADERS", "");
    CHECK_THROWS_AS(findShader("compute/no_such.comp"), std::logic_error);
}

TEST_CASE("A shader that does not compile is reported by file and line", "[shader_library]") {
    ShaderFolder folder;
    folder.write("broken",
                 "#version 460\nlayout(local_size_x = 8) in;\nvoid main() {\n    undeclared = 1;\n}\n");
    const std::string message = messageOf(folder.path().string(), "compute/broken.comp");
    CHECK(message.contains((folder.path() / "compute/broken.comp").string() + ":4:"));
    CHECK(message.contains("undeclared"));
    CHECK_FALSE(message.contains('\n'));
}

TEST_CASE("An include that does not compile is reported by its own file and line", "[shader_library]") {
    ShaderFolder folder;
    std::ofstream(folder.path() / "compute/part.glsl") << "\nint f() { return missing; }\n";
    folder.write(
        "whole",
        "#version 460\n#extension GL_GOOGLE_include_directive : require\n#include \"compute/part.glsl\"\n"
        "layout(local_size_x = 8) in;\nvoid main() {}\n");
    CHECK(messageOf(folder.path().string(), "compute/whole.comp").contains("compute/part.glsl:2:"));
}

TEST_CASE("A missing include is reported by name", "[shader_library]") {
    ShaderFolder folder;
    folder.write("lonely",
                 "#version 460\n#extension GL_GOOGLE_include_directive : require\n#include "
                 "\"nowhere.glsl\"\nvoid main() {}\n");
    CHECK(messageOf(folder.path().string(), "compute/lonely.comp").contains("nowhere.glsl"));
}

TEST_CASE("A shader file that is missing is reported by name", "[shader_library]") {
    CHECK(messageOf("/no/such/folder", "compute/x.comp") == "/no/such/folder/compute/x.comp: cannot be read");
}

TEST_CASE("Every kernel's source compiles at run time to the same interface", "[shader_library]") {
    for (const auto& shader : engine::embeddedShaders()) {
        INFO(shader.path);
        const auto words = compileShader(sourceFile("shaders"), std::string(shader.path));
        const auto live = engine::summarizeSpirv(words), embedded = engine::summarizeSpirv(shader.words);
        CHECK(live.pushMemberOffsets == embedded.pushMemberOffsets);
        CHECK(live.pushSizeBytes == embedded.pushSizeBytes);
        CHECK(live.workgroupSize == embedded.workgroupSize);
    }
}

TEST_CASE("A kernel that does not compile is refused, and the next version taken",
          "[device][shader_library]") {
    ShaderFolder folder;
    folder.write("test_live", "#version 460\nvoid main() { oops; }\n");
    CHECK_THROWS_AS(device().kernel("test_live"), ShaderError);
    folder.write("test_live", "#version 460\nlayout(local_size_x = 16) in;\nvoid main() {}\n");
    CHECK(device().kernel("test_live").workgroupSize() == 16);
}

}  // namespace tests
