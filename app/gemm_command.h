#pragma once

#include "app/command.h"

namespace app {

// `clipscope gemm`.
void addGemmCommand(CLI::App& root, Global& global);

}  // namespace app
