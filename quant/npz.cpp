// Reads the npz format (numpy.savez, numpy.savez_compressed): a zip archive with one npy file per array.
#include "quant/npz.h"

#include "quant/input_error.h"
#include "quant/quantization_key.h"
#include "quant/utf8.h"

#include <format>
#include <string_view>
#include <utility>

namespace quant {
namespace {

constexpr std::string_view extension = ".npy";
// Of the record of quantization, beside a share for each member: it is deflated, so that its size says
// nothing.
constexpr uint64_t recordBytes = 1 << 16, recordBytesPerMember = 1 << 12;

}  // namespace

NpzFile::NpzFile(InputFile file) : m_archive(std::move(file)) {
    m_path = m_archive.file().path();
    m_format = "npz";
    m_fileSizeBytes = m_archive.file().sizeBytes();
    for (const ZipMember& member : m_archive.members()) {
        if (member.name == quantizationMember) readRecord(member);
        if (!member.name.ends_with(extension)) continue;
        const std::string tensor = member.name.substr(0, member.name.size() - extension.size());
        m_archive.check(member, tensor);
        Member source(m_archive, member);
        NpyArray array(source, tensor, tensor);
        m_arrays.push_back({std::move(source), std::move(array)});
        m_tensors.push_back(m_arrays.back().array.info());
    }
    if (m_arrays.empty()) {
        throw InputError(m_path, "",
                         "is a zip archive without .npy members (a PyTorch checkpoint, which is not "
                         "supported?), not an npz file");
    }
}

void NpzFile::readRecord(const ZipMember& member) {
    m_archive.check(member, member.name);
    const uint64_t limit = recordBytes + m_archive.members().size() * recordBytesPerMember;
    if (member.sizeBytes > limit)
        throw InputError(m_path, "",
                         std::format("its member '{}' has {} bytes, more than {} for {} members", member.name,
                                     member.sizeBytes, limit, m_archive.members().size()));
    std::string text(member.sizeBytes, '\0');
    m_archive.read(member, 0, std::as_writable_bytes(std::span(text)), member.name);
    if (!isUtf8(text)) throw InputError(m_path, "", "its member '" + member.name + "' is not UTF-8");
    m_metadata[quantizationMetadataKey] = std::move(text);
}

void NpzFile::readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    m_arrays[index].array.read(m_arrays[index].member, offset, bytes);
}

}  // namespace quant
