#include "tests/source_folder.h"

std::string sourceFile(const std::string& path) {
    return std::string(CLIPSCOPE_SOURCE_DIR "/") + path;
}
