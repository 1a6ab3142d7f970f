// Writes the zip format (PKWARE, .ZIP File Format Specification, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5):
// per member a local header, its data and a data descriptor, which has the CRC that is not known before; then
// the central directory and its end record, with their zip64 counterparts where a number needs more than 32
// bits.
#include "quant/zip_writer.h"

#include <zlib.h>

#include <cassert>
#include <concepts>
#include <utility>

namespace quant {
namespace {

// Bit 3: sizes and CRC follow the data. Bit 11: the name is UTF-8.
constexpr uint16_t memberFlags = 1 << 3 | 1 << 11;
constexpr uint16_t plainVersion = 20, zip64Version = 45;
constexpr uint32_t firstDay = 1 << 21 | 1 << 16;  // 1980-01-01, 00:00: date above time
constexpr uint16_t zip64Extra = 1;
constexpr uint32_t in64 = 0xffffffff;  // the number is in the zip64 record
// What records begin with.
constexpr uint32_t localMark = 0x04034b50, descriptorMark = 0x08074b50, directoryMark = 0x02014b50,
                   zip64EndMark = 0x06064b50, zip64LocatorMark = 0x07064b50, endMark = 0x06054b50;

// Little-endian.
template <std::unsigned_integral... Numbers>
std::string fields(Numbers... numbers) {
    std::string bytes;
    const auto add = [&](auto number) {
        for (size_t i = 0; i < sizeof number; ++i)
            bytes += static_cast<char>(static_cast<uint64_t>(number) >> (8 * i) & 0xff);
    };
    (add(numbers), ...);
    return bytes;
}

uint16_t length(std::string_view text) {
    assert(text.size() <= ZipWriter::maxNameBytes);
    return static_cast<uint16_t>(text.size());
}

std::string localHeader(std::string_view name, bool isZip64) {
    const std::string extra =
        isZip64 ? fields(zip64Extra, uint16_t{16}, uint64_t{0}, uint64_t{0}) : std::string();
    const uint32_t size = isZip64 ? in64 : 0;
    return fields(localMark, isZip64 ? zip64Version : plainVersion, memberFlags, uint16_t{0}, firstDay,
                  uint32_t{0}, size, size, length(name), length(extra)) +
           std::string(name) + extra;
}

std::string dataDescriptor(uint32_t crc, uint64_t sizeBytes, bool isZip64) {
    const auto narrow = static_cast<uint32_t>(sizeBytes);
    return isZip64 ? fields(descriptorMark, crc, sizeBytes, sizeBytes)
                   : fields(descriptorMark, crc, narrow, narrow);
}

}  // namespace

ZipWriter::ZipWriter(const std::filesystem::path& path, uint64_t zip64From)
    : m_file(path), m_zip64From(zip64From) {
    assert(zip64From <= plainLimit);
}

void ZipWriter::append(std::string_view bytes) {
    m_file.write(bytes);
    m_offset += bytes.size();
}

void ZipWriter::begin(std::string_view name, uint64_t sizeBytes) {
    end();
    m_isOpen = true;
    m_name = name;
    m_begin = m_offset;
    m_sizeBytes = m_missingBytes = sizeBytes;
    m_crc = 0;
    append(localHeader(name, sizeBytes >= m_zip64From));
}

void ZipWriter::write(std::span<const std::byte> bytes) {
    assert(m_isOpen && bytes.size() <= m_missingBytes);
    m_file.write(bytes);
    m_offset += bytes.size();
    m_missingBytes -= bytes.size();
    m_crc = static_cast<uint32_t>(
        crc32_z(m_crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

void ZipWriter::end() {
    if (!std::exchange(m_isOpen, false)) return;
    assert(m_missingBytes == 0);
    append(dataDescriptor(m_crc, m_sizeBytes, m_sizeBytes >= m_zip64From));
    addToDirectory(m_crc);
}

void ZipWriter::addToDirectory(uint32_t crc) {
    const bool isLong = m_sizeBytes >= m_zip64From, isFar = m_begin >= m_zip64From;
    std::string numbers;
    if (isLong) numbers += fields(m_sizeBytes, m_sizeBytes);
    if (isFar) numbers += fields(m_begin);
    const std::string extra = numbers.empty() ? "" : fields(zip64Extra, length(numbers)) + numbers;
    const uint16_t version = extra.empty() ? plainVersion : zip64Version;
    const uint32_t size = isLong ? in64 : static_cast<uint32_t>(m_sizeBytes);
    const uint32_t offset = isFar ? in64 : static_cast<uint32_t>(m_begin);
    // No comment, disk 0, no attributes.
    m_directory +=
        fields(directoryMark, version, version, memberFlags, uint16_t{0}, firstDay, crc, size, size,
               length(m_name), length(extra), uint16_t{0}, uint16_t{0}, uint16_t{0}, uint32_t{0}, offset) +
        m_name + extra;
    ++m_members;
}

void ZipWriter::commit() {
    end();
    const uint64_t begin = m_offset, size = m_directory.size();
    append(m_directory);
    const bool isMany = m_members >= 0xffff, isLong = size >= m_zip64From, isFar = begin >= m_zip64From;
    if (isMany || isLong || isFar) {
        const uint64_t recordAt = m_offset;
        append(fields(zip64EndMark, uint64_t{44}, zip64Version, zip64Version, uint32_t{0}, uint32_t{0},
                      m_members, m_members, size, begin));
        append(fields(zip64LocatorMark, uint32_t{0}, recordAt, uint32_t{1}));
    }
    const uint16_t members = isMany ? uint16_t{0xffff} : static_cast<uint16_t>(m_members);
    append(fields(endMark, uint16_t{0}, uint16_t{0}, members, members,
                  isLong ? in64 : static_cast<uint32_t>(size), isFar ? in64 : static_cast<uint32_t>(begin),
                  uint16_t{0}));
    m_file.commit();
}

}  // namespace quant
