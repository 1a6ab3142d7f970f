// What INPUT may be, as scripts see it.
#include "tests/cli_checks.h"
#include "tests/reading.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace app::tests;
using quant::tests::fixture;

namespace {

Json analyzed(Arguments arguments) {
    return reportOf("analyze", std::move(arguments));
}

std::string namesIn(const Json& list) {
    std::string names;
    for (const auto& entry : list) names += entry["name"].get<std::string>() + " ";
    return names;
}

}  // namespace

TEST_CASE("npz, gguf and sharded models are analyzed", "[cli]") {
    const Json npz = analyzed({fixture("deflated.npz")});
    CHECK(npz["source"][0]["format"] == "npz");
    CHECK(namesIn(npz["tensors"]) == "w half layer/b ");
    CHECK(npz["tensors"][2]["min"] == -3.0);
    CHECK(namesIn(npz["skipped"]) == "steps ");
    const Json gguf = analyzed({fixture("plain.gguf")});
    CHECK(gguf["source"][0]["format"] == "gguf");
    CHECK(namesIn(gguf["tensors"]) == "f32.weight f16 bf16 f64 ");
    for (const auto& tensor : gguf["tensors"]) CHECK(tensor["absmax"] == 2.5);
    const Json sharded = analyzed({fixture("sharded/model.safetensors.index.json")});
    CHECK(sharded["source"].size() == 1);
    CHECK(sharded["source"][0]["format"] == "safetensors-index");
    CHECK(namesIn(sharded["tensors"]) == "embed.weight a.bias head.weight ");
}

TEST_CASE("Blocks of a gguf file have the clips of their decoded values", "[cli]") {
    const Json blocks = analyzed({fixture("quantized.gguf"), "--granularity", "group:32"});
    for (const auto& tensor : blocks["tensors"]) {
        const auto name = tensor["name"].get<std::string>();
        CAPTURE(name);
        const Json values = analyzed({fixture(name + ".npy"), "--granularity", "group:32"});
        CHECK(tensor == values["tensors"][0]);
    }
    CHECK(blocks["tensors"].size() + blocks["skipped"].size() == 5);
    for (const auto& skipped : blocks["skipped"])
        CHECK(skipped["reason"].get<std::string>().contains("needs libggml to decode Q"));
}

TEST_CASE("Tensors that cannot be decoded are skipped, and not quantized past", "[cli]") {
    const TempFolder folder;
    std::string bytes = quant::tests::bytesOf(fixture("quantized.gguf"));
    const size_t name = bytes.find("Q8_0") + 4;
    bytes[name + 4 + 16] = 9;  // Q8_1 after the count of dimensions and two of them
    const std::string path = folder.write("x.gguf", bytes);
    const RunResult listed = runClipscope({"analyze", path});
    CAPTURE(listed.err, listed.out);
    if (listed.exitCode == 0) CHECK(listed.out.contains("skipped Q8_0: "));
    checkFails(runClipscope({"quantize", path, "-o", folder / "out.safetensors"}), 3, "decode Q");
    CHECK(folder.entries() == 1);
}

TEST_CASE("A folder is all its files of tensors, by name", "[cli]") {
    const TempFolder folder;
    for (const char* name : {"stored.npz", "plain.gguf", "Q8_0.npy"})
        std::filesystem::copy_file(fixture(name), folder / name);
    folder.write("notes.txt", "no tensors");
    const Json report = analyzed({folder.path()});
    REQUIRE(report["source"].size() == 3);
    CHECK(report["source"][0]["path"] == (folder / "Q8_0.npy").string());
    CHECK(report["source"][1]["format"] == "gguf");
    CHECK(report["source"][2]["format"] == "npz");
    CHECK(analyzed({fixture("sharded")})["source"].size() == 1);
}

TEST_CASE("Commands for one file take a folder with one, and say what a fuller one holds", "[cli]") {
    const TempFolder folder;
    checkFails(runClipscope({"sweep", folder.path()}), 3, "is a folder without any file of tensors");
    std::filesystem::copy_file(fixture("Q8_0.npy"), folder / "a.npy");
    CHECK(runClipscope({"sweep", folder.path(), "--points", "4"}).exitCode == 0);
    CHECK(runClipscope({"quantize", folder.path(), "-o", folder / "out.safetensors"}).exitCode == 0);
    const std::string hint = "holds 2 files of tensors (a.npy, out.safetensors): name one of them";
    checkFails(runClipscope({"sweep", folder.path()}), 3, hint);
    checkFails(runClipscope({"quantize", folder.path(), "-o", folder / "again.safetensors"}), 3, hint);
}

TEST_CASE("No output may replace a file in a folder or a shard", "[cli]") {
    const TempFolder folder;
    std::filesystem::copy(fixture("sharded"), folder.path());
    const std::string shard = folder / "model-00002-of-00002.safetensors";
    const std::string before = folder.read("model-00002-of-00002.safetensors");
    const std::string index = folder / "model.safetensors.index.json";
    checkFails(runClipscope({"analyze", folder.path(), "--json", shard}), 2, "would replace an input");
    checkFails(runClipscope({"analyze", index, "--csv", shard}), 2, "would replace an input");
    checkFails(runClipscope({"sweep", index, "--tensor", "a.bias", "--json", shard}), 2,
               "would replace an input");
    checkFails(runClipscope({"quantize", index, "-o", shard}), 2, "would replace the input");
    CHECK(folder.read("model-00002-of-00002.safetensors") == before);
}

TEST_CASE("Bare elements are analyzed, swept and quantized with --raw", "[cli]") {
    const TempFolder folder;
    const std::vector<float> values = {1, -2, 3, -4, 5, -6};
    const std::string path = folder.write(
        "conv.bin", {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    const Json tensor = analyzed({path, "--raw", "f32:3x2"})["tensors"][0];
    CHECK(tensor["name"] == "conv");
    CHECK(tensor["shape"] == Json{3, 2});
    CHECK(tensor["min"] == -6.0);
    CHECK(analyzed({path, "--raw", "f32:2x?"})["tensors"][0]["shape"] == Json{2, 3});
    CHECK(runClipscope({"sweep", path, "--raw", "f32:6", "--points", "4"}).exitCode == 0);
    const std::string out = folder / "out.safetensors";
    REQUIRE(runClipscope({"quantize", path, "--raw", "f32:3x2", "-o", out}).exitCode == 0);
    CHECK(namesIn(analyzed({out})["tensors"]) == "conv.scale ");
}

TEST_CASE("--raw that does not fit the file is unusable input, what it does not mean a usage error",
          "[cli]") {
    const TempFolder folder;
    const std::string path = folder.write("conv.bin", "abcdefgh");
    checkFails(runClipscope({"analyze", path, "--raw", "f32:3"}), 3,
               "field 'size': 8 bytes, but f32:3 needs 12");
    checkFails(runClipscope({"analyze", folder.path(), "--raw", "f32:2"}), 3, "is a directory");
    checkFails(runClipscope({"analyze", path, "--raw", "f32"}), 2, "--raw: a shape is missing");
    checkFails(runClipscope({"sweep", path, "--raw", "i8:8"}), 2, "'i8' is none of the types");
    checkFails(runClipscope({"quantize", path, "-o", "y", "--raw", "f32:a"}), 2, "'a' is no extent");
}
