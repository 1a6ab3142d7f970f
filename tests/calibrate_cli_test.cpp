// `clipscope calibrate` as scripts see it.
#include "tests/cli_checks.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>
#include <signal.h>

#include <bit>
#include <cmath>
#include <thread>

using namespace app::tests;

namespace {

using Tensors = std::vector<std::pair<std::string, std::vector<float>>>;

std::string writeFile(const TempFolder& folder, const std::string& name, const Tensors& tensors) {
    std::vector<FileTensor> vectors;
    for (const auto& [tensor, values] : tensors)
        vectors.emplace_back(tensor, std::vector<uint64_t>{values.size()}, values);
    return app::tests::writeFile(folder, vectors, name);
}

RunResult calibrate(Arguments arguments, const RunOptions& options = {}) {
    return runCommand("calibrate", std::move(arguments), options);
}

Json reported(Arguments arguments, const RunOptions& options = {}) {
    return reportOf("calibrate", std::move(arguments), options);
}

// Three batches; 'b' is not in all of them.
std::vector<std::string> writeBatches(const TempFolder& folder) {
    return {writeFile(folder, "1.safetensors", {{"a", tests::gaussians(5003, 1)}, {"b", {1, 2, 3}}}),
            writeFile(folder, "2.safetensors", {{"a", tests::gaussians(70001, 2, 3)}}),
            writeFile(folder, "3.safetensors", {{"b", {-9, 0.5f}}, {"a", tests::gaussians(11, 3)}})};
}

}  // namespace

TEST_CASE("Any order and grouping of the same inputs give the same state, byte for byte", "[cli]") {
    const TempFolder inputs, states;
    const auto files = writeBatches(inputs);
    REQUIRE(calibrate({files[0], files[1], files[2], "--state", states / "once", "-q"}).exitCode == 0);
    for (const size_t i : {2, 0, 1})
        REQUIRE(calibrate({files[i], "--state", states / "one by one", "-q"}).exitCode == 0);
    REQUIRE(calibrate({files[2], files[0], "--state", states / "half", "-q"}).exitCode == 0);
    REQUIRE(calibrate({files[1], "--state", states / "other half", "-q"}).exitCode == 0);
    REQUIRE(calibrate({"--state", states / "merged", "--merge", states / "half", "--merge",
                       states / "other half", "-q"},
                      withoutVulkan)
                .exitCode == 0);
    CHECK(states.read("one by one") == states.read("once"));
    CHECK(states.read("merged") == states.read("once"));
    const Json report = reported({"--state", states / "once"}, withoutVulkan);
    CHECK(report["tensors"][0]["contributions"] == 3);
    CHECK(report["tensors"][0]["elements"] == 5003 + 70001 + 11);
    CHECK(report["tensors"][1]["contributions"] == 2);
    CHECK(report["tensors"][1]["min"] == -9.0);
}

TEST_CASE("A state does not depend on counting path or memory", "[cli]") {
    const TempFolder states;
    for (const char* path : {"private", "shared"}) {
        REQUIRE(
            calibrate({sample, "--state", states / path, "--path", path, "--memory", "16M", "-q"}).exitCode ==
            0);
        CHECK(states.read(path) == states.read("private"));
    }
}

TEST_CASE("--fresh begins anew, without it inputs add up", "[cli]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, "x.safetensors", {{"x", {1, -2}}}), state = folder / "x.state";
    REQUIRE(calibrate({file, "--state", state, "-q"}).exitCode == 0);
    const std::string first = folder.read("x.state");
    REQUIRE(calibrate({file, "--state", state, "-q"}).exitCode == 0);
    CHECK(folder.read("x.state") != first);
    REQUIRE(calibrate({file, "--state", state, "--fresh", "-q"}).exitCode == 0);
    CHECK(folder.read("x.state") == first);
    checkFails(calibrate({"--state", state, "--fresh"}, withoutVulkan), 2);
}

TEST_CASE("The report from a state needs no device and changes nothing", "[cli]") {
    const TempFolder folder;
    REQUIRE(calibrate({sample, "--state", folder / "s", "-q"}).exitCode == 0);
    const std::string before = folder.read("s");
    const RunResult table = calibrate({"--state", folder / "s", "--bits", "4,8", "--method",
                                       "octav,entropy,mse", "--filter", "classifier.*"},
                                      withoutVulkan);
    CHECK(table.exitCode == 0);
    CHECK(table.out.contains("classifier.1.weight"));
    CHECK_FALSE(table.out.contains("features"));
    CHECK(table.err.empty());
    const RunResult csv = calibrate({"--state", folder / "s", "--bits", "2-4", "--csv", "-"}, withoutVulkan);
    CHECK(csv.out.starts_with("tensor,contributions,elements,"));
    CHECK(std::ranges::count(csv.out, '\n') == 1 + 29 * 3);
    CHECK(folder.read("s") == before);
    CHECK(folder.entries() == 1);
}

TEST_CASE("The JSON report of a calibration has every field, in its order", "[cli]") {
    const TempFolder folder;
    const Json report = reported({sample, "--state", folder / "s", "--bits", "4,8", "--method", "octav,max"});
    Arguments keys, results;
    for (const auto& [key, value] : report.items()) keys.push_back(key);
    for (const auto& [key, value] : report["tensors"][0]["results"][0].items()) results.push_back(key);
    CHECK(keys == Arguments{"tool", "state", "source", "options", "tensors", "skipped"});
    CHECK(results == Arguments{"method", "bits", "signed", "clip", "scale", "zero_point", "mse_model",
                               "sqnr_model_db", "format"});
    CHECK(report["state"]["bytes"] == std::filesystem::file_size(folder / "s"));
    CHECK(report["state"]["tensors"] == 29);
    CHECK(report["tensors"].size() == 29);
    CHECK(report["tensors"][0]["results"].size() == 4);
}

// The bounds of quant/profile_clips.h.
TEST_CASE("Clips from a state are within a bin of the profile of those from the data", "[cli]") {
    const TempFolder folder;
    const Arguments asked = {"--bits", "2-8", "--method", "octav,octav-paper,percentile:99.9,max",
                             "--json", "-"};
    Arguments fromData = {"analyze", sample}, fromState = {"calibrate", sample, "--state", folder / "s"};
    fromData.insert(fromData.end(), asked.begin(), asked.end());
    fromState.insert(fromState.end(), asked.begin(), asked.end());
    const Json exact = Json::parse(runClipscope(fromData).out),
               modelled = Json::parse(runClipscope(fromState).out);
    for (const Json& tensor : modelled["tensors"]) {
        const auto same = std::ranges::find_if(exact["tensors"],
                                               [&](const Json& t) { return t["name"] == tensor["name"]; });
        for (size_t i = 0; i < tensor["results"].size(); ++i) {
            const double found = tensor["results"][i]["clip"][0], expected = (*same)["results"][i]["clip"][0];
            INFO(tensor["name"] << ": " << tensor["results"][i].dump());
            CHECK(std::abs(found - expected) <= 0.125 * std::min(found, expected));
        }
    }
}

TEST_CASE("A damaged, cut or missing state is unusable input in one line, before a device is sought",
          "[cli]") {
    const TempFolder folder;
    REQUIRE(calibrate({sample, "--state", folder / "good", "-q"}).exitCode == 0);
    std::string bytes = folder.read("good");
    const std::string cut = folder.write("cut", bytes.substr(0, bytes.size() / 2));
    bytes[bytes.size() / 2] ^= 1;
    const std::string damaged = folder.write("damaged", bytes);
    const std::vector<std::string> paths = {cut, damaged, folder.write("text", "text"),
                                            folder.write("empty", "")};
    for (const std::string& path : paths) {
        const std::string name = std::filesystem::path(path).filename(), before = folder.read(name);
        for (const Arguments& arguments : {Arguments{"--state", path},
                                           {sample, "--state", path},
                                           {"--state", folder / "new", "--merge", path}}) {
            const RunResult result = calibrate(arguments, withoutVulkan);
            checkFails(result, 3);
            CHECK(result.err.contains(path));
        }
        CHECK(folder.read(name) == before);
    }
    checkFails(calibrate({"--state", folder / "missing"}, withoutVulkan), 3);
    checkFails(calibrate({"--state", folder / "good", "--filter", "clasifier.1.weight"}, withoutVulkan), 3);
    CHECK_FALSE(std::filesystem::exists(folder / "new"));
}

TEST_CASE("A state or report that would replace an input is a usage error", "[cli]") {
    const TempFolder folder;
    const std::string file = writeFile(folder, "x.safetensors", {{"x", {1, -2}}}), state = folder / "x.state";
    REQUIRE(calibrate({file, "--state", state, "-q"}).exitCode == 0);
    const std::string before = folder.read("x.safetensors");
    std::filesystem::create_symlink(file, folder / "link");
    checkFails(calibrate({file, "--state", file}, withoutVulkan), 2);
    checkFails(calibrate({file, "--state", folder / "link", "--fresh"}, withoutVulkan), 2);
    checkFails(calibrate({"--state", state, "--merge", state}, withoutVulkan), 2);
    checkFails(calibrate({file, "--state", state, "--json", state}, withoutVulkan), 2);
    checkFails(calibrate({file, "--state", state, "--csv", file}, withoutVulkan), 2);
    checkFails(calibrate({file, "--state", "-"}, withoutVulkan), 2);
    checkFails(calibrate({file}, withoutVulkan), 2);
    CHECK(folder.read("x.safetensors") == before);
}

TEST_CASE("After a failure or an interruption the state is as it was, and the command can be given again",
          "[cli]") {
    const TempFolder folder;
    const auto files = writeBatches(folder);
    const std::string state = folder / "s";
    REQUIRE(calibrate({files[0], "--state", state, "-q"}).exitCode == 0);
    const std::string before = folder.read("s");
    const std::string broken = folder.write("broken.safetensors", "broken");
    checkFails(calibrate({files[1], broken, "--state", state}), 3);
    checkFails(calibrate({files[1], "--state", state, "--json", "-"}, {.stdoutPath = "/dev/full"}), 5);
    checkFails(calibrate({files[1], "--state", state, "--json", folder / "missing/report"}), 5);
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (8589934592,), }";
    header.resize(117, ' ');
    const auto huge = folder.write(
        "huge.npy", std::string("\x93NUMPY\x01\x00", 8) + std::string("\x76\x00", 2) + header + "\n");
    std::filesystem::resize_file(huge, 128 + (uint64_t{4} << 33));
    const size_t entries = folder.entries();
    const RunOptions interrupted{.signal = SIGINT, .signalWhen = [&] { return folder.entries() > entries; }};
    checkFails(calibrate({huge, "--state", state, "--memory", "16M"}, interrupted), 130);
    CHECK(folder.read("s") == before);
    CHECK(folder.entries() == entries);
    REQUIRE(calibrate({files[1], files[2], "--state", state, "-q"}).exitCode == 0);
    REQUIRE(calibrate({files[0], files[1], files[2], "--state", folder / "whole", "-q"}).exitCode == 0);
    CHECK(folder.read("s") == folder.read("whole"));
}

TEST_CASE("A state stays below a megabyte a tensor for data that fill every bin", "[cli]") {
    const TempFolder folder;
    std::vector<float> values;
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        for (const uint32_t low : {0u, 0x8001u, 0xffffu})
            values.push_back(std::bit_cast<float>(bits << 16 | low));
    }
    const std::string file = writeFile(folder, "all.safetensors", {{"x", values}});
    for (int i = 0; i < 3; ++i) REQUIRE(calibrate({file, file, "--state", folder / "s", "-q"}).exitCode == 0);
    CHECK(std::filesystem::file_size(folder / "s") < 1 << 20);
    CHECK(reported({"--state", folder / "s"}, withoutVulkan)["tensors"][0]["elements"] == 6 * values.size());
}

TEST_CASE("Nothing replaces what a folder or an index of inputs holds", "[cli]") {
    const TempFolder folder;
    std::filesystem::create_directory(folder / "in");
    const std::string shard = writeFile(folder, "in/a.safetensors", {{"a", {1, 2, 3}}}), in = folder / "in";
    const std::string before = folder.read("in/a.safetensors");
    checkFails(calibrate({in, "--state", shard, "--fresh"}), 2, "would replace an input");
    checkFails(calibrate({in, "--state", folder / "s", "--json", shard}), 2, "would replace an input");
    CHECK(folder.read("in/a.safetensors") == before);
    const std::string index =
        folder.write("in/model.safetensors.index.json", R"({"weight_map":{"a":"a.safetensors"}})");
    checkFails(calibrate({index, "--state", shard, "--fresh"}), 2, "would replace an input");
    CHECK(folder.read("in/a.safetensors") == before);
}

TEST_CASE("Runs at the same time lose nothing that the others added", "[cli]") {
    const TempFolder folder;
    constexpr int runs = 5;
    std::vector<std::thread> threads;
    std::vector<int> exitCodes(runs, -1);
    for (int run = 0; run < runs; ++run) {
        const std::string name = std::to_string(run);
        const std::string file =
            writeFile(folder, name + ".safetensors", {{"t" + name, {1, 2, 3}}, {"all", {1}}});
        threads.emplace_back([&, run, file] {
            exitCodes[static_cast<size_t>(run)] = calibrate({file, "--state", folder / "s", "-q"}).exitCode;
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(exitCodes == std::vector<int>(runs, 0));
    const Json report = reported({"--state", folder / "s"}, withoutVulkan);
    CHECK(namesOf(report["tensors"]) == Arguments{"all", "t0", "t1", "t2", "t3", "t4"});
    CHECK(report["tensors"][0]["elements"] == runs);
}
