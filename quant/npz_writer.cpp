// Writes the npz format; see npz.cpp.
#include "quant/npz_writer.h"

#include "quant/input_error.h"
#include "quant/npy_writer.h"
#include "quant/quantization_key.h"

#include <algorithm>
#include <format>
#include <ranges>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace quant {
namespace {

constexpr std::string_view extension = ".npy";

bool hasDrive(std::string_view name) {
    const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return name.size() > 2 && isLetter(name[0]) && name[1] == ':' && name[2] == '/';
}

// What is wrong with a name by itself; empty if nothing is.
std::string nameProblem(std::string_view name) {
    if (name.empty()) return "has no name";
    if (name.size() + extension.size() > ZipWriter::maxNameBytes)
        return std::format("has a name of more than {} bytes", ZipWriter::maxNameBytes - extension.size());
    if (name.starts_with('/') || hasDrive(name)) return "has the name of an absolute path";
    if (name.contains('\\') || name.contains('\0')) return "has a backslash or NUL in its name";
    for (const auto part : std::views::split(name, '/')) {
        const std::string_view text(part);
        if (text.empty() || text == "." || text == "..")
            return "has a part in its name that is empty, '.' or '..'";
    }
    return "";
}

}  // namespace

void checkNpzNames(const std::string& source, const std::vector<TensorInfo>& tensors) {
    // numpy.load finds members by their whole names first.
    std::unordered_set<std::string> names, members = {std::string(quantizationMember)};
    for (const TensorInfo& tensor : tensors) members.insert(tensor.name + std::string(extension));
    for (const TensorInfo& tensor : tensors) {
        std::string problem = nameProblem(tensor.name);
        if (problem.empty() && !names.insert(tensor.name).second) problem = "would appear twice";
        if (problem.empty() && members.contains(tensor.name))
            problem = "has the name of another tensor's member";
        if (problem.empty()) continue;
        throw InputError(source, tensor.name, problem + ", so it cannot go into an npz archive");
    }
}

NpzWriter::NpzWriter(const std::filesystem::path& path, const std::string& source,
                     std::vector<TensorInfo> tensors, const std::map<std::string, std::string>& metadata,
                     uint64_t zip64From)
    : m_archive(path, zip64From), m_tensors(std::move(tensors)) {
    checkNpzNames(source, m_tensors);
    const auto record = metadata.find(quantizationMetadataKey);
    if (record != metadata.end()) m_record = record->second;
    beginNext();
}

// Up to the first tensor that has data to come.
void NpzWriter::beginNext() {
    while (m_archive.missingBytes() == 0 && m_next < m_tensors.size()) {
        const TensorInfo& tensor = m_tensors[m_next++];
        const std::string header = npyHeader(tensor);
        m_archive.begin(tensor.name + std::string(extension), header.size() + tensor.sizeBytes);
        m_archive.write(header);
    }
}

void NpzWriter::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const size_t count = std::min<uint64_t>(bytes.size(), m_archive.missingBytes());
        if (count == 0) {
            throw OutputError(m_archive.path(),
                              std::format("{} bytes more than the tensors announced hold", bytes.size()));
        }
        m_archive.write(bytes.first(count));
        bytes = bytes.subspan(count);
        beginNext();
    }
}

void NpzWriter::commit() {
    if (m_archive.missingBytes() > 0) {
        uint64_t missing = m_archive.missingBytes();
        for (size_t i = m_next; i < m_tensors.size(); ++i) missing += m_tensors[i].sizeBytes;
        throw OutputError(m_archive.path(), std::format("{} bytes of tensor data were not written", missing));
    }
    if (!m_record.empty()) {
        m_archive.begin(quantizationMember, m_record.size());
        m_archive.write(m_record);
    }
    m_archive.commit();
}

}  // namespace quant
