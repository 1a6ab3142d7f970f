#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

// The number with so many significant digits: "0.2130", "1234", "1.50e-7". Zero is "0".
std::string significant(double value, int digits);

// With a fixed count of digits after the point, and a plus sign where asked for.
std::string fixedPoint(double value, int digits, bool withPlus = false);

// The shortest decimal that reads back as the same double; empty when it is not finite.
std::string exact(double value);

// A size for people: "8 KiB", "23.4 GiB".
std::string sizeText(uint64_t bytes);

// An SQNR in dB: "20.13"; "exact" where nothing errs, "-" without elements to err.
std::string sqnrText(const std::optional<double>& sqnrDb, double squaredError, uint64_t finiteElements);

// "2 NaN and 1 infinite"; empty where all are finite.
std::string notFiniteText(uint64_t notNumbers, uint64_t infinities);

// "64x3x3x3"; a scalar is "scalar".
std::string shapeText(const std::vector<uint64_t>& shape);

// "1 tensor", "29 tensors".
std::string counted(uint64_t count, const std::string& noun);

}  // namespace app
