#include "app/messages.h"

#include "app/progress.h"
#include "quant/input_error.h"

#include <cstdio>
#include <string>

namespace app {

void printMessage(std::string_view kind, std::string_view text) {
    eraseProgress();
    const std::string line = "clipscope: " + std::string(kind) + ": " + quant::printable(text) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace app
