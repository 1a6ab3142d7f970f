#include "app/explorer/opened_files.h"

#include "quant/input_error.h"
#include "tests/panels_fixture.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>

namespace tests {

using quant::tests::TempFolder;

TEST_CASE("Rows of two files that share names are told apart by name", "[explorer]") {
    const TempFolder folder;
    const std::string one = folder.write("one.safetensors", safetensors({"w", "b"}, 4)).string();
    const std::string other = folder.write("other.safetensors", safetensors({"w", "c"}, 4)).string();
    const app::OpenedFiles opened = app::openFiles({one, other, one}, "");
    std::vector<std::string> names;
    for (const app::TensorRow& row : opened.rows) names.push_back(row.name);
    CHECK(names == std::vector<std::string>{"w", "b", "other.safetensors:w", "c", "one.safetensors:w",
                                            "one.safetensors:b"});
    CHECK(opened.places[2].info().name == "w");
    CHECK(opened.places[2].file->path() == other);
    const app::OpenedFiles thrice = app::openFiles({one, one, one}, "");
    CHECK(thrice.rows[4].name == "one.safetensors:w (2)");
}

TEST_CASE("Opening says which file is broken", "[explorer]") {
    const TempFolder folder;
    const std::string broken = folder.write("broken.safetensors", "nothing of the kind").string();
    CHECK_THROWS_AS(app::openFiles({broken}, ""), quant::InputError);
    CHECK_THROWS_AS(app::openFiles({broken}, "f32:nonsense"), std::invalid_argument);
    CHECK(app::openFiles({}, "").rows.empty());
}

}  // namespace tests
