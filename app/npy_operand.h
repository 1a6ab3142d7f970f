#pragma once

#include "quant/gemm_type.h"
#include "quant/npy.h"
#include "quant/npy_writer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Operands and results of products in npy files, as `gemm` and `conv` take and make them.

namespace app {

// Elements as a file has them, and what they are for in messages: "fp32", "C".
struct NpyElements {
    quant::DType dtype = quant::DType::F32;
    std::string purpose;
};

// Of an operand: numpy has no bf16, whose bits come as uint16, nor integers of fewer than 8 bits, which come
// as int8. Of a result: float32, or int32 of integers.
NpyElements npyElementsOf(quant::GemmType type);
quant::DType resultDtype(quant::GemmTypes types);

// None for an empty path. dimensions: 2 or 4. Throws quant::InputError for a file that is no npy file, of
// other elements, of other dimensions, or with an extent of 2^32 or more.
std::optional<quant::NpyFile> openedOperand(const std::string& path, const NpyElements& elements,
                                            size_t dimensions);

const std::vector<uint64_t>& shapeOf(const quant::NpyFile& file);

// All of it, in whole words.
std::vector<std::byte> bytesOf(const quant::NpyFile& file);

// The elements of the type, those of fewer than 8 bits end to end: the file's, or pseudo-random ones where
// there is none. Throws quant::InputError for a value that the type lacks.
std::vector<std::byte> operandBytes(const std::optional<quant::NpyFile>& file, quant::GemmType type,
                                    uint64_t elements, uint64_t seed);

// None for an empty path. Throws quant::OutputError.
std::optional<quant::NpyWriter> openedResult(const std::string& path, const std::string& name,
                                             quant::GemmTypes types, std::vector<uint64_t> shape);

}  // namespace app
