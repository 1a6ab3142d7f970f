#pragma once

#include "quant/input_file.h"
#include "quant/safetensors.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

constexpr std::string_view safetensorsIndexExtension = ".safetensors.index.json";

// A model in several safetensors files, its shards, which an index lists: JSON whose weight_map gives for
// each tensor the name of its shard.
class SafetensorsIndexFile final : public TensorFile {
public:
    // Reads the index (at most 100 MB) and the headers of all shards, each opened once. Shards lie in the
    // folder of the index: their names are plain, and symbolic links may lead only into that folder or into
    // the one where the index itself lies when it is such a link (as in the cache of the Hugging Face Hub).
    // Tensors come shard by shard, by name, each in its file's order; what the index does not list is left
    // out. metadata() joins the shards'; of equal keys the first shard's counts.
    // Throws InputError: naming index, tensor and shard where they do not fit, else as SafetensorsFile does.
    explicit SafetensorsIndexFile(InputFile index);

    std::vector<std::string> sourcePaths() const override;

private:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

    struct Place {
        size_t shard = 0, tensor = 0;  // the tensor's number there
    };

    std::vector<SafetensorsFile> m_shards;
    std::vector<Place> m_places;  // per tensor
};

}  // namespace quant
