#include "app/explorer/command_text.h"

#include "app/options.h"
#include "quant/analysis.h"
#include "tests/cli_checks.h"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <random>

using namespace app;
using namespace app::tests;

namespace {

Session sampleSession() {
    Session session;
    session.inputs = {sample};
    session.tensor = "classifier.1.weight";
    session.bits = {4, 8};
    return session;
}

std::string textFor(View view) {
    Session session = sampleSession();
    session.inputs = {"m.safetensors"};
    session.view = view;
    return commandText(session);
}

// Runs what a session's command line says in a folder of its own.
RunResult runText(const Session& session) {
    const TempFolder folder;
    const std::string line = commandText(session);
    CAPTURE(line);
    const RunResult result = runShell(line, {.folder = folder.path()});
    INFO(result.err);
    CHECK(result.exitCode == 0);
    return result;
}

// What sh makes of the words, each between brackets.
std::string readBack(const std::vector<std::string>& words) {
    return runShell("printf '[%s]' " + shellLine(words)).out;
}

const Arguments nastyNames = {"plain",       "",       "two words", "it's",    "'",      "\"double\"",
                              "$HOME",       "`date`", "a\nb",      "-dash",   "--bits", "*?[a-z]",
                              "back\\slash", "~",      "#",         "a;b&c|d", "größe",  "\xff",
                              "tab\there",   "!x",     "a=b",       "{1,2}",   "(",      "trailing\n"};

}  // namespace

TEST_CASE("A shell reads quoted arguments back as they were", "[app]") {
    for (const std::string& name : nastyNames) CHECK(readBack({name}) == "[" + name + "]");
    std::string all;
    for (const std::string& name : nastyNames) all += "[" + name + "]";
    CHECK(readBack(nastyNames) == all);
}

TEST_CASE("A shell reads random bytes back as they were", "[app]") {
    std::mt19937 random(9);
    for (int i = 0; i < 100; ++i) {
        std::vector<std::string> words(20);
        std::string expected;
        for (std::string& word : words) {
            for (auto length = random() % 8; length > 0; --length)
                word += static_cast<char>(1 + random() % (i % 2 ? 255 : 64));
            expected += "[" + word + "]";
        }
        REQUIRE(readBack(words) == expected);
    }
}

TEST_CASE("Arguments that need no quotes have none", "[app]") {
    CHECK(shellLine({"clipscope", "a/b-1.npy", "--bits=2,4", "f32:64x?", ""}) ==
          "clipscope a/b-1.npy --bits=2,4 'f32:64x?' ''");
}

TEST_CASE("A glob made of a name matches that name alone", "[app]") {
    for (const std::string& name : nastyNames) {
        CHECK(matches(globOf(name), name));
        CHECK_FALSE(matches(globOf(name), name + "x"));
    }
    CHECK_FALSE(matches(globOf("a*"), "ab"));
    CHECK_FALSE(matches(globOf("[ab]"), "a"));
}

TEST_CASE("Each view has the command that computes it", "[app]") {
    const std::string methods = "octav,max,percentile:99.9,entropy,mse";
    CHECK(textFor(View::Clip) == "clipscope sweep m.safetensors --tensor classifier.1.weight --bits 4");
    CHECK(textFor(View::Channels) ==
          "clipscope analyze m.safetensors --filter classifier.1.weight --bits 4,8 --method " + methods +
              " --granularity channel");
    CHECK(textFor(View::Compare) ==
          "clipscope compare m.safetensors --filter classifier.1.weight --bits 4,8 --method " + methods +
              " --granularity tensor,channel");
    CHECK(
        textFor(View::Values) ==
        "clipscope quantize m.safetensors --output m-int4.safetensors --filter classifier.1.weight --bits 4 "
        "--method octav --fake");
    CHECK(textFor(View::Device) == "clipscope devices");
}

TEST_CASE("A sweep covers the bounds that are shown", "[app]") {
    Session session = sampleSession();
    session.inputs = {"m.npy"};
    session.clips.bounds = std::pair(0.125, 1e-7 + 2);
    CHECK(commandText(session).ends_with("--bits 4 --range 0.125:2.0000001"));
    session.clips = {AxisScale::Linear, std::pair(-2.0, -1.0)};
    CHECK_FALSE(commandText(session).contains("--range"));
}

TEST_CASE("Where there is no sweep, analyze gives the clip", "[app]") {
    Session session = sampleSession();
    session.format = quant::numberFormatFrom("mxfp4");
    CHECK(commandKind(session) == CommandKind::Analyze);
    CHECK(commandText(session).ends_with("--format mxfp4 --method octav,max,mse"));
    session.format = {};
    session.inputs = {"a.npy", "b.npy"};
    CHECK(commandText(session).starts_with("clipscope analyze a.npy b.npy --filter"));
    CHECK(commandText(session, "b.npy").starts_with("clipscope sweep b.npy --tensor"));
}

TEST_CASE("Names that look like options are not taken for them", "[app]") {
    Session session = sampleSession();
    session.inputs = {"-x.npy"};
    session.tensor = "--json";
    CHECK(commandText(session) == "clipscope sweep ./-x.npy --tensor=--json --bits 4");
}

TEST_CASE("Without inputs there is no command but that for devices", "[app]") {
    Session session;
    CHECK(commandText(session).empty());
    session.view = View::Device;
    CHECK(commandText(session) == "clipscope devices");
}

TEST_CASE("A name with a NUL is filtered for by what comes before it", "[app]") {
    Session session = sampleSession();
    session.inputs = {"m.npz"};
    session.tensor = std::string("a\0b", 3);
    CHECK(commandText(session).starts_with("clipscope analyze m.npz --filter a --bits 4,8"));
    CHECK(matches(globOf(session.tensor), session.tensor));
}

TEST_CASE("A quantized file is named after its input and format", "[app]") {
    const auto output = [](const std::string& input) {
        Session session = sampleSession();
        session.inputs = {input};
        return commandArguments(session, CommandKind::Quantize)[4];
    };
    CHECK(output("/a/b.onnx") == "b-int4.onnx");
    CHECK(output("b.npz") == "b-int4.npz");
    CHECK(output("model.gguf") == "model-int4.safetensors");
    CHECK(output("folder/") == "folder-int4.safetensors");
    CHECK(output("..") == "tensors-int4.safetensors");
    CHECK(output("-x.npy") == "./-x-int4.npy");
}

TEST_CASE("The commands run as they are written", "[cli]") {
    for (const auto view : {View::Clip, View::Channels, View::Compare, View::Values, View::Device}) {
        Session session = sampleSession();
        session.view = view;
        runText(session);
        session.sign = quant::Sign::Signed;
        session.clips.bounds = std::pair(0.01, 0.5);
        session.methods = {"octav-paper", "max"};
        session.granularity = quant::granularityFrom("group:16:1");
        session.compare.granularities = {quant::Granularity(), quant::granularityFrom("channel:1")};
        session.channels.axis = 1;
        runText(session);
        session.format = quant::numberFormatFrom("fp8-e4m3");
        session.compare.formats = {*session.format, quant::numberFormatFrom("mxfp4")};
        runText(session);
    }
}

TEST_CASE("The commands find tensors and files of whatever name", "[cli]") {
    const TempFolder folder;
    const Arguments names = {"it's \"odd\"", "a\nb", "-dash", "--bits", "*", "[x]", "%x", "größe"};
    std::vector<FileTensor> tensors;
    for (const std::string& name : names) tensors.push_back({name, {2, 2}, {1, 2, 3, -4}});
    for (const char* file : {"-f ile's.safetensors", "[f].safetensors", "--json"}) {
        writeFile(folder, tensors, file);
        for (const std::string& name : names) {
            for (const auto kind : {CommandKind::Sweep, CommandKind::Analyze, CommandKind::Compare}) {
                Session session;
                session.inputs = {file};
                session.tensor = name;
                const std::string line = shellLine(commandArguments(session, kind)) + " --json -";
                CAPTURE(line);
                const RunResult result = runShell(line, {.folder = folder.path()});
                INFO(result.err);
                REQUIRE(result.exitCode == 0);
                const Json report = Json::parse(result.out);
                CHECK(report.dump().contains(Json(name).dump()));
                if (report.contains("tensors")) CHECK(report["tensors"].size() == 1);
            }
        }
    }
}
