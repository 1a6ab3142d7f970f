#pragma once

#include "app/explorer/explorer.h"
#include "app/explorer/offscreen.h"
#include "app/plot/png_file.h"

#include <string>

namespace tests {

// A session of the bundled model, without panels around the view.
app::Session sampleSession(const std::string& tensor);

// An explorer and its pictures, on the device of the tests.
struct Viewer {
    explicit Viewer(const app::Session& session, const app::PictureSize& size = {});

    app::Explorer explorer;
    app::Offscreen offscreen;
};

// The colour of the pixel that a place in logical pixels falls on, red lowest.
uint32_t pixelAt(const app::Picture& picture, float x, float y);

// Where on the picture the figure draws a value of its axes, in logical pixels.
glm::vec2 placeOf(const app::LaidOutFigure& figure, double x, double y);

// Whether golden pictures can be compared: they are made on lavapipe.
bool hasGoldens();

}  // namespace tests
