#pragma once

#include "app/plot/figure.h"

namespace app {

// A figure and where it is in a picture.
struct PlacedFigure {
    Figure figure;
    Rect frame;
};

}  // namespace app
