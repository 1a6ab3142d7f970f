#pragma once

#include <string>

// A file of the project, by its path from the top: "assets/fashion_cnn.safetensors". In one place, so that no
// other test depends on where the checkout lies.
std::string sourceFile(const std::string& path);
