#include "quant/recommendation.h"

#include "tests/device_fixture.h"
#include "tests/memory_tensor.h"
#include "tests/reference.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace tests {

using namespace quant;

namespace {

// A file of several F32 tensors, served from memory.
class MemoryFile final : public TensorFile {
public:
    struct Entry {
        std::vector<uint64_t> shape;
        std::vector<float> values;
    };
    explicit MemoryFile(std::vector<Entry> entries) : m_entries(std::move(entries)) {
        m_path = m_format = "memory";
        for (size_t i = 0; i < m_entries.size(); ++i)
            m_tensors.push_back(
                makeTensorInfo("t" + std::to_string(i), DType::F32, m_entries[i].shape).value());
    }

private:
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override {
        std::memcpy(bytes.data(), std::as_bytes(std::span(m_entries[index].values)).data() + offset,
                    bytes.size());
    }
    std::vector<Entry> m_entries;
};

MemoryFile fourTensors() {
    return MemoryFile({{{8, 64}, gaussians(512, 1)},
                       {{4, 32}, gaussians(128, 2, 7)},
                       {{2, 100}, gaussians(200, 3, 0.1f)},
                       {{3, 5}, gaussians(15, 4, 20)}});
}

Recommendation recommended(const TensorFile& file, const RecommendOptions& options) {
    static Analyzer analyzer(device(), uint64_t{1} << 26);
    std::vector<size_t> all(file.tensors().size());
    std::iota(all.begin(), all.end(), size_t{0});
    return recommend(analyzer, file, all, options, [](const TensorInfo&) {});
}

struct Total {
    uint64_t cost = 0;
    double squared = 0;
};

// Every combination of choices, from those that the recommendation measured.
template <class Visit>
void forEachCombination(const Recommendation& all, const Visit& visit) {
    std::vector<size_t> choice(all.tensors.size());
    for (;;) {
        Total total;
        for (size_t i = 0; i < choice.size(); ++i) {
            total.cost += all.tensors[i].choices[choice[i]].costBits;
            total.squared += all.tensors[i].choices[choice[i]].squared;
        }
        visit(total);
        size_t i = 0;
        while (i < choice.size() && ++choice[i] == all.tensors[i].choices.size()) choice[i++] = 0;
        if (i == choice.size()) return;
    }
}

void checkSums(const Recommendation& all) {
    Total total;
    uint64_t elements = 0;
    for (const TensorChoices& tensor : all.tensors) {
        total.cost += tensor.choices[tensor.chosen].costBits;
        total.squared += tensor.choices[tensor.chosen].squared;
        elements += tensor.info.elements;
    }
    CHECK(all.allocation.costBits == total.cost);
    CHECK(std::abs(all.allocation.squaredError - total.squared) <= 1e-12 * total.squared);
    CHECK(all.elements == elements);
    CHECK(all.bitsPerElement() == static_cast<double>(total.cost) / static_cast<double>(elements));
}

RecommendOptions within(double bits, AnalysisOptions choices = {.bits = {2, 3, 4, 5, 6, 7, 8}}) {
    return {.choices = std::move(choices), .targetBits = bits};
}

RecommendOptions reaching(double sqnr, AnalysisOptions choices = {.bits = {2, 3, 4, 5, 6, 7, 8}}) {
    return {.choices = std::move(choices), .targetSqnr = sqnr};
}

}  // namespace

TEST_CASE("Within a budget of bits no combination of the measured choices errs less",
          "[device][recommendation]") {
    const MemoryFile file = fourTensors();
    for (const double bits : {2.7, 3.0, 4.0, 4.5, 6.3, 9.0}) {
        for (const char* granularity : {"tensor", "channel"}) {
            const auto all = recommended(file, within(bits, {.bits = {2, 3, 4, 5, 6, 7, 8},
                                                             .granularity = granularityFrom(granularity)}));
            INFO(bits << " bits, " << granularity);
            const double budget = bits * static_cast<double>(all.elements);
            double least = HUGE_VAL;
            forEachCombination(all, [&](const Total& total) {
                if (static_cast<double>(total.cost) <= budget) least = std::min(least, total.squared);
            });
            checkSums(all);
            CHECK(static_cast<double>(all.allocation.costBits) <= budget);
            CHECK(all.allocation.isOptimal);
            CHECK(all.allocation.squaredError <= least * (1 + 1e-11));
        }
    }
}

TEST_CASE("For an SQNR no combination of the measured choices takes fewer bits", "[device][recommendation]") {
    const MemoryFile file = fourTensors();
    for (const double sqnr : {8.0, 20.0, 33.3}) {
        const auto all = recommended(file, reaching(sqnr));
        INFO(sqnr << " dB");
        const double limit = all.energy * std::pow(10, -sqnr / 10);
        uint64_t least = std::numeric_limits<uint64_t>::max();
        forEachCombination(all, [&](const Total& total) {
            if (total.squared <= limit) least = std::min(least, total.cost);
        });
        checkSums(all);
        CHECK(all.allocation.costBits == least);
        CHECK(all.sqnrDb().value() >= sqnr - 1e-9);
    }
}

TEST_CASE("Choices are measured: errors, energies and costs are those of the data",
          "[device][recommendation]") {
    const MemoryFile file = fourTensors();
    const auto all = recommended(file, within(8.5));
    const auto values = gaussians(512, 1);
    CHECK(std::abs(all.tensors[0].energy / reference::energy(values) - 1) < 1e-5);
    for (const FormatChoice& choice : all.tensors[0].choices) {
        const double exact =
            reference::exactError(values, {choice.result.format, choice.result.clip.front()}).squared;
        CHECK(std::abs(choice.squared / exact - 1) < 1e-4);
        CHECK(choice.costBits == 512 * choice.result.format.bits + 32);
    }
}

TEST_CASE("The stored bits count codes, scales and zero points of every kind of format",
          "[device][recommendation]") {
    const MemoryFile file({{{4, 64}, gaussians(256, 5)}});
    const auto costOf = [&](const char* format, const char* granularity = "tensor") {
        const auto all = recommended(file, within(40, {.formats = {numberFormatFrom(format)},
                                                       .granularity = granularityFrom(granularity)}));
        return all.tensors[0].choices[0].costBits;
    };
    CHECK(costOf("int4") == 256 * 4 + 32);
    CHECK(costOf("int4", "channel") == 256 * 4 + 4 * 32);
    CHECK(costOf("int4", "group:32") == 256 * 4 + 8 * 32);
    CHECK(costOf("int8-affine", "channel") == 256 * 8 + 4 * (32 + 8));
    CHECK(costOf("mxfp4") == 256 * 4 + 8 * 8);
    CHECK(costOf("nvfp4") == 256 * 4 + 16 * 8 + 32);
    CHECK(costOf("bf16") == 256 * 16);
    CHECK(costOf("q3.4") == 256 * 8);
}

TEST_CASE("A target beyond every choice is refused with what is possible", "[device][recommendation]") {
    const MemoryFile file = fourTensors();
    const auto refusal = [&](const RecommendOptions& options) -> std::string {
        try {
            recommended(file, options);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    // 855 elements of 2 bits, two bits to fill a byte, and four scales.
    CHECK(refusal(within(2.1)) ==
          "--target-bits 2.1 is out of reach: the choices take 2.1521 bits at least, scales included");
    CHECK(recommended(file, within(2.1521)).allocation.costBits == 855 * 2 + 2 + 4 * 32);
    const std::string text = refusal(reaching(90));
    INFO(text);
    REQUIRE(text.starts_with("--target-sqnr 90 is out of reach: the choices give "));
    REQUIRE(text.ends_with(" dB at most"));
    // What is said to be possible is.
    const double possible = std::stod(text.substr(text.find("give ") + 5));
    CHECK(recommended(file, reaching(possible)).sqnrDb().value() >= possible);
}

TEST_CASE("The largest target takes the best of every tensor", "[device][recommendation]") {
    const auto all = recommended(fourTensors(), within(1e9 - 1));
    for (const TensorChoices& tensor : all.tensors)
        CHECK(tensor.choices[tensor.chosen].result.format.bits == 8);
}

TEST_CASE("Zeros and NaN cost least, and count neither as energy nor as error", "[device][recommendation]") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const MemoryFile file({{{16, 4}, std::vector<float>(64, 0.0f)},
                           {{16, 4}, std::vector<float>(64, nan)},
                           {{2, 50}, gaussians(100, 6)}});
    for (const auto& options : {within(5), reaching(30)}) {
        const auto all = recommended(file, options);
        for (const size_t i : {0u, 1u}) {
            CHECK(all.tensors[i].energy == 0);
            CHECK(all.tensors[i].choices[all.tensors[i].chosen].squared == 0);
            CHECK_FALSE(all.tensors[i].choices[all.tensors[i].chosen].result.sqnrDb);
        }
        CHECK(all.tensors[0].finite == 64);
        CHECK(all.tensors[1].finite == 0);
        CHECK(std::isfinite(all.energy));
        CHECK(all.tensors[2].choices[all.tensors[2].chosen].squared == all.allocation.squaredError);
    }
    const auto zeros = recommended(MemoryFile({{{4, 4}, std::vector<float>(16, 0.0f)}}), reaching(30));
    CHECK(zeros.allocation.costBits == 2 * 16 + 32);
    CHECK_FALSE(zeros.sqnrDb());
}

TEST_CASE("Choices among formats keep their order, block-scaled ones among them",
          "[device][recommendation]") {
    const MemoryFile file = fourTensors();
    AnalysisOptions choices;
    for (const char* name : {"fp8-e4m3", "int4", "nvfp4", "mxfp6-e2m3"})
        choices.formats.push_back(numberFormatFrom(name));
    const auto all = recommended(file, within(6, choices));
    checkSums(all);
    for (const TensorChoices& tensor : all.tensors) {
        REQUIRE(tensor.choices.size() == 4);
        for (size_t i = 0; i < 4; ++i) CHECK(tensor.choices[i].result.format == choices.formats[i]);
    }
}

TEST_CASE("A tensor without elements takes no part", "[device][recommendation]") {
    const MemoryFile file({{{0, 4}, {}}, {{2, 50}, gaussians(100, 7)}});
    const auto all = recommended(file, within(4.4));
    REQUIRE(all.tensors.size() == 1);
    CHECK(all.tensors[0].info.name == "t1");
    CHECK(all.tensors[0].choices[all.tensors[0].chosen].result.format.bits == 4);
}

}  // namespace tests
