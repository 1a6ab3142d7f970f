#include "quant/safetensors_index.h"

#include "quant/safetensors_writer.h"
#include "tests/reading.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace quant;
using namespace quant::tests;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view indexName = "model.safetensors.index.json";

// One F16 tensor of one element.
std::string shard(const std::string& tensor) {
    const std::string header = "{\"" + tensor + R"(":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})";
    return static_cast<char>(header.size()) + std::string(7, '\0') + header + tensor.substr(0, 1) + "!";
}

std::string weightMap(std::string_view entries) {
    return "{\"weight_map\":{" + std::string(entries) + "}}";
}

std::string complaintAboutIndex(const TempFolder& folder, std::string_view index) {
    return complaintAbout(folder.write(indexName, index));
}

}  // namespace

TEST_CASE("an index opens its shards, by name, each in its file's order", "[safetensors_index]") {
    const auto path = fixture("sharded/model.safetensors.index.json");
    const auto file = openTensorFile(path);
    CHECK(file->format() == "safetensors-index");
    CHECK(file->path() == path.string());
    CHECK(file->metadata() == std::map<std::string, std::string>{{"format", "pt"}});
    std::string names;
    for (const TensorInfo& info : file->tensors()) names += info.name + " ";
    CHECK(names == "embed.weight a.bias head.weight ");
    CHECK(numbersOf<float>(*file, "embed.weight") == std::vector<float>{0, 1, 2, 3, 4, 5});
    CHECK(numbersOf<float>(*file, "a.bias") == std::vector<float>{7, 8});
    CHECK(numbersOf<uint16_t>(*file, "head.weight") == std::vector<uint16_t>{0x3800, 0xb800});
    uint64_t bytes = 0;
    for (const std::string& source : file->sourcePaths()) bytes += fs::file_size(source);
    CHECK(file->sourcePaths().size() == 3);
    CHECK(file->fileSizeBytes() == bytes);
}

TEST_CASE("what the index does not list is left out", "[safetensors_index]") {
    const TempFolder folder;
    folder.write("a.safetensors", shard("a"));
    folder.write("b.safetensors", shard("b"));
    const auto file = openTensorFile(folder.write(indexName, weightMap(R"("b":"b.safetensors")")));
    REQUIRE(file->tensors().size() == 1);
    CHECK(readAll(*file, 0) == "b!");
    CHECK(complaintAboutIndex(folder,
                              R"({"metadata":{"x":[1,{"y":null}],"z":true},"weight_map":{}, "more":-1})")
              .empty());
}

TEST_CASE("an index is found by a relative path, too", "[safetensors_index]") {
    const TempFolder folder;
    folder.write("a.safetensors", shard("a"));
    folder.write(indexName, weightMap(R"("a":"a.safetensors")"));
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());
    CHECK(complaintAbout(indexName).empty());
    fs::current_path(before);
}

TEST_CASE("an index that is not one is refused", "[safetensors_index]") {
    const TempFolder folder;
    CHECK(complaintAboutIndex(folder, "{}") == "field 'weight_map': is missing");
    CHECK(complaintAboutIndex(folder, "[]") == "must be a JSON object with a weight_map");
    CHECK(complaintAboutIndex(folder, "1") == "must be a JSON object with a weight_map");
    CHECK(complaintAboutIndex(folder, R"({"weight_map":[]})") == "field 'weight_map': must be an object");
    CHECK(complaintAboutIndex(folder, R"({"weight_map":1})") == "field 'weight_map': must be an object");
    for (const char* value : {"1", "[]", "{}", "null", "true", "-1", "0.5"}) {
        CHECK(complaintAboutIndex(folder, weightMap(std::string("\"a\":") + value)) ==
              "tensor 'a': field 'weight_map': must be the name of a shard");
    }
    CHECK(complaintAboutIndex(folder, weightMap(R"("a":"x","a":"y")")) ==
          "tensor 'a': field 'weight_map': appears twice");
    CHECK(complaintAboutIndex(folder, R"({"weight_map":{},"weight_map":{}})") ==
          "field 'weight_map': appears twice");
    CHECK(complaintAboutIndex(folder, "{\"weight_map\":{}} x").starts_with("is not valid JSON: "));
    CHECK(complaintAboutIndex(folder, std::string("{\"weight_map\":{}}\0x", 19)) ==
          "is not valid JSON: a NUL character (at byte 17)");
}

TEST_CASE("deep nesting in an index is no danger", "[safetensors_index]") {
    const TempFolder folder;
    CHECK(complaintAboutIndex(folder, "{\"x\":" + std::string(1'000'000, '['))
              .starts_with("is not valid JSON"));
}

TEST_CASE("names of shards are plain names", "[safetensors_index]") {
    const TempFolder folder;
    folder.write("a.safetensors", shard("a"));
    fs::create_directory(folder / "below");
    for (const std::string name :
         {"../a.safetensors", "/etc/passwd", "below/a.safetensors", ".", "..", "", "a\\\\b", "a\\u0000b"}) {
        CAPTURE(name);
        CHECK(complaintAboutIndex(folder, weightMap("\"a\":\"" + name + "\""))
                  .ends_with("must be the plain name of a file beside the index"));
    }
    CHECK(complaintAboutIndex(folder, weightMap(R"("a":"a.safetensors")")).empty());
}

TEST_CASE("a shard that is missing or lacks a tensor is an error that names both", "[safetensors_index]") {
    const TempFolder folder;
    folder.write("a.safetensors", shard("a"));
    CHECK(complaintAboutIndex(folder, weightMap(R"("a":"a.safetensors","b":"b.safetensors")")) ==
          "tensor 'b': field 'weight_map': the shard 'b.safetensors' cannot be found: No such file or "
          "directory");
    CHECK(complaintAboutIndex(folder, weightMap(R"("a":"a.safetensors","b":"a.safetensors")")) ==
          "tensor 'b': field 'weight_map': the shard 'a.safetensors' does not hold it");
    folder.write("b.safetensors", "rubbish");
    CHECK(complaintAboutIndex(folder, weightMap(R"("b":"b.safetensors")"))
              .contains("b.safetensors: is too short"));
    fs::create_directory(folder / "c.safetensors");
    CHECK(complaintAboutIndex(folder, weightMap(R"("c":"c.safetensors")")).contains("is a directory"));
}

TEST_CASE("links of shards may not lead out of the folder of the index", "[safetensors_index]") {
    const TempFolder folder, outside;
    outside.write("a.safetensors", shard("a"));
    fs::create_symlink(outside / "a.safetensors", folder / "a.safetensors");
    CHECK(complaintAboutIndex(folder, weightMap(R"("a":"a.safetensors")")) ==
          "tensor 'a': field 'weight_map': the shard 'a.safetensors' is a link that leads out of the folder");
    folder.write("real", shard("a"));
    fs::create_symlink("real", folder / "b.safetensors");
    CHECK(complaintAboutIndex(folder, weightMap(R"("a":"b.safetensors")")).empty());
}

TEST_CASE("links of shards and index into one folder are followed", "[safetensors_index]") {
    // So lie the files in the cache of the Hugging Face Hub: blobs, and links to them in snapshots.
    const TempFolder folder;
    fs::create_directories(folder / "snapshots");
    fs::create_directories(folder / "blobs");
    folder.write("blobs/1", weightMap(R"("a":"a.safetensors")"));
    folder.write("blobs/2", shard("a"));
    fs::create_symlink("../blobs/1", folder / "snapshots" / indexName);
    fs::create_symlink("../blobs/2", folder / "snapshots/a.safetensors");
    CHECK(complaintAbout(folder / "snapshots" / indexName).empty());
}

TEST_CASE("an index cut short at any byte is refused", "[safetensors_index]") {
    const TempFolder folder;
    for (const char* name : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"})
        folder.write(name, bytesOf(fixture("sharded") / name));
    const std::string whole = bytesOf(fixture("sharded/model.safetensors.index.json"));
    REQUIRE(whole.ends_with("}\n"));
    for (size_t size = 0; size + 1 < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(complaintAboutIndex(folder, std::string_view(whole).substr(0, size)).empty());
    }
}

TEST_CASE("the records of quantization of all shards are one", "[safetensors_index]") {
    const TempFolder folder;
    const auto shard = [&](const std::string& name, const std::string& record) {
        const std::vector<TensorInfo> infos = {makeTensorInfo(name, DType::U8, {1}).value()};
        SafetensorsWriter writer(folder / (name + ".safetensors"), infos,
                                 {{"clipscope.quantization", record}, {"of", name}});
        writer.write(std::as_bytes(std::span("x", 1)));
        writer.commit();
    };
    shard("a", R"({"a":{"bits":4}})");
    shard("b", R"({"b":{"bits":2}})");
    const auto path = folder.write(indexName, weightMap(R"("a":"a.safetensors","b":"b.safetensors")"));
    const auto metadata = openTensorFile(path)->metadata();
    CHECK(metadata.at("clipscope.quantization") == R"({"a":{"bits":4},"b":{"bits":2}})");
    CHECK(metadata.at("of") == "a");
    shard("b", R"({"a":{"bits":3}})");
    CHECK(complaintAbout(path) == "tensor 'a': is described twice by the records of quantization");
}
