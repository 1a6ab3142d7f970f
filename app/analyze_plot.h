#pragma once

#include "app/analyze_run.h"
#include "app/plot/bar_chart.h"
#include "app/plot/png_file.h"
#include "app/plot/theme.h"
#include "engine/device.h"

#include <optional>
#include <string>
#include <vector>

namespace app {

struct Global;

// The picture of an analysis. Of a single tensor with one clip it is the view of that clip, as `clipscope
// render` draws it. Of several, or where there are many clips, bars of the SQNR, tensor below tensor: a bar
// for every format, or for every method, or of both a chart for each of up to three formats with bars for
// every method. Where there are more tensors than have room the worst are shown, the worst first; else all in
// their order.
class AnalyzePlot {
public:
    explicit AnalyzePlot(const AnalyzeRun& run) : m_run(run) {}

    void add(TensorRef ref, const quant::TensorAnalysis& analysis);

    // After the last. raw: the layout of bare elements, empty for none.
    Picture picture(engine::Device& device, const Global& global, const std::string& raw) const;

    // The bars in a picture whose plots are about so many logical pixels high.
    struct Charts {
        std::string title;
        std::vector<BarChart> charts;  // side by side
    };
    Charts charts(const Theme& theme, float plotHeight) const;

private:
    struct Row {
        TensorRef ref;
        std::string name;
        std::vector<std::optional<double>> sqnrDb;  // [method][format]; infinite where nothing errs
        double worst() const;
    };
    size_t formatCount() const;
    std::string formatName(size_t format) const;
    Colour formatColour(const Theme& theme, size_t format) const;
    bool hasClipView() const;
    std::vector<const Row*> shownRows(size_t most) const;
    BarChart chartOf(const Theme& theme, const std::vector<const Row*>& rows, size_t firstFormat,
                     size_t formats, double largest) const;

    const AnalyzeRun& m_run;
    std::vector<Row> m_rows;
};

}  // namespace app
