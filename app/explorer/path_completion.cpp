#include "app/explorer/path_completion.h"

#include "app/explorer/tensor_rows.h"
#include "quant/input_error.h"
#include "quant/tensor_file.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr size_t mostLookedAt = 100'000;

// "models/mo": the folder "models/" and the name "mo".
struct Typed {
    std::string_view folder, name;
};

Typed cut(std::string_view typed) {
    const size_t slash = typed.rfind('/');
    if (slash == std::string_view::npos) return {"", typed};
    return {typed.substr(0, slash + 1), typed.substr(slash + 1)};
}

bool isHomeAlone(std::string_view typed, const PathCompletionOptions& options) {
    return typed == "~" && !options.home.empty();
}

class Listing {
public:
    Listing(const Typed& typed, const PathCompletionOptions& options, PathCompletion& completion)
        : m_typed(typed), m_options(options), m_completion(completion) {}

    void read(const fs::path& folder) {
        std::error_code error;
        fs::directory_iterator at(folder, error);
        size_t looked = 0;
        for (; !error && at != fs::directory_iterator(); at.increment(error)) {
            if (++looked > mostLookedAt) {
                m_completion.isCut = true;
                break;
            }
            add(*at);
        }
        if (error) m_completion.problem = quant::printable(folder.string()) + ": " + error.message();
        if (m_typed.name == "..") addEntry("..", true);
    }

private:
    void add(const fs::directory_entry& entry) {
        const std::string name = entry.path().filename().string();
        const bool isHidden = name.starts_with('.');
        if (!name.starts_with(m_typed.name) || (isHidden && !m_typed.name.starts_with('.'))) return;
        std::error_code error;  // links that lead nowhere, or in circles
        if (entry.is_directory(error))
            addEntry(name, true);
        else if (entry.is_regular_file(error) && isWanted(entry.path()))
            addEntry(name, false);
    }

    bool isWanted(const fs::path& path) const {
        return m_options.isWanted ? m_options.isWanted(path) : quant::hasTensorFileExtension(path);
    }

    void addEntry(std::string name, bool isFolder) {
        if (isFolder) name += '/';
        m_completion.entries.push_back({name, std::string(m_typed.folder) + name, isFolder});
    }

    Typed m_typed;
    const PathCompletionOptions& m_options;
    PathCompletion& m_completion;
};

// Never ends within a character of UTF-8, if there is one.
std::string commonStart(const std::vector<PathEntry>& entries) {
    std::string_view common = entries.front().text;
    for (const PathEntry& entry : entries) {
        const auto end = std::ranges::mismatch(common, entry.text).in1;
        common = common.substr(0, static_cast<size_t>(end - common.begin()));
    }
    const std::string_view whole = entries.front().text;
    const auto isWithin = [&](size_t at) { return at < whole.size() && (whole[at] & 0xc0) == 0x80; };
    size_t length = common.size();
    for (int i = 0; i < 3 && length > 0 && isWithin(length); ++i) --length;
    return std::string(whole.substr(0, isWithin(length) ? common.size() : length));
}

}  // namespace

fs::path homeFolder() {
    const char* home = std::getenv("HOME");
    return home ? home : "";
}

fs::path typedPath(std::string_view typed, const PathCompletionOptions& options) {
    const bool isBelowHome = typed.starts_with("~/") && !options.home.empty();
    if (isHomeAlone(typed, options)) return options.home;
    const fs::path path = isBelowHome ? options.home / fs::path(typed.substr(2)) : fs::path(typed);
    return options.folder / path;
}

PathCompletion completePath(std::string_view typed, const PathCompletionOptions& options) {
    PathCompletion completion;
    completion.common = typed;
    if (isHomeAlone(typed, options)) {
        completion.entries = {{"~/", "~/", true}};
        completion.common = "~/";
        return completion;
    }
    const Typed parts = cut(typed);
    const fs::path folder = typedPath(parts.folder, options);
    Listing(parts, options, completion).read(folder.empty() ? fs::path(".") : folder);
    if (completion.entries.empty()) return completion;
    completion.common = commonStart(completion.entries);
    std::ranges::sort(completion.entries, [](const PathEntry& a, const PathEntry& b) {
        if (a.isFolder != b.isFolder) return a.isFolder;
        return naturalOrder(a.name, b.name) < 0;
    });
    if (completion.entries.size() > options.mostEntries) {
        completion.entries.resize(options.mostEntries);
        completion.isCut = true;
    }
    // Cut within a character that was typed in part, the start of all would be less than what was typed.
    if (completion.common.size() < typed.size()) completion.common = typed;
    return completion;
}

}  // namespace app
