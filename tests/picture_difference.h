#pragma once

#include "app/plot/png_file.h"

#include <optional>
#include <string>

namespace tests {

// How two pictures differ to the eye. Colours are compared in YIQ (Y. Kotsarenko and F. Ramos, "Measuring
// perceived color difference using YIQ NTSC transmission color space in mobile applications", 2010), 1 being
// black against white, over a grey ground where they have alpha. A difference below 0.02, about five of 255
// levels, is none. Where both pixels lie within the colours of each other's 3×3 neighbourhood, as where
// drivers smooth an edge differently, the pixel counts as a quarter; a thin line that moved by one pixel
// therefore counts half a pixel for each of its pixels, and by two pixels at least two.
struct PictureDifference {
    double pixels = 0;   // weighted count; every pixel of the larger where the sizes differ
    double worst = 0;    // the largest difference of any pixel that counts
    app::Picture shown;  // the expected picture pale, differing pixels red, those that count a quarter orange
};
PictureDifference difference(const app::Picture& expected, const app::Picture& actual);

// What may differ between a golden picture and what is drawn today.
struct PictureLimits {
    double pixels = 8;
    double worst = 1;
};

// Where golden pictures lie and where failed comparisons go.
struct PictureFolders {
    std::string goldens;
    std::string failures;
    bool isUpdating = false;  // a picture that fails becomes the golden one
};

// tests/goldens; the folder that CLIPSCOPE_PICTURES_OUT names, else build/pictures;
// CLIPSCOPE_UPDATE_PICTURES=1.
PictureFolders pictureFolders();

// Compares with NAME.png of the goldens. Nothing where it is alike; else what is wrong, after expected,
// actual and difference were written side by side to NAME.png of the failures. A missing golden is wrong.
std::optional<std::string> pictureFailure(const std::string& name, const app::Picture& picture,
                                          const PictureLimits& limits, const PictureFolders& folders);

// Fails the running test where pictureFailure has something to say, and goes on.
void checkPicture(const std::string& name, const app::Picture& picture, const PictureLimits& limits = {});

}  // namespace tests
