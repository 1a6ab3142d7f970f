// The index is what varies; the shards beside it hold tensors a and b, and c.
#include "quant/safetensors_index.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/temp_folder.h"

namespace {

std::string shard(std::string header, size_t dataBytes) {
    const char length = static_cast<char>(header.size());
    return length + std::string(7, '\0') + std::move(header) + std::string(dataBytes, 'x');
}

const quant::tests::TempFolder& folder() {
    static const quant::tests::TempFolder folder;
    static const bool isFilled = [] {
        folder.write("a.safetensors", shard(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},)"
                                            R"("b":{"dtype":"U8","shape":[],"data_offsets":[2,3]}})",
                                            3));
        folder.write("b.safetensors", shard(R"({"c":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
        return true;
    }();
    static_cast<void>(isFilled);
    return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto path =
        folder().write("model.safetensors.index.json", {reinterpret_cast<const char*>(data), size});
    fuzz::readTensors([&] { return std::make_unique<quant::SafetensorsIndexFile>(quant::InputFile(path)); });
    return 0;
}
