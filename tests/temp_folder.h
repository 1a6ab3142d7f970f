#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace quant::tests {

// A folder of its own under the system's temporary folder, removed with all that is in it.
class TempFolder {
public:
    TempFolder() {
        std::string name = std::filesystem::temp_directory_path() / "clipscope-test-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
        m_path = name;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    std::filesystem::path operator/(std::string_view name) const { return m_path / name; }

    // Writes a file whole and returns its path. An older one is removed first: to overwrite it would make
    // some file systems wait for the disk, thousands of times in a fuzz test.
    std::filesystem::path write(std::string_view name, std::string_view bytes) const {
        const std::filesystem::path file = m_path / name;
        std::filesystem::remove(file);
        std::ofstream stream(file, std::ios::binary);
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
        return file;
    }

    std::string read(std::string_view name) const {
        std::ifstream stream(m_path / name, std::ios::binary);
        if (!stream) throw std::runtime_error("cannot read " + (m_path / name).string());
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    // How many entries, hidden ones too.
    size_t entries() const {
        const std::filesystem::directory_iterator begin(m_path);
        return static_cast<size_t>(std::distance(begin, {}));
    }

private:
    std::filesystem::path m_path;
};

}  // namespace quant::tests
