#pragma once

#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <string_view>

namespace quant {

// How every npy file begins.
constexpr std::string_view npyMagic = "\x93NUMPY";

// One numpy array, versions 1.0 to 3.0 of the format. The tensor is named as the file, without ".npy".
// Data is delivered row-major and little-endian, whatever the file holds.
class NpyFile final : public TensorFile {
public:
    // Reads and checks the header. Throws InputError naming the field and the byte offset: a header that is
    // not a dict of descr, fortran_order and shape, an unsupported descr (strings, objects, structures,
    // complex128, long double), or a file size that does not match them.
    explicit NpyFile(InputFile file);

private:
    // Reading a column-major (fortran_order) array gathers one run of elements per column. Arrays up to
    // 16 MiB are read in one go, the others in one pread per run, or per MiB where the runs lie densely;
    // every call walks over all columns. So it is cheap where ranges span many rows (values of the first
    // index), and never holds more than about 17 MiB or one run beside `bytes`.
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;
    void readColumnMajor(uint64_t offset, std::span<std::byte> bytes) const;

    InputFile m_file;
    uint64_t m_dataOffset = 0;      // from the start of the file
    uint32_t m_componentBytes = 1;  // what a byte swap turns round: half an element for complex numbers
    bool m_isBigEndian = false;
    bool m_isColumnMajor = false;  // and differs from row-major
};

}  // namespace quant
