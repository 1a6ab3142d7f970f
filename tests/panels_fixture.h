#pragma once

#include "app/plot/plot_layout.h"
#include "tests/device_fixture.h"
#include "tests/explorer_script.h"
#include "tests/source_folder.h"
#include "tests/temp_folder.h"

#include <algorithm>
#include <format>
#include <random>
#include <string>
#include <vector>

namespace tests {

// Of the model that comes with the project.
inline app::Session sample() {
    app::Session session;
    session.inputs = {sourceFile("assets/fashion_cnn.safetensors")};
    session.tensor = "features.14.weight";
    return session;
}

// A file of these tensors, so many normal deviates each, every one of another width.
inline std::string safetensors(const std::vector<std::string>& names, size_t elements) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::string header = "{", data;
    for (size_t i = 0; i < names.size(); ++i) {
        const size_t bytes = elements * sizeof(float);
        header += std::format(R"({}"{}":{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})",
                              i == 0 ? "" : ",", names[i], elements, i * bytes, (i + 1) * bytes);
        for (size_t element = 0; element < elements; ++element) {
            const float value = normal(random) * static_cast<float>(i + 1);
            data.append(reinterpret_cast<const char*>(&value), sizeof value);
        }
    }
    header += "}";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::string length(8, '\0');
    for (size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> (8 * i));
    return length + header + data;
}

// Names of the sample's tensors; few elements, as some drivers take their time.
inline std::vector<std::string> smallNames() {
    std::vector<std::string> names{"features.0.weight"};
    for (const int layer : {1, 4, 5, 8, 9, 11, 12, 14, 15}) {
        for (const char* kind : {"weight", "bias"})
            names.push_back(std::format("features.{}.{}", layer, kind));
    }
    for (const int layer : {1, 4}) {
        for (const char* kind : {"weight", "bias"})
            names.push_back(std::format("classifier.{}.{}", layer, kind));
    }
    return names;
}

// The explorer with all its panels on a small file, everything computed.
struct Panels : ExplorerScript {
    explicit Panels(const app::PictureSize& size = {960, 600, 1}) : ExplorerScript(device(), size) {
        app::Session session = sample();
        session.inputs = {folder.write("small.safetensors", safetensors(smallNames(), 300)).string()};
        show(session);
    }

    quant::tests::TempFolder folder;

    std::vector<std::string> rowsShown() {
        std::vector<std::string> names;
        for (const auto& control : explorer().ui().controls().all()) {
            if (control.name.starts_with("table/row/")) names.push_back(control.name.substr(10));
        }
        return names;
    }

    const app::LaidOutFigure& figure(size_t index = 0) { return explorer().figures().at(index); }

    double clip() { return explorer().workspace().grid(session())->clip; }

    // Of the clip line, in the picture's pixels.
    glm::vec2 clipPlace() {
        const auto& [shown, layout] = figure();
        const auto at = app::pixelOf(layout.plot, shown.x, shown.y, clip(), shown.y.low);
        return {at.x, (layout.plot.top + layout.plot.bottom) / 2};
    }
    // The value at a place along the plots.
    double valueAt(float x) {
        const auto& [shown, layout] = figure();
        return app::valueAt(layout.plot, shown.x, shown.y, {x, layout.plot.top}).x;
    }
    glm::vec2 plotMiddle() {
        const app::Rect& plot = figure().layout.plot;
        return {(plot.left + plot.right) / 2, (plot.top + plot.bottom) / 2};
    }
    const app::FormatCurve& curve(uint32_t bits) {
        const auto& curves = explorer().workspace().curves().answer().curves;
        return *std::ranges::find(curves, bits, [](const app::FormatCurve& c) { return c.format.bits; });
    }
    std::string lastNotice() {
        const auto& all = explorer().shell().notices().all();
        return all.empty() ? "" : all.back().text;
    }
};

}  // namespace tests
