// Writes the npy format; see npy_array.cpp for its layout.
#include "quant/npy_writer.h"

#include "quant/input_error.h"
#include "quant/npy_array.h"

#include <bit>
#include <cassert>
#include <format>

namespace quant {
namespace {

static_assert(std::endian::native == std::endian::little, "data is written in native order");

constexpr size_t headerAlignment = 64;

// Empty for a type that numpy lacks.
std::string_view descrOf(DType dtype) {
    switch (dtype) {
        case DType::F64:
            return "<f8";
        case DType::F32:
            return "<f4";
        case DType::F16:
            return "<f2";
        case DType::I64:
            return "<i8";
        case DType::I32:
            return "<i4";
        case DType::I16:
            return "<i2";
        case DType::I8:
            return "|i1";
        case DType::U64:
            return "<u8";
        case DType::U32:
            return "<u4";
        case DType::U16:
            return "<u2";
        case DType::U8:
            return "|u1";
        case DType::Bool:
            return "|b1";
        case DType::C64:
            return "<c8";
        default:
            return "";
    }
}

// As Python writes a tuple: (), (3,), (2, 3).
std::string tupleOf(const std::vector<uint64_t>& shape) {
    std::string text;
    for (const uint64_t extent : shape) text += (text.empty() ? "" : ", ") + std::to_string(extent);
    return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

bool hasNumpyType(DType dtype) {
    return !descrOf(dtype).empty();
}

std::string npyHeader(const TensorInfo& tensor) {
    std::string_view descr = descrOf(tensor.dtype);
    if (descr.empty()) descr = elementSizeBits(tensor.dtype) == 16 ? "<u2" : "|u1";
    const bool isWhole = elementSizeBits(tensor.dtype) % 8 == 0;
    std::string dict = std::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", descr,
                                   tupleOf(isWhole ? tensor.shape : std::vector{tensor.sizeBytes}));
    const size_t startBytes = npyMagic.size() + 4;  // and version, header length
    const size_t unpadded = startBytes + dict.size() + 1;
    dict.append((headerAlignment - unpadded % headerAlignment) % headerAlignment, ' ');
    dict += '\n';
    assert(dict.size() <= 0xffff && "64 extents take less than 2 KiB");
    std::string header(npyMagic);
    header += {'\x01', '\x00', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
    return header + dict;
}

NpyWriter::NpyWriter(const std::filesystem::path& path, const TensorInfo& tensor)
    : m_file(path), m_missingBytes(tensor.sizeBytes) {
    m_file.write(npyHeader(tensor));
}

void NpyWriter::write(std::span<const std::byte> bytes) {
    if (bytes.size() > m_missingBytes) {
        throw OutputError(m_file.path(), std::format("{} bytes more than the tensor announced holds",
                                                     bytes.size() - m_missingBytes));
    }
    m_file.write(bytes);
    m_missingBytes -= bytes.size();
}

void NpyWriter::commit() {
    if (m_missingBytes > 0) {
        throw OutputError(m_file.path(),
                          std::format("{} bytes of tensor data were not written", m_missingBytes));
    }
    m_file.commit();
}

}  // namespace quant
