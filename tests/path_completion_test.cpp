#include "app/explorer/path_completion.h"

#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <unistd.h>

using namespace app;
using quant::tests::TempFolder;

namespace {

namespace fs = std::filesystem;

// A folder with some of everything.
class PathFixture {
public:
    PathFixture() {
        fs::create_directories(m_folder / "models");
        fs::create_directories(m_folder / "model10");
        fs::create_directories(m_folder / ".hidden");
        for (const char* name : {"model2.npy", "model10.npy", "notes.txt", ".secret.npy", "models/a.npz"})
            m_folder.write(name, "x");
        m_options.folder = m_folder.path();
        m_options.home = m_folder / "models";
    }

protected:
    std::vector<std::string> texts(std::string_view typed) const {
        std::vector<std::string> all;
        for (const PathEntry& entry : completePath(typed, m_options).entries) all.push_back(entry.text);
        return all;
    }

    TempFolder m_folder;
    PathCompletionOptions m_options;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(PathFixture, "Folders come first, then tensor files, in natural order", "[paths]") {
    CHECK(texts("") == Texts{"model10/", "models/", "model2.npy", "model10.npy"});
    CHECK(texts("model1") == Texts{"model10/", "model10.npy"});
    CHECK(texts("models/") == Texts{"models/a.npz"});
    CHECK(texts("Model").empty());
}

TEST_CASE_METHOD(PathFixture, "Hidden entries come only when a dot is typed", "[paths]") {
    CHECK(texts(".") == Texts{".hidden/", ".secret.npy"});
    CHECK(texts(".h") == Texts{".hidden/"});
    CHECK(texts("..") == Texts{"../"});
}

TEST_CASE_METHOD(PathFixture, "The tilde is the home folder and stays as it was typed", "[paths]") {
    CHECK(texts("~") == Texts{"~/"});
    CHECK(texts("~/") == Texts{"~/a.npz"});
    CHECK(typedPath("~/a.npz", m_options) == m_folder / "models/a.npz");
    CHECK(typedPath("~", m_options) == m_folder / "models");
    CHECK(typedPath("~other/x", m_options) == m_folder / "~other/x");
    m_options.home = "";
    CHECK(texts("~/").empty());
    CHECK(typedPath("~/x", m_options) == m_folder / "~/x");
}

TEST_CASE_METHOD(PathFixture, "Absolute paths are completed as such", "[paths]") {
    const std::string typed = (m_folder / "model2").string();
    CHECK(texts(typed) == Texts{typed + ".npy"});
    CHECK(typedPath(typed, m_options) == typed);
}

TEST_CASE_METHOD(PathFixture, "The common start is what all entries begin with", "[paths]") {
    CHECK(completePath("mod", m_options).common == "model");
    CHECK(completePath("models", m_options).common == "models/");
    CHECK(completePath("zzz", m_options).common == "zzz");
    m_folder.write("ö1.npy", "");
    m_folder.write("ü2.npy", "");
    m_folder.write("x\xc3\xb6.npy", "");
    m_folder.write("x\xc3\xbc.npy", "");
    CHECK(completePath("x", m_options).common == "x");
}

TEST_CASE_METHOD(PathFixture, "Which files are wanted can be said", "[paths]") {
    m_options.isWanted = [](const fs::path& path) { return path.extension() == ".txt"; };
    CHECK(texts("n") == Texts{"notes.txt"});
}

TEST_CASE_METHOD(PathFixture, "Folders that are not there or not readable are a problem in words",
                 "[paths]") {
    CHECK(completePath("missing/x", m_options).problem.contains("missing"));
    CHECK(completePath("model2.npy/", m_options).entries.empty());
    CHECK_FALSE(completePath("model2.npy/", m_options).problem.empty());
    CHECK(completePath("", m_options).problem.empty());
    CHECK_NOTHROW(completePath(std::string(100'000, 'a') + "/", m_options));
    CHECK_NOTHROW(completePath(std::string("a\0b/", 4), m_options));
    if (geteuid() == 0) return;  // who may read everything
    chmod((m_folder / ".hidden").c_str(), 0);
    CHECK_FALSE(completePath(".hidden/", m_options).problem.empty());
    chmod((m_folder / ".hidden").c_str(), 0700);
}

TEST_CASE_METHOD(PathFixture, "Links in circles and to nowhere, and FIFOs, are left out", "[paths]") {
    fs::create_symlink("loop.npy", m_folder / "loop.npy");
    fs::create_symlink("gone", m_folder / "lost.npy");
    fs::create_directory_symlink(".", m_folder / "linked");
    REQUIRE(mkfifo((m_folder / "line.npy").c_str(), 0600) == 0);
    CHECK(texts("l") == Texts{"linked/"});
    CHECK(texts("linked/linked/l") == Texts{"linked/linked/linked/"});
}

TEST_CASE_METHOD(PathFixture, "Names that are not UTF-8 are completed byte by byte", "[paths]") {
    m_folder.write("z\xff.npy", "");
    CHECK(texts("z") == Texts{"z\xff.npy"});
    CHECK(completePath("z", m_options).common == "z\xff.npy");
}

TEST_CASE_METHOD(PathFixture, "A long list is cut, and says so", "[paths]") {
    m_options.mostEntries = 3;
    const auto all = completePath("", m_options);
    CHECK(all.entries.size() == 3);
    CHECK(all.isCut);
    CHECK(all.common == "model");
    m_options.mostEntries = 4;
    CHECK_FALSE(completePath("", m_options).isCut);
}
