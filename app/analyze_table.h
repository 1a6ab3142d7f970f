#pragma once

#include "app/analyze_run.h"
#include "app/clip_range.h"
#include "app/text_table.h"

#include <optional>
#include <string>
#include <vector>

namespace app {

// The report of `analyze` for people. Keeps a few numbers of each tensor until it is rendered.
class AnalyzeTable {
public:
    // Must outlive the table.
    explicit AnalyzeTable(const AnalyzeRun& run) : m_run(run) {}

    void add(const quant::TensorAnalysis& analysis);

    // width: columns of the terminal, if it is one.
    std::string render(const Seconds& seconds, std::optional<size_t> width, bool hasColour) const;

private:
    struct Result {
        ClipRange clips;
        double mse = 0, clippedFraction = 0;
        std::optional<double> sqnrDb;
    };
    struct Tensor {
        std::string name, type;  // type: "F32 64x3x3x3"
        uint64_t elements = 0, finite = 0;
        std::vector<size_t> segments;  // how many clips the results have: one number where it is the same
        bool isSigned = true;
        double absmax = 0;
        std::vector<Result> results;  // methods in order, within each the bits in order
    };

    bool isSegmented() const { return !m_granularities.empty(); }
    std::vector<size_t> shownMethods() const;
    std::optional<size_t> maxMethod() const;
    bool hasMethodColumn() const;
    const Result& result(const Tensor& tensor, size_t method, size_t bits) const;
    std::vector<std::string> columns() const;  // a label per bit width or format
    bool hasFormats() const { return !m_run.options.formats.empty(); }
    std::string gridText(const Tensor& tensor) const;
    std::vector<std::string> quantities() const;
    std::vector<std::string> texts(const Tensor& tensor, size_t method, size_t bits, int digits) const;
    std::string gain(const Tensor& tensor, size_t method, size_t bits) const;
    TextTable list(int digits) const;
    void addListRows(TextTable& table, const Tensor& tensor, int digits) const;
    TextTable grid(int digits) const;
    void addGridRows(TextTable& table, const Tensor& tensor, int digits) const;
    std::string footer(const Seconds& seconds) const;

    const AnalyzeRun& m_run;
    std::vector<Tensor> m_tensors;
    std::vector<std::string> m_granularities;  // of the results with several clips
};

}  // namespace app
