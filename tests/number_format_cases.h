#pragma once

#include "quant/number_format.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tests {

// Decode tables and rounding cases made independently of the code under test: see
// tests/fixtures/make_number_formats.py.

struct RoundingCase {
    float input;  // in units of the scale
    uint32_t code;
};

struct FormatCases {
    quant::NumberFormat format;
    std::vector<double> decoded;  // of every code; only formats of 8 bits and fewer
    std::vector<RoundingCase> cases;
};
const std::vector<FormatCases>& formatCases();
const FormatCases& formatCases(const std::string& name);

struct AffineCases {
    quant::NumberFormat format;
    float scale;
    int32_t zeroPoint;
    std::vector<RoundingCase> cases;  // inputs in the tensor's units
};
const std::vector<AffineCases>& affineCases();

struct BlockCase {
    std::vector<float> inputs;
    uint32_t scaleCode;
    std::vector<uint32_t> codes;
};
struct BlockCases {
    quant::NumberFormat format;
    float tensorScale = 1;  // of nvfp4, whose blocks make one tensor
    std::vector<BlockCase> blocks;
};
const std::vector<BlockCases>& blockCases();

// Every name that stands for a format of its own: all widths of every family.
const std::vector<quant::NumberFormat>& everyFormat();

}  // namespace tests
