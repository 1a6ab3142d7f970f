#pragma once

#include "app/command.h"

namespace app {

// `clipscope quantize`: writes a file with its tensors quantized.
void addQuantizeCommand(CLI::App& root, Global& global);

}  // namespace app
