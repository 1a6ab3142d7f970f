#pragma once

#include "app/explorer/explorer.h"
#include "app/explorer/offscreen.h"
#include "tests/temp_folder.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tests {

// A session that shows a tensor of 32-bit floats.
app::Session sessionOf(const quant::tests::TempFolder& folder, std::span<const float> values,
                       const std::vector<uint64_t>& shape, app::View view);

// An explorer without a window, which is drawn and fed.
class ExplorerView {
public:
    explicit ExplorerView(const app::Session& session, const app::PictureSize& size = {640, 480, 1});

    app::Explorer explorer;
    app::Offscreen offscreen;

    app::Picture finished() { return offscreen.finished(); }
    const app::LaidOutFigure& figure(size_t index) const { return explorer.figures().at(index); }

    // Moves the pointer to a place of a figure, in the units of its axes, and lets a frame pass.
    void point(size_t figure, double x, double y);
    void click();
    void press(int key);
    void hold(int key, bool isDown);
    // Of the last finished picture, at a place of a figure.
    app::Colour colourAt(const app::Picture& picture, size_t figure, double x, double y) const;
};

// The largest difference of red, green or blue, of 255.
int colourDifference(app::Colour a, app::Colour b);

}  // namespace tests
