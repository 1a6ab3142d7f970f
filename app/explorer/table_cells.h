#pragma once

#include "app/explorer/tensor_rows.h"

#include <string>
#include <vector>

namespace app {

struct PanelContext;

// The cells of the tensor table, each drawn into the present cell.

// The part of the name that fits, the characters at these bytes in the accent's colour.
void showName(const PanelContext& context, const std::string& name, const std::vector<size_t>& highlighted,
              bool isDim);

// A bar of the SQNR behind its number: full at 50 dB, in the colour of errors below 10 dB and of warnings
// below 20.
void showSqnr(const PanelContext& context, const TensorRow& row);

// How magnitudes are spread: TensorRow::bins.
void showSparkline(const PanelContext& context, const TensorRow& row);

}  // namespace app
