#include "quant/tensor_folder.h"

#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

using namespace quant;
using namespace quant::tests;
namespace fs = std::filesystem;

namespace {

std::string namesOf(const std::vector<std::unique_ptr<TensorFile>>& files) {
    std::string names;
    for (const auto& file : files) names += fs::path(file->path()).filename().string() + " ";
    return names;
}

}  // namespace

TEST_CASE("a path to a file is that file alone", "[tensor_folder]") {
    CHECK(namesOf(openTensorFiles(fixture("plain.gguf"))) == "plain.gguf ");
    CHECK(complaintOf([] { openTensorFiles("/nonexistent"); }).contains("cannot open"));
}

TEST_CASE("a folder is every file of a known extension directly in it, by name", "[tensor_folder]") {
    const auto files = openTensorFiles(fixture(""));
    CHECK(namesOf(files) ==
          "Q4_0.npy Q4_1.npy Q5_0.npy Q6_K.npy Q8_0.npy deflated.npz plain.gguf "
          "quantized.gguf stored.npz version2.gguf ");
    CHECK(files.front()->path().starts_with(fixture("").string()));
}

TEST_CASE("shards that an index in the folder lists are not opened twice", "[tensor_folder]") {
    const auto files = openTensorFiles(fixture("sharded"));
    CHECK(namesOf(files) == "model.safetensors.index.json ");
    const TempFolder folder;
    fs::copy(fixture("sharded"), folder.path());
    fs::copy_file(folder / "model-00001-of-00002.safetensors", folder / "other.safetensors");
    CHECK(namesOf(openTensorFiles(folder.path())) == "model.safetensors.index.json other.safetensors ");
}

TEST_CASE("a folder without any file of tensors is an error", "[tensor_folder]") {
    const TempFolder folder;
    folder.write("readme.txt", "x");
    folder.write("._w.npy", "what macOS leaves beside files");
    fs::create_directory(folder / "folder.npy");
    CHECK(complaintOf([&] { openTensorFiles(folder.path()); }) ==
          folder.path().string() + ": is a folder without any file of tensors");
}

TEST_CASE("a damaged file in a folder is an error that names it", "[tensor_folder]") {
    const TempFolder folder;
    folder.write("a.npy", "rubbish");
    CHECK(
        complaintOf([&] { openTensorFiles(folder.path()); }).starts_with((folder / "a.npy").string() + ": "));
}
