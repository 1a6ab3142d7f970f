// Every example of the help and of the README does what it says, or at least ends well.
#include "tests/cli_checks.h"
#include "tests/reading.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <sstream>

using namespace app::tests;

namespace {

const std::filesystem::path source = sourceFile("");

// The lines that begin with the prefix, without it and without what is cut off from the end.
Arguments linesAfter(const std::string& text, const std::string& prefix, const Arguments& endings = {}) {
    Arguments lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        if (!line.starts_with(prefix)) continue;
        line.erase(0, prefix.size());
        for (const std::string& ending : endings) line = line.substr(0, line.find(ending));
        lines.push_back(line);
    }
    return lines;
}

void checkRuns(const std::string& line, const TempFolder& folder) {
    const RunResult result = runShell("clipscope " + line, {.environment = {{"HOME", folder.path().string()}},
                                                            .folder = folder.path().string()});
    CAPTURE(line, result.err);
    CHECK(result.exitCode == 0);
}

// The files that the help's examples name.
void fill(const TempFolder& folder) {
    namespace fs = std::filesystem;
    const auto copy = [&](const fs::path& from, const char* to) {
        fs::copy_file(source / from, folder / to);
    };
    copy("assets/fashion_cnn.safetensors", "model.safetensors");
    copy("assets/fashion_cnn_activations.safetensors", "batch-1.safetensors");
    copy("tests/fixtures/stored.npz", "weights.npz");
    copy("tests/fixtures/Q8_0.npy", "weights.npy");
    copy("tests/fixtures/quantized.gguf", "model.gguf");
    // With its external data beside it.
    copy("assets/fashion_cnn.onnx", "model.onnx");
    copy("assets/fashion_cnn.safetensors", "fashion_cnn.safetensors");
    for (const char* name : {"model.safetensors.index.json", "model-00001-of-00002.safetensors",
                             "model-00002-of-00002.safetensors"})
        fs::copy_file(source / "tests/fixtures/sharded" / name, folder / name);
    fs::create_directory(folder / "folder");
    copy("tests/fixtures/deflated.npz", "folder/a.npz");
    writeNpy(folder, "input.npy", quant::DType::F32, {1, 3, 9, 8}, std::string(3 * 9 * 8 * 4, '\x3d'));
    writeNpy(folder, "kernels.npy", quant::DType::F32, {4, 3, 3, 2}, std::string(4 * 3 * 3 * 2 * 4, '\x3d'));
    folder.write("conv.bin", std::string(64 * 27 * 4, '\x3d'));
    writeFile(folder, {{"w", {1}, {2}}}, "hessian.safetensors");
    folder.write("saved.json", R"({"clipscope_session": 1, "inputs": ["model.safetensors"]})");
    for (const char* shell :
         {".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"})
        fs::create_directories(folder / shell);
}

}  // namespace

TEST_CASE("Every example of the help runs", "[cli]") {
    const TempFolder folder;
    fill(folder);
    REQUIRE(runShell("clipscope calibrate batch-1.safetensors --state machine1.state -q && cp machine1.state "
                     "machine2.state",
                     {.folder = folder.path().string()})
                .exitCode == 0);
    size_t examples = 0;
    for (const char* command : {"recommend", "analyze", "compare", "calibrate", "sweep", "quantize", "render",
                                "gemm", "conv", "devices", "completion", "man"}) {
        for (const std::string& line : linesAfter(runClipscope({command, "--help"}).out, "  clipscope ")) {
            if (line.contains("| man")) continue;  // not everywhere
            checkRuns(line, folder);
            ++examples;
        }
    }
    CHECK(examples > 30);
}

TEST_CASE("Every example of the README runs", "[cli]") {
    const TempFolder folder;
    for (const char* name : {"assets", "tests"})
        std::filesystem::create_symlink(source / name, folder / name);
    std::filesystem::create_directory(folder / "build");
    const std::string readme = quant::tests::bytesOf(source / "README.md");
    Arguments lines = linesAfter(readme, "    ./dev run -- ", {"  #", " …"});
    const Arguments shown = linesAfter(readme, "    $ clipscope ", {" …"});
    REQUIRE(shown.size() > 3);
    lines.insert(lines.end(), shown.begin(), shown.end());
    REQUIRE(lines.size() > 20);
    for (const std::string& line : lines) {
        if (line.starts_with("explore ")) continue;  // needs a display: explore_window_test
        checkRuns(line, folder);
    }
}
