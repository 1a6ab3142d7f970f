#pragma once

#include "quant/npy_array.h"
#include "quant/tensor_file.h"
#include "quant/zip_archive.h"

#include <cstdint>
#include <string>
#include <vector>

namespace quant {

// A zip archive of numpy arrays: each member NAME.npy is tensor NAME, in the order of the archive's
// directory. The member quantizationMember becomes the metadata entry quantizationMetadataKey; others are
// left alone.
class NpzFile final : public TensorFile {
public:
    // Reads the archive's directory and the header of every array. Throws InputError naming the tensor, the
    // field and the byte offset within the member: see ZipArchive and NpyArray; no array at all, or a
    // quantizationMember that is not UTF-8, or longer than 64 KiB and 4 KiB for each member.
    explicit NpzFile(InputFile file);
    NpzFile(NpzFile&&) = delete;  // arrays point into the archive

private:
    // An array's bytes within the archive.
    class Member final : public ByteSource {
    public:
        Member(const ZipArchive& archive, const ZipMember& member) : m_archive(&archive), m_member(&member) {}
        const std::string& path() const override { return m_archive->file().path(); }
        uint64_t sizeBytes() const override { return m_member->sizeBytes; }
        void read(uint64_t offset, std::span<std::byte> bytes, const std::string& tensor) const override {
            m_archive->read(*m_member, offset, bytes, tensor);
        }

    private:
        const ZipArchive* m_archive;
        const ZipMember* m_member;
    };

    struct Array {
        Member member;
        NpyArray array;
    };

    void readRecord(const ZipMember& member);

    // Cheap for reads that proceed forward in one tensor; see ZipArchive::read.
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

    ZipArchive m_archive;
    std::vector<Array> m_arrays;
};

}  // namespace quant
