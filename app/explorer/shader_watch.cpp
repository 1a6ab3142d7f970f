#include "app/explorer/shader_watch.h"

#include "engine/device.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace app {

namespace {

namespace fs = std::filesystem;

bool isShader(const std::string& path) {
    return path.ends_with(".comp") || path.ends_with(".vert") || path.ends_with(".frag");
}

bool isHeader(const std::string& path) {
    return path.ends_with(".h") || path.ends_with(".glsl");
}

}  // namespace

ShaderWatch::ShaderWatch(fs::path folder) : m_folder(std::move(folder)), m_seen(look()) {}

ShaderWatch ShaderWatch::fromEnvironment() {
    const char* folder = std::getenv("CLIPSCOPE_SHADERS");
    return ShaderWatch(folder == nullptr ? "" : folder);
}

// What cannot be read at the moment, as in the middle of a save, is as good as not there.
std::map<std::string, ShaderWatch::Stamp> ShaderWatch::look() const {
    std::map<std::string, Stamp> found;
    if (m_folder.empty()) return found;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(m_folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string path = entry->path().lexically_relative(m_folder).generic_string();
        if (!isShader(path) && !isHeader(path)) continue;
        std::error_code unreadable;
        const Stamp stamp{entry->last_write_time(unreadable), entry->file_size(unreadable)};
        if (!unreadable) found[path] = stamp;
    }
    return found;
}

std::set<std::string> ShaderWatch::changes() {
    std::map<std::string, Stamp> now = look();
    std::set<std::string> changed;
    for (const auto& [path, stamp] : now) {
        const auto before = m_seen.find(path);
        if (before == m_seen.end() || before->second != stamp) changed.insert(path);
    }
    for (const auto& [path, stamp] : m_seen)
        if (!now.contains(path)) changed.insert(path);
    m_seen = std::move(now);
    return changed;
}

bool ShaderWatch::update(engine::Device& device, const std::function<void()>& stopWork) {
    if (!isWatching()) return false;
    const std::set<std::string> changed = changes();
    if (changed.empty()) return false;
    m_unsettled.insert(changed.begin(), changed.end());
    const bool isAll = std::ranges::any_of(m_unsettled, isHeader);
    if (isAll || std::ranges::any_of(m_unsettled, [](const auto& path) { return path.ends_with(".comp"); }))
        stopWork();
    m_problems =
        device.remakeShaders([&](const std::string& path) { return isAll || m_unsettled.contains(path); });
    if (m_problems.empty()) m_unsettled.clear();
    return true;
}

}  // namespace app
