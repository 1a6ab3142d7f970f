#include "app/explorer/session.h"

#include "app/explorer/session_json.h"
#include "app/explorer/view_name.h"
#include "quant/analysis.h"
#include "quant/input_error.h"
#include "tests/temp_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>

using namespace app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using quant::tests::TempFolder;

namespace {

// Sessions as users make them, and stranger ones: every field now and then away from its default.
class RandomSessions {
public:
    explicit RandomSessions(uint32_t seed) : m_random(seed) {}

    Session next() {
        Session session;
        if (coin()) session.inputs = {"/models/a b.safetensors", "/models/\xff\xfe.npy", "/tmp/größe/x.npz"};
        if (coin()) session.raw = "f16:64x?";
        if (coin()) session.tensor = "layer.\"7\".\u00fc\n\u2028weight";
        if (coin()) session.reference = coin() ? "bias" : "";
        session.view = any(viewNames);
        session.theme = any(appearanceNames);
        session.isTableShown = coin();
        takeQuestion(session);
        session.shown = {coin(), coin(), coin(), coin(), coin(), coin()};
        session.clips = axis();
        session.errors = axis();
        session.counts = axis();
        if (coin()) session.table = {"conv sqnr<20", any(columns), coin(), coin()};
        if (coin()) session.channels = {below(8), {0, below(100), UINT64_MAX}, axis(), axis()};
        takeRest(session);
        return session;
    }

private:
    static constexpr std::array<EnumName<TableColumn>, 3> columns{
        {{TableColumn::File, ""}, {TableColumn::Match, ""}, {TableColumn::Sqnr, ""}}};

    uint32_t below(uint32_t end) { return static_cast<uint32_t>(m_random() % end); }
    bool coin() { return below(2) == 1; }
    double number() { return std::ldexp(static_cast<double>(m_random()), -40); }
    template <class Enum, size_t count>
    Enum any(const std::array<EnumName<Enum>, count>& names) {
        return names[below(static_cast<uint32_t>(names.size()))].value;
    }

    AxisView axis() {
        const auto scale = static_cast<AxisScale>(below(3));
        if (coin()) return {scale, {}};
        const double low = scale == AxisScale::Log ? number() + 1e-6 : -number();
        return {scale, std::pair(low, low + 1 + number())};
    }

    void takeQuestion(Session& session) {
        if (coin()) session.bits = {below(16) + 1, 16, 1};
        session.chosenBits = below(16) + 1;
        if (coin()) session.format = quant::numberFormatFrom(coin() ? "fp8-e4m3" : "uq4.4");
        session.sign = static_cast<quant::Sign>(below(3));
        if (coin()) session.granularity = quant::granularityFrom(coin() ? "group:32:1" : "block:16x8");
        if (coin()) session.methods = {"octav-paper", "percentile:99.99"};
        if (coin()) session.clip = number() + 1e-30;
    }

    void takeRest(Session& session) {
        if (coin()) session.compare.grouping = BarGrouping::Granularity;
        if (coin()) session.compare.granularities.push_back(quant::granularityFrom("channel:1"));
        if (coin())
            session.compare.formats = {quant::numberFormatFrom("mxfp4"), quant::integerFormat(3, true)};
        session.compare.sqnr = axis();
        if (coin()) session.values = {{below(9), 1}, ShownValues::Difference, ZoomRect{0.5, -1, 7.25, 1e6}};
    }

    std::mt19937 m_random;
};

Session loaded(std::string_view text) {
    return sessionFrom(text, "session.json");
}

std::string written(const Session& session) {
    return sessionJson(session, "").dump();
}

// Loads or throws InputError; anything else fails the test. Returns whether it loaded.
bool loads(const std::string& text) {
    try {
        loaded(text);
        return true;
    } catch (const quant::InputError&) {
        return false;
    }
}

std::string mutated(std::string text, std::mt19937& random) {
    static const std::vector<std::string> pieces = {"null",
                                                    "-1",
                                                    "1e999",
                                                    "99",
                                                    "[]",
                                                    "{}",
                                                    "\"x\"",
                                                    "[[[[]]]]",
                                                    "true",
                                                    ",",
                                                    "\"",
                                                    ":",
                                                    "0.5",
                                                    "\\u0000",
                                                    std::string(1, '\0'),
                                                    "\xff",
                                                    "18446744073709551616",
                                                    "NaN",
                                                    "{\"hex\":\"f\"}",
                                                    "]",
                                                    "}"};
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
        const size_t at = random() % text.size();
        const size_t length = std::min<size_t>(random() % 12, text.size() - at);
        switch (random() % 4) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.replace(at, length, pieces[random() % pieces.size()]);
                break;
            default:
                text.insert(at, text.substr(random() % text.size(), length));
        }
        if (text.empty()) return "{}";
    }
    return text;
}

// One field of a document with another value.
Json mutatedField(Json document, std::mt19937& random) {
    static const std::vector<Json> values = {nullptr,
                                             true,
                                             -1,
                                             99,
                                             0.5,
                                             1e300,
                                             "",
                                             "log",
                                             "percentile:101",
                                             Json::array(),
                                             Json::object(),
                                             Json::array({1, 2}),
                                             Json::array({2, 1}),
                                             UINT64_MAX,
                                             Json::array({nullptr, "x"})};
    Json* place = &document;
    do {
        auto at = place->begin();
        std::advance(at, random() % place->size());
        place = &*at;
    } while (place->is_structured() && !place->empty() && random() % 4 != 0);
    *place = values[random() % values.size()];
    return document;
}

}  // namespace

TEST_CASE("A session comes back from JSON as it was", "[session]") {
    RandomSessions sessions(1);
    for (int i = 0; i < 2000; ++i) {
        const Session session = sessions.next();
        const std::string text = written(session);
        CAPTURE(text);
        REQUIRE(loaded(text) == session);
    }
}

TEST_CASE("A session whose JSON has nothing but the version is the default", "[session]") {
    CHECK(loaded(R"({"clipscope_session": 1})") == Session());
    CHECK(loaded(written(Session())) == Session());
}

TEST_CASE("Fields that this version does not know are ignored, and null is as good as missing", "[session]") {
    const Session session =
        loaded(R"({"clipscope_session":1,"future":{"a":[1,{}]},"tensor":null,"clip":{"bits":3,"hue":"x"}})");
    Session expected;
    expected.chosenBits = 3;
    CHECK(session == expected);
}

TEST_CASE("A wrong field is refused by file and name", "[session]") {
    const auto refuses = [](const std::string& field, const std::string& hint) {
        const std::string text = R"({"clipscope_session": 1, )" + field + "}";
        CAPTURE(text);
        CHECK_THROWS_MATCHES(loaded(text), quant::InputError, MessageMatches(ContainsSubstring(hint)));
    };
    refuses(R"("clip":{"bits":99})", "session.json: field 'clip.bits': 99 is not 1 to 16");
    refuses(R"("clip":{"bits":4.0})", "field 'clip.bits'");
    refuses(R"("clip":{"curves":[4,0]})", "field 'clip.curves[1]': 0 is not 1 to 16");
    refuses(R"("clip":{"curves":4})", "field 'clip.curves': 4 is no list");
    refuses(R"("clip":{"curves":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]})", "17 elements");
    refuses(R"("clip":[])", "field 'clip': a list is no object");
    refuses(R"("clip":{"value":0})", "field 'clip.value'");
    refuses(R"("clip":{"value":-0.5})", "field 'clip.value'");
    refuses(R"("clip":{"methods":["octave"]})", "field 'clip.methods[0]': unknown method");
    refuses(R"("clip":{"methods":["percentile:0"]})", "field 'clip.methods[0]'");
    refuses(R"("clip":{"format":"fp99"})", "field 'clip.format'");
    refuses(R"("clip":{"sign":"plus"})", "field 'clip.sign': 'plus' is none of auto");
    refuses(R"("clip":{"granularity":"group:0"})", "field 'clip.granularity'");
    refuses(R"("clip":{"shown":{"legend":1}})", "field 'clip.shown.legend'");
    refuses(R"("view":"clips")", "field 'view': 'clips' is none of clip, channels");
    refuses(R"("theme":3)", "field 'theme': 3 is no text");
    refuses(R"("raw":"f32")", "field 'raw'");
    refuses(R"("inputs":[""])", "field 'inputs[0]'");
    refuses(R"("inputs":["a\u0000b"])", "field 'inputs[0]': a path holds no NUL");
    refuses(R"("inputs":[{"hex":"0g"}])", "field 'inputs[0].hex'");
    refuses(R"("inputs":[{}])", "field 'inputs[0]'");
    refuses(R"("table":{"column":"size"})", "field 'table.column'");
    refuses(R"("channels":{"axis":64})", "field 'channels.axis': 64 is not 0 to 63");
    refuses(R"("channels":{"selected":[-1]})", "field 'channels.selected[0]'");
    refuses(R"("values":{"zoom":[0,0,1]})", "field 'values.zoom': four numbers");
    refuses(R"("values":{"zoom":[0,0,0,1]})", "field 'values.zoom': the rectangle is empty");
}

TEST_CASE("Bounds that no axis can have are refused", "[session]") {
    const auto refuses = [](const std::string& axis) {
        CAPTURE(axis);
        CHECK_FALSE(loads(R"({"clipscope_session":1,"clip":{"x":)" + axis + "}}"));
    };
    refuses(R"({"bounds":[1]})");
    refuses(R"({"bounds":[1,1]})");
    refuses(R"({"bounds":[2,1]})");
    refuses(R"({"bounds":[1,1.00000000001]})");
    refuses(R"({"bounds":[0,1]})");  // logarithmic by default
    refuses(R"({"scale":"log","bounds":[-1,1]})");
    refuses(R"({"scale":"linear","bounds":[0,1e40]})");
    refuses(R"({"scale":"linear","bounds":[0,1e-40]})");
    refuses(R"({"scale":"linear","bounds":[NaN,1]})");
    refuses(R"({"scale":"linear","bounds":[null,1]})");
    refuses(R"({"scale":"linear","bounds":[0,1e999]})");
    refuses(R"({"scale":"cubic"})");
    CHECK(loads(R"({"clipscope_session":1,"clip":{"x":{"scale":"linear","bounds":[0,1]}}})"));
}

TEST_CASE("Bounds that are not finite are not written", "[session]") {
    Session session;
    session.clips.bounds = std::pair(0.5, std::numeric_limits<double>::infinity());
    session.errors.bounds = std::pair(std::nan(""), 1.0);
    session.clip = std::nan("");
    CHECK(loaded(written(session)) == Session());
}

TEST_CASE("What is no session, or of a later version, is refused", "[session]") {
    for (const char* text :
         {"", "{}", "[]", "7", "{", R"({"clipscope_session":2})", R"({"clipscope_session":0})",
          R"({"clipscope_session":"1"})", R"({"clipscope_session":1}x)"})
        CHECK_FALSE(loads(text));
}

TEST_CASE("JSON nested however deep is read or refused, but harms nothing", "[session]") {
    constexpr size_t levels = 80'000;
    const std::string deep = std::string(levels, '[') + std::string(levels, ']');
    CHECK_FALSE(loads(deep));
    CHECK(loads(R"({"clipscope_session":1,"unknown":)" + deep + "}"));
    CHECK_FALSE(loads(R"({"clipscope_session":1,"clip":{"curves":)" + deep + "}}"));
    CHECK_FALSE(loads(std::string(maxJsonBytes, '[')));
}

TEST_CASE("JSON nested deeper than asked for is left out", "[session]") {
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    CHECK(parseJson("f", R"({"a":[[1,[2]],)" + deep + R"(],"b":3})", 3) ==
          nlohmann::json::parse(R"({"a":[[1],[]],"b":3})"));
}

// The limit is a hundred times what it takes.
TEST_CASE("A session of a hundred thousand fields is read in no time", "[session]") {
    std::string text = R"({"clipscope_session":1)";
    for (int i = 0; text.size() < maxJsonBytes - 20; ++i) text += ",\"" + std::to_string(i) + "\":0";
    const auto start = std::chrono::steady_clock::now();
    CHECK(loads(text + "}"));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("A session of more than 1 MiB is refused", "[session]") {
    const std::string head = R"({"clipscope_session":1)";
    CHECK(loads(head + std::string(maxJsonBytes - head.size() - 1, ' ') + "}"));
    CHECK_FALSE(loads(head + std::string(maxJsonBytes - head.size(), ' ') + "}"));
    const TempFolder folder;
    const auto file = folder.write("s.json", head + std::string(maxJsonBytes, ' ') + "}");
    CHECK_THROWS_MATCHES(readSession(file), quant::InputError, MessageMatches(ContainsSubstring("limit")));
}

TEST_CASE("A mutated session loads or is refused", "[session]") {
    RandomSessions sessions(2);
    std::mt19937 random(3);
    int refused = 0;
    for (int i = 0; i < 5'000; ++i) refused += !loads(mutated(written(sessions.next()), random));
    for (int i = 0; i < 5'000; ++i)
        refused += !loads(mutatedField(sessionJson(sessions.next(), ""), random).dump());
    CHECK(refused > 2'500);
    CHECK(refused < 9'750);
}

TEST_CASE("Paths below a session's folder move with it, others stay", "[session]") {
    const TempFolder folder;
    const auto here = folder / "here", there = folder / "there";
    std::filesystem::create_directories(here / "sub");
    Session session;
    session.inputs = {(here / "sub" / "a.npy").string(), here.string(), (folder / "b.npy").string()};
    writeSession(session, here / "s.json");
    CHECK(readSession(here / "s.json") == session);
    CHECK_FALSE(folder.read("here/s.json").contains(here.string()));

    std::filesystem::rename(here, there);
    const Session moved = readSession(there / "s.json");
    CHECK(moved.inputs ==
          std::vector{(there / "sub" / "a.npy").string(), there.string(), (folder / "b.npy").string()});
}

TEST_CASE("A path through '..' that leads out of the session's folder is kept absolute", "[session]") {
    const TempFolder folder;
    std::filesystem::create_directories(folder / "here");
    Session session;
    session.inputs = {(folder / "here" / ".." / "b.npy").string()};
    writeSession(session, folder / "here" / "s.json");
    const auto inputs = readSession(folder / "here" / "s.json").inputs;
    CHECK(inputs == std::vector{(std::filesystem::canonical(folder.path()) / "b.npy").string()});
}

TEST_CASE("A session that cannot be written leaves the old one", "[session]") {
    const TempFolder folder;
    CHECK_THROWS_AS(writeSession(Session(), folder / "missing" / "s.json"), quant::OutputError);
    writeSession(Session(), folder / "s.json");
    CHECK(folder.entries() == 1);
    CHECK_THROWS_AS(readSession(folder / "absent.json"), quant::InputError);
}

TEST_CASE("Names of views go both ways", "[session]") {
    for (const auto& [view, text] : viewNames) CHECK(viewFrom(name(view)) == view);
    CHECK_THROWS_AS(viewFrom("clips"), std::invalid_argument);
    CHECK(appearanceFrom("light") == Appearance::Light);
}
