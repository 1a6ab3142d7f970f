#pragma once

#include "quant/byte_source.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace quant {

// How every npy file begins.
constexpr std::string_view npyMagic = "\x93NUMPY";

// One numpy array, versions 1.0 to 3.0 of the npy format: a file or a member of an npz archive. Data is
// delivered row-major and little-endian, whatever the file holds.
class NpyArray {
public:
    // Reads and checks the header of an array that fills the source. Throws InputError naming `namedInErrors`
    // (a tensor, or nothing), the field and the byte offset in the source: a header that is not a dict of
    // descr, fortran_order and shape, an unsupported descr (strings, objects, structures, complex128, long
    // double), or a size that does not match them. But for structures, an unsupported descr makes a tensor
    // that is named in errors unreadable instead: the other arrays of its archive are not the worse for it.
    NpyArray(const ByteSource& source, std::string name, const std::string& namedInErrors);

    const TensorInfo& info() const { return m_info; }

    // As TensorFile::read, of the source that the array was made from. Reading a column-major
    // (fortran_order) array gathers one run of elements per column. Arrays up to 16 MiB are read in one go,
    // the others in one read per run, or per MiB where the runs lie densely; every call walks over all
    // columns, in rising order of offsets. So it is cheap where ranges span many rows (values of the first
    // index), and never holds more than about 17 MiB or one run beside `bytes`.
    void read(const ByteSource& source, uint64_t offset, std::span<std::byte> bytes) const;

private:
    void readColumnMajor(const ByteSource& source, uint64_t offset, std::span<std::byte> bytes) const;

    TensorInfo m_info;
    uint64_t m_dataOffset = 0;      // from the start of the source
    uint32_t m_componentBytes = 1;  // what a byte swap turns round: half an element for complex numbers
    bool m_isBigEndian = false;
    bool m_isColumnMajor = false;  // and differs from row-major
};

}  // namespace quant
