#pragma once

#include <filesystem>

namespace engine {

// Where caches live: $XDG_CACHE_HOME/clipscope, else ~/.cache/clipscope; empty when neither is set.
std::filesystem::path cacheFolder();

}  // namespace engine
