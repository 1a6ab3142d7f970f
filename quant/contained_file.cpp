#include "quant/contained_file.h"

#include "quant/input_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ranges>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace quant {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : m_number(number) {}
    ~Descriptor() {
        if (m_number >= 0) close(m_number);
    }
    Descriptor(Descriptor&& other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(m_number, other.m_number);
        return *this;
    }
    int number() const { return m_number; }
    int release() { return std::exchange(m_number, -1); }

private:
    int m_number;
};

// The components of a path that stays below where it begins.
std::expected<std::vector<std::string>, std::string> componentsOf(const std::string& relative) {
    if (relative.empty()) return std::unexpected("is empty");
    if (relative.contains('\0')) return std::unexpected("holds a NUL");
    if (relative.starts_with('/')) return std::unexpected("'" + relative + "' is an absolute path");
    std::vector<std::string> components;
    for (const auto part : std::views::split(relative, '/')) {
        std::string component(std::string_view(part.begin(), part.end()));
        if (component == "..") return std::unexpected("'" + relative + "' leads out of the folder");
        if (!component.empty() && component != ".") components.push_back(std::move(component));
    }
    if (components.empty() || relative.ends_with('/'))
        return std::unexpected("'" + relative + "' names no file");
    return components;
}

std::string problemOf(const Descriptor& folder, const std::string& component, const std::string& relative) {
    const int error = errno;
    struct stat status = {};
    const bool isLink = fstatat(folder.number(), component.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                        S_ISLNK(status.st_mode);
    if (isLink)
        return "'" + relative + "' goes through the symbolic link '" + component + "', which is not followed";
    return "cannot open '" + relative + "': " + std::generic_category().message(error);
}

}  // namespace

std::expected<InputFile, std::string> openContained(const std::filesystem::path& folder,
                                                    const std::string& relative) {
    const auto components = componentsOf(relative);
    if (!components) return std::unexpected(components.error());
    const std::string start = folder.empty() ? "." : folder.string();
    Descriptor at(open(start.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (at.number() < 0)
        return std::unexpected("cannot open its folder: " + std::generic_category().message(errno));
    for (size_t i = 0; i < components->size(); ++i) {
        const std::string& component = (*components)[i];
        const bool isLast = i + 1 == components->size();
        // Without O_NONBLOCK, opening a FIFO would wait for a writer before its kind can be checked.
        const int flags = isLast ? O_RDONLY | O_NOCTTY | O_NONBLOCK : O_PATH | O_DIRECTORY;
        Descriptor next(openat(at.number(), component.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
        if (next.number() < 0) return std::unexpected(problemOf(at, component, relative));
        at = std::move(next);
    }
    try {
        return InputFile((folder / relative).string(), at.release());
    } catch (const InputError& error) {
        return std::unexpected(std::string("'") + relative + "' is not a regular file");
    }
}

}  // namespace quant
