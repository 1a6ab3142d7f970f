#pragma once

#include <cstddef>
#include <span>

namespace app {

// The bytes of assets/fonts/roboto.ttf, as the build embedded them.
std::span<const std::byte> embeddedFont();

}  // namespace app
