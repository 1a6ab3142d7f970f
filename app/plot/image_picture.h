#pragma once

#include "app/plot/png_file.h"
#include "engine/device.h"
#include "engine/image.h"

namespace app {

// What has been drawn on an image. Waits for the device.
Picture pictureOf(engine::Device& device, const engine::Image& image);

}  // namespace app
