#include "app/explorer/tensor_rows.h"

#include "quant/profile.h"
#include "quant/tensor_file.h"

#include <catch2/benchmark/catch_benchmark.hpp>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <limits>
#include <numeric>
#include <random>

using namespace app;

namespace {

TensorRow row(const std::string& name, std::optional<double> sqnrDb = {}) {
    TensorRow result;
    result.name = name;
    result.sqnrDb = sqnrDb;
    return result;
}

std::vector<TensorRow> sampleRows() {
    std::vector<TensorRow> rows(4);
    rows[0] = {0, "layer.10.weight", "F32", "64x32", 2, 2048, 3.0, 0.5, 1.0, 20.5, {}, ""};
    rows[1] = {1, "layer.2.weight", "F16", "64x3x3x3", 4, 1728, 2.0, 0.25, 1.5, 12.0, {}, ""};
    rows[2] = {2, "layer.2.bias", "F32", "64", 1, 64, {}, {}, {}, {}, {}, ""};
    rows[3] = {3, "steps", "I64", "scalar", 0, 1, {}, {}, {}, {}, {}, "dtype I64 is not a float type"};
    return rows;
}

using Names = std::vector<std::string>;

Names shown(TensorRows& rows, const TableState& state) {
    Names names;
    for (const uint32_t at : rows.visible(state)) names.push_back(rows.rows()[at].name);
    return names;
}

Names filtered(const std::string& filter) {
    TensorRows rows(sampleRows());
    return shown(rows, {.filter = filter});
}

// Names as those of a large model, numbers for nine of ten.
std::vector<TensorRow> manyRows(size_t count) {
    std::mt19937 random(6);
    std::vector<TensorRow> rows(count);
    for (size_t i = 0; i < count; ++i) {
        rows[i].index = i;
        rows[i].name = "model.layers." + std::to_string(i / 16) + ".mlp.experts." + std::to_string(i % 16) +
                       (i % 3 ? ".down_proj.weight" : ".gate_proj.weight");
        rows[i].dtype = i % 2 ? "BF16" : "F16";
        rows[i].elements = random() % 100'000'000;
        if (i % 10) rows[i].sqnrDb = static_cast<double>(random() % 100'000) / 2000;
    }
    return rows;
}

double millisecondsOf(auto&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("Rows come in the order of the file", "[rows]") {
    CHECK(filtered("") == Names{"layer.10.weight", "layer.2.weight", "layer.2.bias", "steps"});
}

TEST_CASE("Every word of a filter must match the name", "[rows]") {
    CHECK(filtered("layer wei") == Names{"layer.10.weight", "layer.2.weight"});
    CHECK(filtered("  L2\tB ") == Names{"layer.2.bias"});
    CHECK(filtered("zz").empty());
}

TEST_CASE("Conditions of a filter are about the columns", "[rows]") {
    CHECK(filtered("dtype:f16") == Names{"layer.2.weight"});
    CHECK(filtered("dtype:f") == Names{"layer.10.weight", "layer.2.weight", "layer.2.bias"});
    CHECK(filtered("dtype!=f") == Names{"steps"});
    CHECK(filtered("shape:64x3x") == Names{"layer.2.weight"});
    CHECK(filtered("elements>1000") == Names{"layer.10.weight", "layer.2.weight"});
    CHECK(filtered("elements>2k") == Names{"layer.10.weight"});
    CHECK(filtered("Elements<=1728 elements>=1728") == Names{"layer.2.weight"});
    CHECK(filtered("rank:2") == Names{"layer.10.weight"});
    CHECK(filtered("rank=0") == Names{"steps"});
    CHECK(filtered("rank!=1 layer") == Names{"layer.10.weight", "layer.2.weight"});
    CHECK(filtered("is:problem") == Names{"steps"});
    CHECK(filtered("is:ok bias") == Names{"layer.2.bias"});
}

TEST_CASE("A condition on a number does not hold where the number is missing", "[rows]") {
    CHECK(filtered("sqnr<20") == Names{"layer.2.weight"});
    CHECK(filtered("sqnr>=20") == Names{"layer.10.weight"});
    CHECK(filtered("sqnr!=20") == Names{"layer.10.weight", "layer.2.weight"});
    CHECK(filtered("absmax>0 sigma>0.3 clip<2") == Names{"layer.10.weight"});
}

TEST_CASE("A condition that is not finished holds for all, and says what it lacks", "[rows]") {
    for (const char* text : {"sqnr<", "elements>many", "rank:", "dtype:", "dtype>f", "is:good", "clip<nan"}) {
        CAPTURE(text);
        CHECK(filtered(text).size() == 4);
        CHECK_FALSE(RowFilter(text).problem().empty());
    }
    CHECK(RowFilter("sqnr<20 conv").problem().empty());
}

TEST_CASE("A word with an unknown field is part of a name", "[rows]") {
    TensorRows rows({row("scope:0/kernel"), row("scope:1/kernel"), row("a!b")});
    CHECK(shown(rows, {.filter = "scope:1"}) == Names{"scope:1/kernel"});
    CHECK(shown(rows, {.filter = "a!b"}) == Names{"a!b"});
    CHECK(shown(rows, {.filter = ":1"}) == Names{"scope:1/kernel"});
}

TEST_CASE("Highlights are the characters that any word of the filter matched", "[rows]") {
    CHECK(RowFilter("we la sqnr<3").positions("layer.weight") == std::vector<size_t>{0, 1, 6, 7});
    CHECK(RowFilter("rank:2").positions("rank").empty());
}

TEST_CASE("Names are sorted with their numbers as numbers", "[rows]") {
    TensorRows rows(sampleRows());
    CHECK(shown(rows, {.column = TableColumn::Name}) ==
          Names{"layer.2.bias", "layer.2.weight", "layer.10.weight", "steps"});
    CHECK(shown(rows, {.column = TableColumn::Name, .isDescending = true}) ==
          Names{"steps", "layer.10.weight", "layer.2.weight", "layer.2.bias"});
}

TEST_CASE("Natural order is a strict order", "[rows]") {
    CHECK(naturalOrder("a2", "a10") < 0);
    CHECK(naturalOrder("a10b2", "a10b10") < 0);
    CHECK(naturalOrder("a", "a1") < 0);
    CHECK(naturalOrder("a01", "a1") < 0);
    CHECK(naturalOrder("a1b", "a01c") < 0);
    CHECK(naturalOrder("x", "x") == 0);
    CHECK(naturalOrder("99999999999999999999999", "100000000000000000000000") < 0);
    std::mt19937 random(7);
    const auto word = [&] {
        std::string text;
        for (size_t i = random() % 6; i > 0; --i) text += "012a."[random() % 5];
        return text;
    };
    for (int i = 0; i < 20'000; ++i) {
        const std::string a = word(), b = word(), c = word();
        CAPTURE(a, b, c);
        REQUIRE(naturalOrder(a, b) == -naturalOrder(b, a));
        REQUIRE((naturalOrder(a, b) == 0) == (a == b));
        REQUIRE((naturalOrder(a, b) >= 0 || naturalOrder(b, c) >= 0 || naturalOrder(a, c) < 0));
    }
}

TEST_CASE("Missing numbers come last in either direction", "[rows]") {
    TensorRows rows({row("a"), row("b", 3), row("c", std::numeric_limits<double>::quiet_NaN()), row("d", -1),
                     row("e", 0.0), row("f", -0.0)});
    CHECK(shown(rows, {.column = TableColumn::Sqnr}) == Names{"d", "e", "f", "b", "a", "c"});
    CHECK(shown(rows, {.column = TableColumn::Sqnr, .isDescending = true}) ==
          Names{"b", "e", "f", "d", "a", "c"});
}

TEST_CASE("The worst comes first whatever the column", "[rows]") {
    TensorRows rows(sampleRows());
    CHECK(shown(rows, {.column = TableColumn::Name, .isDescending = true, .isWorstFirst = true}) ==
          Names{"layer.2.weight", "layer.10.weight", "layer.2.bias", "steps"});
}

TEST_CASE("Rows are sorted by each column, equal ones in the order of the file", "[rows]") {
    TensorRows rows(sampleRows());
    const auto first = [&](TableColumn column) { return shown(rows, {.column = column}).front(); };
    CHECK(first(TableColumn::Elements) == "steps");
    CHECK(first(TableColumn::Absmax) == "layer.2.weight");
    CHECK(first(TableColumn::Sigma) == "layer.2.weight");
    CHECK(first(TableColumn::Clip) == "layer.10.weight");
    CHECK(shown(rows, {.column = TableColumn::Dtype}) ==
          Names{"layer.2.weight", "layer.10.weight", "layer.2.bias", "steps"});
    CHECK(shown(rows, {.column = TableColumn::Shape}) ==
          Names{"layer.2.bias", "layer.2.weight", "layer.10.weight", "steps"});
}

TEST_CASE("The column of matches puts the best name first", "[rows]") {
    TensorRows rows({row("big.input.as"), row("conv.bias"), row("bias")});
    CHECK(shown(rows, {.filter = "bias", .column = TableColumn::Match}) ==
          Names{"bias", "conv.bias", "big.input.as"});
    CHECK(shown(rows, {.column = TableColumn::Match}) == Names{"big.input.as", "conv.bias", "bias"});
}

TEST_CASE("A row that changes is sorted and filtered anew", "[rows]") {
    TensorRows rows(sampleRows());
    const TableState state{.filter = "sqnr<20", .column = TableColumn::Sqnr};
    CHECK(shown(rows, state) == Names{"layer.2.weight"});
    rows.change(2).sqnrDb = 5;
    CHECK(shown(rows, state) == Names{"layer.2.bias", "layer.2.weight"});
}

TEST_CASE("Keys step through the rows that are shown", "[rows]") {
    TensorRows rows({row("a"), row("x"), row("ab"), row("ac"), row("ad")});
    rows.visible({.filter = "a"});
    const auto from = [&](const char* name, RowStep step) {
        return rows.rows()[*rows.step(name, step, 2)].name;
    };
    CHECK(from("a", RowStep::Next) == "ab");
    CHECK(from("ab", RowStep::Previous) == "a");
    CHECK(from("a", RowStep::PageDown) == "ac");
    CHECK(from("ac", RowStep::PageDown) == "ad");
    CHECK(from("ab", RowStep::PageUp) == "a");
    CHECK(from("ab", RowStep::First) == "a");
    CHECK(from("ab", RowStep::Last) == "ad");
    CHECK(from("ad", RowStep::Next) == "ad");
    CHECK(from("a", RowStep::Previous) == "a");
    CHECK(from("x", RowStep::Next) == "a");
    CHECK(from("x", RowStep::Previous) == "ad");
    CHECK(rows.placeOf("ac") == 2);
    CHECK_FALSE(rows.placeOf("x"));
    CHECK(rows.find("x") == 1);
    rows.visible({.filter = "none"});
    CHECK_FALSE(rows.step("a", RowStep::Next, 1));
}

TEST_CASE("Steps get past names that two files share", "[rows]") {
    TensorRows rows({row("a"), row("b"), row("b"), row("c")});
    rows.visible({});
    CHECK(rows.step("b", RowStep::Next, 1) == 3);
    CHECK(rows.step("c", RowStep::Previous, 1) == 2);
    CHECK(rows.step("b", RowStep::Previous, 1) == 0);
    CHECK(rows.find("b") == 1);
}

TEST_CASE("A row says what the file's header says", "[rows]") {
    auto info = *quant::makeTensorInfo("w", quant::DType::F16, {64, 3});
    const TensorRow plain = tensorRow(5, info, "broken");
    CHECK(plain.index == 5);
    CHECK(plain.name == "w");
    CHECK(plain.dtype == "F16");
    CHECK(plain.shape == "64x3");
    CHECK(plain.rank == 2);
    CHECK(plain.elements == 192);
    CHECK(plain.problem == "broken");
    info.encoding = "Q4_K";
    CHECK(tensorRow(0, info).dtype == "Q4_K");
}

TEST_CASE("A sparkline has the largest magnitude in its last bin and the tallest at 1", "[rows]") {
    quant::Profile profile;
    CHECK(magnitudeBins(profile) == std::vector<float>(sparklineBins, 0.0f));
    for (const float x : {1.75f, -1.25f, 1.0f, 0.875f, 0x1p-15f, 0x1p-30f, 0.0f}) profile.add(x);
    profile.add(std::numeric_limits<float>::infinity());
    const auto bins = magnitudeBins(profile);
    REQUIRE(bins.size() == sparklineBins);
    CHECK(bins[31] == 0.5f);
    CHECK(bins[30] == 1.0f);
    CHECK(bins[29] == 0.5f);
    CHECK(bins[0] == 0.5f);
    CHECK(std::accumulate(bins.begin(), bins.end(), 0.0f) == 2.5f);
}

// The limits are loose: a machine that does other things as well must not fail them. See the benchmark.
TEST_CASE("100,000 rows are filtered and sorted fast enough for every key typed", "[rows]") {
    TensorRows rows(manyRows(100'000));
    CHECK(millisecondsOf([&] { rows.visible({.filter = "down exp 12"}); }) < 1000);
    CHECK(millisecondsOf([&] { rows.visible({.column = TableColumn::Sqnr}); }) < 1000);
    CHECK(millisecondsOf([&] {
              for (int i = 0; i < 1000; ++i) rows.visible({.column = TableColumn::Sqnr});
          }) < 1000);
}

TEST_CASE("Speed of the tensor table", "[rows][!benchmark]") {
    BENCHMARK_ADVANCED("construct")(Catch::Benchmark::Chronometer meter) {
        const auto all = manyRows(100'000);
        meter.measure([&] { return TensorRows(all).rows().size(); });
    };
    TensorRows rows(manyRows(100'000));
    bool flip = false;
    const auto visible = [&](TableState state) {
        rows.change(0);
        state.isDescending = flip = !flip;
        return rows.visible(state).size();
    };
    BENCHMARK("all, file order") {
        return visible({});
    };
    BENCHMARK("one word") {
        return visible({.filter = "down"});
    };
    BENCHMARK("three words and conditions") {
        return visible({.filter = "down exp 12 sqnr<20 dtype:bf16"});
    };
    BENCHMARK("sort by name") {
        return visible({.column = TableColumn::Name});
    };
    BENCHMARK("sort by SQNR") {
        return visible({.column = TableColumn::Sqnr});
    };
    BENCHMARK("sort by dtype") {
        return visible({.column = TableColumn::Dtype});
    };
    BENCHMARK("sort by match") {
        return visible({.filter = "down12", .column = TableColumn::Match});
    };
}
