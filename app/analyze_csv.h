#pragma once

#include "app/analyze_run.h"
#include "app/output.h"

#include <string_view>

namespace app {

// The report of `analyze --csv`: one line per tensor, method and bit width, below a line of names (RFC 4180,
// with \n). Numbers read back exactly; what has no value is empty.
class AnalyzeCsv {
public:
    // Throws quant::OutputError, as add() does.
    explicit AnalyzeCsv(Output& output);

    // path: of the tensor's file.
    void add(std::string_view path, const quant::TensorAnalysis& analysis);

private:
    Output& m_output;
};

// The field in quotes where it holds a comma, a quote or a line break.
std::string csvField(std::string_view text);

}  // namespace app
