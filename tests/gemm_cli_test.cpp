#include "quant/half_float.h"
#include "quant/npy.h"
#include "tests/cli_checks.h"
#include "tests/source_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <cstring>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

using namespace app::tests;
using quant::DType;

namespace {

const Arguments types = {"fp32", "tf32",  "fp16", "fp16:fp16", "bf16",  "int16",
                         "int8", "uint8", "int4", "ternary",   "binary"};

bool isInteger(const std::string& type) {
    return !type.starts_with("fp") && type != "tf32" && type != "bf16";
}

// Row-major, of small integers: products of any type are exact.
struct Matrix {
    uint32_t rows = 0, columns = 0;
    std::vector<int> values;

    int at(uint32_t row, uint32_t column) const { return values[row * columns + column]; }
    Matrix transposed() const {
        Matrix result{columns, rows, {}};
        for (uint32_t i = 0; i < columns; ++i)
            for (uint32_t j = 0; j < rows; ++j) result.values.push_back(at(j, i));
        return result;
    }
};

Matrix randomMatrix(uint32_t rows, uint32_t columns, uint32_t seed, int least = 0) {
    std::mt19937 random(seed);
    Matrix matrix{rows, columns, {}};
    for (uint32_t i = 0; i < rows * columns; ++i)
        matrix.values.push_back(static_cast<int>(random() % 8) + least);
    return matrix;
}

Matrix productOf(const Matrix& a, const Matrix& b) {
    Matrix c{a.rows, b.columns, {}};
    for (uint32_t i = 0; i < a.rows; ++i) {
        for (uint32_t j = 0; j < b.columns; ++j) {
            int sum = 0;
            for (uint32_t k = 0; k < a.columns; ++k) sum += a.at(i, k) * b.at(k, j);
            c.values.push_back(sum);
        }
    }
    return c;
}

template <class Element>
void append(std::string& bytes, Element element) {
    bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
}

std::string bytesOf(const Matrix& matrix, DType dtype) {
    std::string bytes;
    for (const int value : matrix.values) {
        const auto real = static_cast<float>(value);
        if (dtype == DType::F32) append(bytes, real);
        if (dtype == DType::F16) append(bytes, quant::halfFromFloat(real));
        if (dtype == DType::U16) append(bytes, quant::bfloatFromFloat(real));
        if (dtype == DType::I32) append(bytes, value);
        if (dtype == DType::I16) append(bytes, static_cast<int16_t>(value));
        if (dtype == DType::I8 || dtype == DType::U8) append(bytes, static_cast<int8_t>(value));
    }
    return bytes;
}

DType dtypeOf(const std::string& type) {
    return type == "fp32" || type == "tf32" ? DType::F32
           : type.starts_with("fp16")       ? DType::F16
           : type == "bf16"                 ? DType::U16
           : type == "int16"                ? DType::I16
           : type == "uint8"                ? DType::U8
                                            : DType::I8;
}

// Of values that the type holds as B.
Matrix weightsFor(const std::string& type, const Matrix& matrix) {
    Matrix weights = matrix;
    for (int& value : weights.values) {
        if (type == "ternary") value = std::clamp(value, -1, 1);
        if (type == "binary") value = value < 0 ? -1 : 1;
    }
    return weights;
}

std::string writeMatrix(const TempFolder& folder, const std::string& name, DType dtype,
                        const Matrix& matrix) {
    return writeNpy(folder, name, dtype, {matrix.rows, matrix.columns}, bytesOf(matrix, dtype));
}

// Checks that the file holds the matrix, as float32 or int32.
void checkHolds(const std::string& path, const Matrix& matrix, bool hasIntegers) {
    const quant::NpyFile file{quant::InputFile(path)};
    const quant::TensorInfo& info = file.tensors().front();
    const DType dtype = hasIntegers ? DType::I32 : DType::F32;
    CHECK(info.dtype == dtype);
    CHECK(info.shape == std::vector<uint64_t>{matrix.rows, matrix.columns});
    std::string bytes(info.sizeBytes, '\0');
    file.read(0, 0, std::as_writable_bytes(std::span(bytes)));
    CHECK(bytes == bytesOf(matrix, dtype));
}

void checkPassed(const Json& product) {
    CAPTURE(product.dump());
    REQUIRE(product["max_error"].is_number());
    CHECK(product["max_error"] <= product["error_bound"]);
    CHECK(product["seconds"] > 0);
    CHECK(product["gflops"] > 0);
    CHECK(product["peak_gflops"] > 0);
    CHECK(product["bandwidth_share"] > 0);
}

const Arguments productKeys = {"m",         "n",          "k",      "type",        "path",
                               "tile",      "seconds",    "gflops", "peak_gflops", "bandwidth_share",
                               "max_error", "error_bound"};

}  // namespace

TEST_CASE("The report of a product says what was multiplied, how, how fast and how exactly", "[cli][gemm]") {
    const Json report = reportOf("gemm", {"--m", "33", "--n", "20", "--k", "17", "--repeat", "1", "--check"});
    Arguments keys = {"tool", "device"};
    keys.insert(keys.end(), productKeys.begin(), productKeys.end());
    CHECK(keysOf(report) == keys);
    CHECK(report["tool"]["name"] == "clipscope");
    CHECK(keysOf(report["device"]) == Arguments{"name", "driver", "type"});
    CHECK((report["m"] == 33 && report["n"] == 20 && report["k"] == 17));
    CHECK(report["type"] == "fp32");
    checkPassed(report);
    const double rate = 2.0 * 33 * 20 * 17 / report["seconds"].get<double>() * 1e-9;
    CHECK(std::abs(report["gflops"].get<double>() / rate - 1) < 1e-9);
}

TEST_CASE("What is not checked has no error", "[cli][gemm]") {
    const Json report = reportOf("gemm", {"--m", "8", "--n", "9", "--k", "10", "--repeat", "1"});
    CHECK(report["max_error"].is_null());
    CHECK(report["error_bound"].is_null());
}

TEST_CASE("The table has every path of every type, and each is right", "[cli][gemm]") {
    const auto check = [](const Arguments& sizes, bool isNarrow) {
        Arguments arguments = {"--table", "--repeat", "1"};
        arguments.insert(arguments.end(), sizes.begin(), sizes.end());
        const Json report = reportOf("gemm", arguments);
        CHECK(keysOf(report) == Arguments{"tool", "device", "products", "skipped"});
        std::map<std::string, Arguments> paths;
        for (const Json& product : report["products"]) {
            CHECK(keysOf(product) == productKeys);
            checkPassed(product);
            if (isInteger(product["type"])) CHECK(product["max_error"] == 0);
            paths[product["type"]].push_back(product["path"]);
        }
        for (const auto& type : types) {
            CAPTURE(type);
            CHECK(paths[type].front() == "reference");
            if (type == "fp16:fp16") continue;  // cooperative matrices may not be there
            CHECK(std::ranges::contains(paths[type], "tiled"));
            CHECK(std::ranges::contains(paths[type], "skinny") == (isNarrow && type != "int16"));
        }
        for (const Json& skipped : report["skipped"])
            CHECK(keysOf(skipped) == Arguments{"type", "path", "reason"});
        return report["skipped"].size();
    };
    CHECK(check({"--m", "45", "--n", "70", "--k", "67"}, false) == types.size() - 2);
    CHECK(check({"--m", "3", "--n", "70", "--k", "67", "--transpose-a", "--transpose-b"}, true) == 0);
}

TEST_CASE("Every path that the device has can be asked for by its name", "[cli][gemm]") {
    const Json table = reportOf("gemm", {"--table", "--m", "5", "--n", "40", "--k", "33", "--repeat", "1"});
    Arguments seen;
    for (const Json& product : table["products"]) {
        const std::string path = product["path"];
        if (std::ranges::contains(seen, path)) continue;
        seen.push_back(path);
        const Json single =
            reportOf("gemm", {"--m", "5", "--n", "40", "--k", "33", "--repeat", "1", "--check", "--type",
                              product["type"], "--path", product["path"], "--tile", product["tile"]});
        CHECK(single["path"] == product["path"]);
        CHECK(single["tile"] == product["tile"]);
        CHECK(single["max_error"] == product["max_error"]);  // the same operands, the same order of sums
    }
}

TEST_CASE("A product of files is written as a file", "[cli][gemm]") {
    const TempFolder folder;
    const std::string c = folder / "c.npy";
    for (const auto& type : types) {
        CAPTURE(type);
        const int least = type == "uint8" ? 0 : -4;
        const Matrix a = randomMatrix(19, 23, 1, least), b = weightsFor(type, randomMatrix(23, 37, 2, least));
        const std::string fileA = writeMatrix(folder, "a.npy", dtypeOf(type), a);
        const std::string fileB = writeMatrix(folder, "b.npy", dtypeOf(type), b);
        const Json report = reportOf(
            "gemm", {"--type", type, "--a", fileA, "--b", fileB, "-o", c, "--repeat", "1", "--check"});
        CHECK((report["m"] == 19 && report["n"] == 37 && report["k"] == 23));
        CHECK(report["max_error"] == 0);
        checkHolds(c, productOf(a, b), isInteger(type));
    }
}

TEST_CASE("Weights that their type does not hold are refused", "[cli][gemm]") {
    const TempFolder folder;
    const std::string a = writeMatrix(folder, "a.npy", DType::I8, randomMatrix(2, 2, 1));
    for (const auto& [type, odd] : {std::pair{"int4", 8}, {"int4", -9}, {"ternary", -2}, {"binary", 0}}) {
        const std::string b = writeMatrix(folder, "b.npy", DType::I8, {2, 2, {1, -1, odd, 1}});
        CAPTURE(type, odd);
        checkFails(runCommand("gemm", {"--type", type, "--a", a, "--b", b}), 3,
                   "b.npy: element 2 is " + std::to_string(odd) + ", which " + type + " has not");
    }
}

TEST_CASE("Transposed files are multiplied as what they stand for", "[cli][gemm]") {
    const TempFolder folder;
    const std::string c = folder / "c.npy";
    const Matrix a = randomMatrix(19, 23, 1, -4), b = randomMatrix(23, 37, 2, -4);
    for (const char* type : {"fp32", "int8"}) {
        const DType dtype = dtypeOf(type);
        const std::string fileA = writeMatrix(folder, "a.npy", dtype, a.transposed());
        const std::string fileB = writeMatrix(folder, "b.npy", dtype, b.transposed());
        const RunResult result =
            runCommand("gemm", {"--type", type, "--a", fileA, "--transpose-a", "--b", fileB, "--transpose-b",
                                "--m", "19", "--n", "37", "--k", "23", "-o", c, "--repeat", "1", "-q"});
        CHECK(result.exitCode == 0);
        CHECK(result.out.empty());
        CHECK(result.err.empty());
        checkHolds(c, productOf(a, b), isInteger(type));
    }
}

TEST_CASE("Alpha scales the product, and beta adds what C held, however often it is repeated",
          "[cli][gemm]") {
    const TempFolder folder;
    const std::string c = folder / "c.npy";
    const Matrix a = randomMatrix(9, 12, 1), b = randomMatrix(12, 11, 2), before = randomMatrix(9, 11, 3);
    Matrix wanted = productOf(a, b), wantedIntegers = wanted;
    for (size_t i = 0; i < wanted.values.size(); ++i) {
        wanted.values[i] = 3 * wanted.values[i] - 2 * before.values[i];
        wantedIntegers.values[i] += before.values[i];
    }
    const auto run = [&](const std::string& type, DType dtypeOfC, Arguments scales, const Matrix& result) {
        Arguments arguments = {"--type",  type,
                               "--a",     writeMatrix(folder, "a.npy", dtypeOf(type), a),
                               "--b",     writeMatrix(folder, "b.npy", dtypeOf(type), b),
                               "--c",     writeMatrix(folder, "before.npy", dtypeOfC, before),
                               "--check", "-o",
                               c};
        arguments.insert(arguments.end(), scales.begin(), scales.end());
        const Json report = reportOf("gemm", arguments);
        CHECK(report["max_error"] == 0);
        checkHolds(c, result, isInteger(type));
    };
    run("fp32", DType::F32, {"--alpha", "3", "--beta", "-2"}, wanted);
    run("uint8", DType::I32, {"--beta", "1"}, wantedIntegers);
}

TEST_CASE("Products of nothing are empty or zero", "[cli][gemm]") {
    const TempFolder folder;
    const std::string c = folder / "c.npy";
    const auto run = [&](const char* m, const char* n, const char* k, const Matrix& wanted) {
        const Json report =
            reportOf("gemm", {"--m", m, "--n", n, "--k", k, "--repeat", "1", "-o", c, "--check"});
        CHECK(report["gflops"] == 0);
        CHECK(report["max_error"] == 0);
        checkHolds(c, wanted, false);
    };
    run("0", "5", "3", {0, 5, {}});
    run("5", "0", "3", {5, 0, {}});
    run("3", "2", "0", {3, 2, std::vector<int>(6)});
}

TEST_CASE("The roofline doubles its sizes and stays below the peak", "[cli][gemm]") {
    const Json report = reportOf("gemm", {"--roofline", "--path", "reference", "--repeat", "1"});
    CHECK(keysOf(report) == Arguments{"tool", "device", "copy_bytes_per_second", "roofline"});
    const Json& points = report["roofline"];
    REQUIRE_FALSE(points.empty());
    uint32_t size = 64;
    for (const Json& point : points) {
        CHECK((point["m"] == size && point["n"] == size && point["k"] == size));
        const double intensity = 2.0 * size / 12, copy = report["copy_bytes_per_second"];
        const double bound = std::min(point["peak_gflops"].get<double>(), intensity * copy * 1e-9);
        CHECK(std::abs(point["operations_per_byte"].get<double>() / intensity - 1) < 1e-9);
        CHECK(std::abs(point["bound_gflops"].get<double>() / bound - 1) < 1e-9);
        size *= 2;
    }
    CHECK((size > 2048 || points.back()["seconds"] > 1));
}

TEST_CASE("The tables of products are for people", "[cli][gemm]") {
    const Arguments small = {"--m", "16", "--n", "24", "--k", "32", "--repeat", "1"};
    const RunResult plain = runCommand("gemm", small);
    CHECK(plain.out.starts_with("type  m x n x k "));
    CHECK(plain.out.contains("\nfp32   16x24x32  reference  1x1x1"));
    CHECK(plain.out.contains("\npeak "));
    CHECK_FALSE(plain.out.contains("bound"));
    Arguments checked = small;
    checked.emplace_back("--check");
    CHECK(runCommand("gemm", checked).out.contains("\n384 of 384 elements compared with the host\n"));
    const RunResult table =
        runCommand("gemm", {"--table", "--m", "16", "--n", "24", "--k", "32", "--repeat", "1"});
    CHECK(table.out.contains("\nskipped: path 'skinny'"));
    CHECK(table.err.empty());
}

TEST_CASE("A wrong product is reported with exit code 1, and not written", "[cli][gemm]") {
    const TempFolder folder;
    std::filesystem::copy(sourceFile("shaders"), folder / "shaders",
                          std::filesystem::copy_options::recursive);
    folder.write("shaders/compute/gemm_reference.comp", R"(#version 460
#extension GL_GOOGLE_include_directive : require
#include "gemm.h"
#include "compute/grid.glsl"
layout(push_constant, scalar) uniform Push {
    GemmPush push;
};
void main() {
    if (invocationIndex() < push.m * push.n) push.c.at[invocationIndex()] = 0x42280000u;
}
)");
    const std::string json = folder / "report.json", c = folder / "c.npy";
    const RunResult result = runCommand(
        "gemm",
        {"--path", "reference", "--m", "8", "--n", "8", "--k", "8", "--check", "--json", json, "-o", c, "-q"},
        {.environment = {{"CLIPSCOPE_SHADERS", folder / "shaders"}}});
    checkFails(result, 1, "fp32 by path reference: 64 of 64 elements compared are wrong; the worst, of row");
    const Json report = Json::parse(folder.read("report.json"));
    CHECK(report["max_error"] > report["error_bound"]);
    CHECK_FALSE(std::filesystem::exists(c));
}

TEST_CASE("Options of a product that make no sense are usage errors", "[cli][gemm]") {
    const std::vector<std::pair<Arguments, std::string>> cases = {
        {{"--type", "fp23"}, "did you mean 'fp32'"},
        {{"--path", "tield"}, "did you mean 'tiled'"},
        {{"--path", "tiled", "--tile", "8x3"}, "is no tile"},
        {{"--path", "tiled", "--tile", "0x3x8"}, "is no tile"},
        {{"--tile", "8x3x8"}, "--tile needs a --path"},
        {{"--m", "-1"}, "--m: '-1' is no whole number"},
        {{"--n", "4294967296"}, "--n"},
        {{"--k", "many"}, "--k"},
        {{"--repeat", "0"}, "--repeat"},
        {{"--alpha", "inf"}, "--alpha"},
        {{"--beta", "1e39"}, "--beta"},
        {{"--type", "int8", "--alpha", "2"}, "--alpha is 1"},
        {{"--type", "uint8", "--beta", "0.5"}, "--beta is 0 or 1"},
        {{"--a", "a.npy"}, "--a and --b belong together"},
        {{"--c", "c.npy", "--beta", "1"}, "--c needs --a and --b"},
        {{"--a", "a.npy", "--b", "b.npy", "--c", "c.npy"}, "--c needs a --beta"},
        {{"--a", "a.npy", "--b", "b.npy", "--beta", "1"}, "--beta needs --c"},
        {{"--a", "a.npy", "--b", "b.npy", "-o", "b.npy"}, "would replace an input"},
        {{"--a", "a.npy", "--b", "b.npy", "--json", "a.npy"}, "would replace an input"},
        {{"-o", "same", "--json", "same"}, "name the same file"},
        {{"-o", "-"}, "the name of a file"},
        {{"--m", "65536", "--k", "65536"}, "matrix A of 65536x65536 has 2^32 elements or more"},
        {{"--k", "65536", "--n", "65536"}, "matrix B of"},
        {{"--m", "65536", "--n", "65536"}, "matrix C of"},
        {{"--table", "--type", "fp32"}, "cannot be combined"},
        {{"--table", "--roofline"}, "cannot be combined"},
        {{"--roofline", "--m", "5"}, "cannot be combined"},
        {{"--checked"}, "did you mean '--check'"},
        {{"matrix.npy"}, "unexpected argument"},
    };
    for (const auto& [arguments, hint] : cases) {
        CAPTURE(arguments);
        const RunResult result = runCommand("gemm", arguments, withoutVulkan);
        checkFails(result, 2, hint);
        CHECK(result.err.contains("--help`"));
    }
}

TEST_CASE("A path or a tile that the device cannot take is a usage error", "[cli][gemm]") {
    const Arguments small = {"--m", "16", "--n", "16", "--k", "16"};
    const auto run = [&](Arguments arguments) {
        arguments.insert(arguments.end(), small.begin(), small.end());
        return runCommand("gemm", arguments);
    };
    checkFails(run({"--type", "int8", "--path", "shared"}), 2, "no path 'shared' for int8; it has reference");
    checkFails(run({"--type", "fp32", "--path", "dot"}), 2, "no path 'dot' for fp32");
    checkFails(run({"--path", "skinny"}), 2, "at most 8 rows or columns");
}

TEST_CASE("A product without a device is exit code 4, and one without room 1", "[cli][gemm]") {
    checkFails(runCommand("gemm", {}, withoutVulkan), 4);
    checkFails(runCommand("gemm", {"--m", "65000", "--n", "65000", "--k", "65000"}), 1, "of memory");
}

TEST_CASE("Files that are no operands are refused with what is wrong", "[cli][gemm]") {
    const TempFolder folder;
    const std::string a = writeMatrix(folder, "a.npy", DType::F32, randomMatrix(3, 4, 1));
    const std::string b = writeMatrix(folder, "b.npy", DType::F32, randomMatrix(5, 6, 2));
    const std::string fitting = writeMatrix(folder, "fitting.npy", DType::F32, randomMatrix(4, 6, 2));
    const std::string half = writeMatrix(folder, "half.npy", DType::F16, randomMatrix(4, 6, 2));
    const std::string vector = writeNpy(folder, "vector.npy", DType::F32, {4}, std::string(16, '\0'));
    const std::string wide = writeNpy(folder, "wide.npy", DType::F32, {0, uint64_t{1} << 33}, "");
    const std::string text = folder.write("text.npy", "no array at all");
    const std::string missing = folder / "missing.npy";
    const auto fails = [](const std::string& first, const std::string& second, int code,
                          const std::string& hint, Arguments more = {}) {
        more.insert(more.end(), {"--a", first, "--b", second});
        CAPTURE(more);
        checkFails(runCommand("gemm", more, withoutVulkan), code, hint);
    };
    fails(a, missing, 3, missing);
    fails(text, b, 3, text + ": ");
    fails(a, half, 3, half + ": holds elements of F16, but F32 for fp32 is needed");
    fails(a, b, 3, a + ": holds elements of F32, but U16 for bf16 is needed", {"--type", "bf16"});
    fails(a, b, 3, "but U8 for uint8 is needed", {"--type", "uint8"});
    fails(a, vector, 3, vector + ": is no matrix of two dimensions: its shape is 4");
    fails(a, wide, 3, wide + ": its shape");
    fails(a, b, 3, a + " of 3x4: has 4 columns, but " + b + " of 5x6 has 5 rows");
    fails(a, b, 3, a + " of 3x4, transposed: has 3 columns, but " + b + " of 5x6, transposed has 6 rows",
          {"--transpose-a", "--transpose-b"});
    fails(a, fitting, 2, "--m 4 contradicts " + a + " of 3x4", {"--m", "4"});
    fails(a, fitting, 2, "--k 3 contradicts " + a, {"--k", "3"});
    fails(a, fitting, 2, "--n 4 contradicts " + fitting, {"--n", "4"});
    fails(a, fitting, 3, b + " of 5x6: is not of the product's shape, 3x6", {"--c", b, "--beta", "1"});
    fails(a, fitting, 3, half + ": holds elements of F16, but F32 for C is needed",
          {"--c", half, "--beta", "1"});
}

TEST_CASE("A product that cannot be written is exit code 5 and leaves nothing", "[cli][gemm]") {
    const TempFolder folder;
    const Arguments small = {"--m", "64", "--n", "64", "--k", "8", "--repeat", "1", "-o"};
    const auto run = [&](const std::string& target, const RunOptions& options = {}) {
        Arguments arguments = small;
        arguments.push_back(target);
        return runCommand("gemm", arguments, options);
    };
    checkFails(run(folder / "missing/c.npy", withoutVulkan), 5, "missing/c.npy");
    checkFails(run(folder.path(), withoutVulkan), 5);
    checkFails(run("/dev/full"), 5, "/dev/full: ");
    CHECK(folder.entries() == 0);
}
