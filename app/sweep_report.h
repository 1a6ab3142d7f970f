#pragma once

#include "quant/sweep.h"

#include <cstdint>
#include <string>

namespace app {

// The reports of `clipscope sweep`. tensor: its name, as the file has it.
std::string sweepJson(const std::string& tensor, const quant::Sweep& sweep);
std::string sweepCsv(const quant::Sweep& sweep);
std::string sweepTable(const std::string& tensor, const quant::Sweep& sweep, bool hasColour);

}  // namespace app
