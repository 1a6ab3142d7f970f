#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace engine {
class Device;
}

namespace app {

// Live editing: what is saved in the folder of CLIPSCOPE_SHADERS takes the place of the running shaders. It
// looks at the times of the files, which every file system and every way of saving changes.
class ShaderWatch {
public:
    static constexpr std::chrono::milliseconds interval{250};  // how often looking is worth while

    // An empty path: nothing is watched.
    explicit ShaderWatch(std::filesystem::path folder);
    // The folder that the environment names.
    static ShaderWatch fromEnvironment();

    bool isWatching() const { return !m_folder.empty(); }

    // Compiles again what has changed since the last call; a header counts for every shader. What does not
    // compile stays as it was, and is tried again with every later change. stopWork: called before kernels
    // are exchanged, so that none of them is in the middle of something. Returns whether anything was tried.
    bool update(engine::Device& device, const std::function<void()>& stopWork);

    // A line for each shader that does not compile at present.
    const std::vector<std::string>& problems() const { return m_problems; }

private:
    struct Stamp {
        std::filesystem::file_time_type time;
        uintmax_t size = 0;
        bool operator==(const Stamp&) const = default;
    };
    std::map<std::string, Stamp> look() const;
    std::set<std::string> changes();

    std::filesystem::path m_folder;
    std::map<std::string, Stamp> m_seen;  // by path below the folder
    std::set<std::string> m_unsettled;    // changed, and something did not compile since
    std::vector<std::string> m_problems;
};

}  // namespace app
