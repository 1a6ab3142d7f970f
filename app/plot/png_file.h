#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace app {

// Eight bits each of red, green, blue and alpha, not premultiplied, rows from the top without padding.
struct Picture {
    uint32_t width = 0, height = 0;
    std::vector<std::byte> pixels;  // 4·width·height
    bool operator==(const Picture&) const = default;
};

// The largest side of a picture that is written or read.
inline constexpr uint32_t mostPictureSide = 32768;

// A picture as the bytes of a PNG file, sRGB; without alpha where every pixel is opaque. Throws
// std::invalid_argument for a side of 0 or above mostPictureSide and for pixels of another size than
// 4·width·height.
std::vector<std::byte> pngOf(std::span<const std::byte> pixels, uint32_t width, uint32_t height);

// Any PNG (palette, grey, 16 bits, interlaced) as a picture. `file` names it in messages. Throws
// quant::InputError for what is no whole PNG or larger than mostPictureSide.
Picture pictureFromPng(std::span<const std::byte> png, const std::string& file);

// The same with files; what is written appears whole or not at all. Throws quant::OutputError and
// quant::InputError too.
void writePng(const std::filesystem::path& path, const Picture& picture);
Picture readPng(const std::filesystem::path& path);

}  // namespace app
