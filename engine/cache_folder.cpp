#include "engine/cache_folder.h"

#include <cstdlib>

namespace engine {

std::filesystem::path cacheFolder() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/')
        return std::filesystem::path(cache) / "clipscope";
    if (const char* home = std::getenv("HOME"); home && *home)
        return std::filesystem::path(home) / ".cache" / "clipscope";
    return {};
}

}  // namespace engine
