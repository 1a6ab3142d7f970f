// External data (https://onnx.ai/onnx/repo-docs/ExternalData.html): offsets at multiples of the page size, so
// that the file can be mapped.
#include "quant/onnx_data_file.h"

#include <array>
#include <cstddef>

namespace quant {
namespace {

constexpr uint64_t pageBytes = 4096;

void addEntry(onnx::TensorProto& tensor, const char* key, const std::string& value) {
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
}

}  // namespace

std::filesystem::path OnnxDataFile::pathFor(const std::filesystem::path& model) {
    return model.string() + ".data";
}

OnnxDataFile::OnnxDataFile(const std::filesystem::path& model)
    : m_file(pathFor(model)), m_location(pathFor(model).filename().string()) {}

void OnnxDataFile::begin(onnx::TensorProto& tensor, uint64_t sizeBytes) {
    constexpr std::array<std::byte, pageBytes> zeros = {};
    write(std::span(zeros).first((pageBytes - m_sizeBytes % pageBytes) % pageBytes));
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    addEntry(tensor, "location", m_location);
    addEntry(tensor, "offset", std::to_string(m_sizeBytes));
    addEntry(tensor, "length", std::to_string(sizeBytes));
}

void OnnxDataFile::write(std::span<const std::byte> bytes) {
    m_file.write(bytes);
    m_sizeBytes += bytes.size();
}

}  // namespace quant
