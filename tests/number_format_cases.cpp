#include "tests/number_format_cases.h"

#include "tests/source_folder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tests {

using quant::NumberFormat;
using quant::numberFormatFrom;
using Json = nlohmann::ordered_json;

namespace {

const Json& fixture() {
    static const Json content = [] {
        std::ifstream stream(sourceFile("tests/fixtures/number_formats.json"));
        return Json::parse(stream);
    }();
    return content;
}

std::vector<uint32_t> words(const std::string& text) {
    std::istringstream stream(text);
    std::vector<uint32_t> result;
    for (uint32_t word; stream >> std::hex >> word;) result.push_back(word);
    return result;
}

std::vector<float> floats(const std::string& text) {
    std::vector<float> result;
    for (const uint32_t word : words(text)) result.push_back(std::bit_cast<float>(word));
    return result;
}

std::vector<RoundingCase> roundings(std::string text) {
    std::ranges::replace(text, ':', ' ');
    const auto all = words(text);
    std::vector<RoundingCase> result;
    for (size_t i = 0; i + 1 < all.size(); i += 2)
        result.push_back({std::bit_cast<float>(all[i]), all[i + 1]});
    if (result.empty()) throw std::logic_error("a fixture without cases");
    return result;
}

double decoded(const Json& value) {
    if (value.is_number()) return value.get<double>();
    if (value == "nan") return NAN;
    return value == "inf" ? HUGE_VAL : -HUGE_VAL;
}

BlockCase blockFrom(const Json& entry) {
    return {floats(entry["x"]), entry["scale"], words(entry["codes"])};
}

}  // namespace

const std::vector<FormatCases>& formatCases() {
    static const std::vector<FormatCases> all = [] {
        std::vector<FormatCases> result;
        for (const auto& [name, entry] : fixture()["formats"].items()) {
            FormatCases& cases =
                result.emplace_back(numberFormatFrom(name), std::vector<double>(), roundings(entry["cases"]));
            if (!entry.contains("decode")) continue;
            for (const Json& value : entry["decode"]) cases.decoded.push_back(decoded(value));
        }
        return result;
    }();
    return all;
}

const FormatCases& formatCases(const std::string& name) {
    return *std::ranges::find(formatCases(), name, [](const FormatCases& c) { return c.format.name(); });
}

const std::vector<AffineCases>& affineCases() {
    static const std::vector<AffineCases> all = [] {
        std::vector<AffineCases> result;
        for (const Json& entry : fixture()["affine"]) {
            result.push_back({numberFormatFrom(entry["format"].get<std::string>()),
                              std::bit_cast<float>(entry["scale"].get<uint32_t>()), entry["zero_point"],
                              roundings(entry["cases"])});
        }
        return result;
    }();
    return all;
}

const std::vector<BlockCases>& blockCases() {
    static const std::vector<BlockCases> all = [] {
        std::vector<BlockCases> result;
        for (const auto& [name, entries] : fixture()["blocks"].items()) {
            BlockCases& cases = result.emplace_back(BlockCases{numberFormatFrom(name), 1, {}});
            for (const Json& entry : entries) cases.blocks.push_back(blockFrom(entry));
        }
        const Json& nvfp4 = fixture()["nvfp4"];
        BlockCases& cases = result.emplace_back(BlockCases{numberFormatFrom("nvfp4"), 1, {}});
        cases.tensorScale = std::bit_cast<float>(nvfp4["tensor_scale"].get<uint32_t>());
        for (const Json& entry : nvfp4["blocks"]) cases.blocks.push_back(blockFrom(entry));
        return result;
    }();
    return all;
}

const std::vector<NumberFormat>& everyFormat() {
    static const std::vector<NumberFormat> all = [] {
        std::vector<std::string> names = {"binary"};
        for (int bits = 1; bits <= 16; ++bits) {
            const std::string width = std::to_string(bits);
            for (const char* family : {"int", "uint"}) {
                const bool isSigned = *family == 'i';
                const std::string name = family + width;
                if (bits > 1 || !isSigned) names.insert(names.end(), {name, name + "-pow2"});
                if (isSigned) names.push_back(name + "-full");
                names.push_back(name + "-affine");
            }
            names.push_back("q" + std::to_string(bits / 2) + "." + std::to_string(bits - 1 - bits / 2));
            names.push_back("uq" + std::to_string(bits / 3) + "." + std::to_string(bits - bits / 3));
            if (bits >= 2 && bits <= 8) names.push_back("pot" + width);
        }
        for (const char* name : {"tf32", "fp16", "bf16", "fp8-e4m3", "fp8-e5m2", "fp6-e2m3", "fp6-e3m2",
                                 "fp4-e2m1", "mxint8", "mxfp8-e4m3", "mxfp8-e5m2", "mxfp6-e2m3", "mxfp6-e3m2",
                                 "mxfp4", "nvfp4", "q0.12", "uq0.16", "q15.0", "q0.15"})
            names.emplace_back(name);
        std::vector<NumberFormat> formats;
        for (const std::string& name : names) formats.push_back(numberFormatFrom(name));
        return formats;
    }();
    return all;
}

}  // namespace tests
