#include "engine/pipeline_cache.h"

#include "engine/cache_folder.h"
#include "engine/device_state.h"
#include "tests/device_fixture.h"
#include "tests/environment.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <vector>

namespace tests {

using quant::tests::TempFolder;
namespace fs = std::filesystem;

namespace {

// Opens the device of this run once more, makes a kernel and closes it. Returns how many bytes of cache were
// read.
size_t makeKernel() {
    const engine::Instance instance(isValidating(), onMessage);
    engine::Device opened(instance, engine::chooseDevice(instance.devices(), ""));
    opened.kernel("profile_private", {.constants = {{1, 8}}});
    return opened.state()->loadedCacheBytes;
}

// Every cache begins with the header that Vulkan defines: its length of 32 bytes, then version 1.
bool hasHeader(const fs::path& file) {
    uint32_t header[2] = {};
    std::ifstream(file, std::ios::binary).read(reinterpret_cast<char*>(header), sizeof header);
    return fs::file_size(file) >= 32 && header[0] == 32 && header[1] == 1;
}

std::vector<fs::path> cacheFiles() {
    std::vector<fs::path> files;
    if (!fs::exists(engine::cacheFolder())) return files;
    for (const auto& entry : fs::directory_iterator(engine::cacheFolder())) files.push_back(entry.path());
    return files;
}

}  // namespace

TEST_CASE("The cache folder follows XDG_CACHE_HOME, then HOME", "[pipeline_cache]") {
    const EnvironmentVariable home("HOME", "/home/x");
    {
        const EnvironmentVariable cache("XDG_CACHE_HOME", "/c");
        CHECK(engine::cacheFolder() == "/c/clipscope");
    }
    for (const char* unusable : {"", "relative"}) {  // the XDG specification ignores relative paths
        const EnvironmentVariable cache("XDG_CACHE_HOME", unusable);
        CHECK(engine::cacheFolder() == "/home/x/.cache/clipscope");
    }
    const EnvironmentVariable noCache("XDG_CACHE_HOME", ""), noHome("HOME", "");
    CHECK(engine::cacheFolder().empty());
}

TEST_CASE("The pipeline cache is one file, written and read again", "[device][pipeline_cache]") {
    const TempFolder folder;
    const EnvironmentVariable cache("XDG_CACHE_HOME", folder.path().string());
    CHECK(makeKernel() == 0);
    const auto files = cacheFiles();
    REQUIRE(files.size() == 1);
    CHECK(hasHeader(files[0]));
    const auto size = fs::file_size(files[0]);
    CHECK(makeKernel() == size);
    CHECK(cacheFiles() == files);
}

TEST_CASE("The pipeline cache does not grow while nothing new is compiled", "[device][pipeline_cache]") {
    const TempFolder folder;
    const EnvironmentVariable cache("XDG_CACHE_HOME", folder.path().string());
    makeKernel();
    const auto size = fs::file_size(cacheFiles().at(0));
    for (int i = 0; i < 3; ++i) makeKernel();
    CHECK(fs::file_size(cacheFiles().at(0)) == size);
}

TEST_CASE("A spoiled pipeline cache is replaced", "[device][pipeline_cache]") {
    const TempFolder folder;
    const EnvironmentVariable cache("XDG_CACHE_HOME", folder.path().string());
    makeKernel();
    const auto files = cacheFiles();
    REQUIRE(files.size() == 1);
    std::ofstream(files[0], std::ios::trunc) << "spoiled";
    makeKernel();
    CHECK(hasHeader(files[0]));
}

TEST_CASE("A pipeline cache that cannot be written is no error", "[device][pipeline_cache]") {
    const TempFolder folder;
    const auto file = folder.write("file", "");
    const EnvironmentVariable cache("XDG_CACHE_HOME", file.string());
    CHECK_NOTHROW(makeKernel());
    CHECK(folder.entries() == 1);
}

}  // namespace tests
