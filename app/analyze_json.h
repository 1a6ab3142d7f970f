#pragma once

#include "app/analyze_run.h"
#include "app/output.h"

namespace app {

// The report of `analyze --json`, written tensor after tensor, so that no more than one is held.
class AnalyzeJson {
public:
    // Both must outlive the report. Throws quant::OutputError, as the others do.
    AnalyzeJson(Output& output, const AnalyzeRun& run);

    void add(const quant::TensorAnalysis& analysis);
    void finish(const Seconds& seconds);

private:
    Output& m_output;
    const AnalyzeRun& m_run;
    bool m_isFirst = true;
};

}  // namespace app
