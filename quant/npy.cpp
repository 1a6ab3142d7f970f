#include "quant/npy.h"

#include "quant/input_error.h"

#include <filesystem>
#include <utility>

namespace quant {
namespace {

std::string tensorName(const std::string& path) {
    const std::filesystem::path fileName = std::filesystem::path(path).filename();
    const bool hasExtension = fileName.extension() == ".npy";
    // A file name may be any bytes, a tensor name is UTF-8.
    return printable((hasExtension ? fileName.stem() : fileName).string());
}

}  // namespace

NpyFile::NpyFile(InputFile file) : m_file(std::move(file)), m_array(m_file, tensorName(m_file.path()), "") {
    m_path = m_file.path();
    m_format = "npy";
    m_fileSizeBytes = m_file.sizeBytes();
    m_tensors.push_back(m_array.info());
}

void NpyFile::readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const {
    m_array.read(m_file, offset, bytes);
}

}  // namespace quant
