#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// A path that a typed text may go on to.
struct PathEntry {
    std::string name;  // with a slash at the end of a folder's; need not be UTF-8
    std::string text;  // what is then typed; begins with the typed text
    bool isFolder = false;

    bool operator==(const PathEntry&) const = default;
};

struct PathCompletion {
    std::vector<PathEntry> entries;  // folders first, by natural order
    std::string common;              // what the texts of all entries begin with; the typed text without any
    bool isCut = false;              // there are more
    std::string problem;             // why the folder cannot be listed; empty where it can
};

struct PathCompletionOptions {
    std::filesystem::path folder;  // that relative paths start from; empty: the working folder
    std::filesystem::path home;    // what ~ stands for; empty: ~ is a name like any other
    std::function<bool(const std::filesystem::path&)> isWanted;  // files; empty: hasTensorFileExtension
    size_t mostEntries = 1000;
};

// $HOME; empty where it is not set.
std::filesystem::path homeFolder();

// The path that a typed text means: ~ and ~/ at its front are the home folder.
std::filesystem::path typedPath(std::string_view typed, const PathCompletionOptions& options);

// The entries of a folder that complete a typed path: folders, wanted files, links to them. Hidden ones come
// where the last name typed begins with a dot, and ".." then too. Never throws for what is on the disk. Of a
// folder with more than 100,000 entries the rest is not looked at.
PathCompletion completePath(std::string_view typed, const PathCompletionOptions& options);

}  // namespace app
