#include "quant/safetensors_index.h"

#include "quant/input_error.h"
#include "quant/quantization_key.h"
#include "quant/record_text.h"
#include "quant/weight_map.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace quant {
namespace {

namespace fs = std::filesystem;

fs::path folderOf(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

bool isPlainName(const std::string& name) {
    const auto isForbidden = [](char letter) {
        return letter == '/' || letter == '\\' || static_cast<unsigned char>(letter) < 0x20;
    };
    return !name.empty() && name != "." && name != ".." && std::ranges::none_of(name, isForbidden);
}

bool liesBelow(const fs::path& file, const fs::path& folder) {
    return std::ranges::mismatch(folder, file).in1 == folder.end();
}

// Checks the names of shards and finds their files.
class ShardFinder {
public:
    explicit ShardFinder(const std::string& index) : m_index(index), m_folder(folderOf(index)) {
        std::error_code unknown;  // then links have nowhere to lead
        for (const fs::path& home :
             {fs::canonical(m_folder, unknown), fs::canonical(index, unknown).parent_path()})
            if (!home.empty()) m_homes.push_back(home);
    }

    fs::path find(const std::string& tensor, const std::string& shard) const {
        const auto fail = [&](const std::string& problem) {
            throw InputError::atField(m_index, tensor, "weight_map",
                                      "the shard '" + printable(shard, 200) + "' " + problem);
        };
        if (!isPlainName(shard)) fail("must be the plain name of a file beside the index");
        const fs::path path = m_folder / shard;
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (error) fail("cannot be found: " + error.message());
        if (std::ranges::none_of(m_homes, [&](const fs::path& home) { return liesBelow(real, home); }))
            fail("is a link that leads out of the folder");
        return path;
    }

private:
    const std::string& m_index;
    fs::path m_folder;
    std::vector<fs::path> m_homes;
};

}  // namespace

SafetensorsIndexFile::SafetensorsIndexFile(InputFile index) {
    m_path = index.path();
    m_format = "safetensors-index";
    m_fileSizeBytes = index.sizeBytes();
    const WeightMap weights = readWeightMap(index);
    std::map<std::string, std::vector<std::string>> tensorsByShard;
    for (const auto& [tensor, shard] : weights) tensorsByShard[shard].push_back(tensor);

    const ShardFinder finder(m_path);
    QuantizationRecord record = QuantizationRecord::object();
    for (const auto& [shard, wanted] : tensorsByShard) {
        m_shards.emplace_back(InputFile(finder.find(wanted.front(), shard)));
        const SafetensorsFile& file = m_shards.back();
        m_fileSizeBytes += file.fileSizeBytes();
        for (const auto& [key, value] : file.metadata()) {
            if (key == quantizationMetadataKey)
                joinRecord(record, parseRecord(file.path(), value), m_path);
            else
                m_metadata.emplace(key, value);
        }
        std::vector<bool> isFound(wanted.size());
        for (size_t i = 0; i < file.tensors().size(); ++i) {
            const TensorInfo& info = file.tensors()[i];
            const auto at = std::ranges::lower_bound(wanted, info.name);
            if (at == wanted.end() || *at != info.name) continue;
            isFound[static_cast<size_t>(at - wanted.begin())] = true;
            m_places.push_back({m_shards.size() - 1, i});
            m_tensors.push_back(info);
        }
        const auto missing = std::ranges::find(isFound, false);
        if (missing == isFound.end()) continue;
        throw InputError::atField(m_path, wanted[static_cast<size_t>(missing - isFound.begin())],
                                  "weight_map", "the shard '" + printable(shard, 200) + "' does not hold it");
    }
    if (!record.empty()) m_metadata[quantizationMetadataKey] = record.dump();
}

std::vector<std::string> SafetensorsIndexFile::sourcePaths() const {
    std::vector<std::string> paths = {m_path};
    for (const SafetensorsFile& shard : m_shards) paths.push_back(shard.path());
    return paths;
}

void SafetensorsIndexFile::readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    const auto& [shard, tensor] = m_places[index];
    m_shards[shard].read(tensor, offset, bytes);
}

}  // namespace quant
