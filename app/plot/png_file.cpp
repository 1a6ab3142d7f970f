#include "app/plot/png_file.h"

#include "quant/input_error.h"
#include "quant/output_file.h"

#include <png.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <fstream>
#include <stdexcept>

namespace app {

namespace {

void checkSize(size_t sizeBytes, uint32_t width, uint32_t height) {
    if (width == 0 || height == 0 || width > mostPictureSide || height > mostPictureSide)
        throw std::invalid_argument(
            std::format("a picture of {}x{} pixels cannot be written; sides are 1 to {}", width, height,
                        mostPictureSide));
    if (sizeBytes != size_t{4} * width * height)
        throw std::invalid_argument(
            std::format("{} bytes are no picture of {}x{} pixels", sizeBytes, width, height));
}

bool isOpaque(std::span<const std::byte> pixels) {
    for (size_t i = 3; i < pixels.size(); i += 4)
        if (pixels[i] != std::byte{255}) return false;
    return true;
}

// Thrown through the frames of libpng: being C it keeps nothing on the stack that must be freed, and the
// ABIs of x86-64 and AArch64 have unwind tables for C too.
[[noreturn]] void raise(png_structp, png_const_charp message) {
    throw std::runtime_error(message);
}
void ignore(png_structp, png_const_charp) {}

// Gives libpng's structures back however the function ends.
struct Writer {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, raise, ignore);
    png_infop info = png ? png_create_info_struct(png) : nullptr;
    Writer() {
        if (!info) throw std::bad_alloc();
    }
    ~Writer() { png_destroy_write_struct(&png, &info); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
};

struct Reader {
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, raise, ignore);
    png_infop info = png ? png_create_info_struct(png) : nullptr;
    Reader() {
        if (!info) throw std::bad_alloc();
    }
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
};

void append(png_structp png, png_bytep bytes, size_t count) {
    auto& file = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    file.insert(file.end(), first, first + count);
}

void take(png_structp png, png_bytep to, size_t count) {
    auto& left = *static_cast<std::span<const std::byte>*>(png_get_io_ptr(png));
    if (count > left.size()) png_error(png, "the file ends early");
    std::memcpy(to, left.data(), count);
    left = left.subspan(count);
}

Picture decode(std::span<const std::byte> file) {
    Reader reader;
    png_set_read_fn(reader.png, &file, take);
    png_set_user_limits(reader.png, mostPictureSide, mostPictureSide);
    png_read_info(reader.png, reader.info);
    png_set_expand(reader.png);
    png_set_scale_16(reader.png);
    png_set_gray_to_rgb(reader.png);
    png_set_add_alpha(reader.png, 255, PNG_FILLER_AFTER);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    Picture picture{
        png_get_image_width(reader.png, reader.info), png_get_image_height(reader.png, reader.info), {}};
    const size_t rowBytes = size_t{4} * picture.width;
    if (png_get_rowbytes(reader.png, reader.info) != rowBytes) throw std::logic_error("row of an odd size");
    // A header may promise far more than its file holds: deflate yields at most 1032 bytes from one.
    if (picture.height * uint64_t{picture.width} / 8 / 1032 > file.size())
        png_error(reader.png, "the file is too short for its size in pixels");
    picture.pixels.resize(rowBytes * picture.height);
    std::vector<png_bytep> rows;
    for (uint32_t row = 0; row < picture.height; ++row)
        rows.push_back(reinterpret_cast<png_bytep>(picture.pixels.data() + row * rowBytes));
    png_read_image(reader.png, rows.data());
    png_read_end(reader.png, nullptr);
    return picture;
}

}  // namespace

std::vector<std::byte> pngOf(std::span<const std::byte> pixels, uint32_t width, uint32_t height) {
    checkSize(pixels.size(), width, height);
    const bool hasAlpha = !isOpaque(pixels);
    std::vector<std::byte> file;
    Writer writer;
    png_set_write_fn(writer.png, &file, append, nullptr);
    png_set_IHDR(writer.png, writer.info, width, height, 8,
                 hasAlpha ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(writer.png, writer.info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info(writer.png, writer.info);
    if (!hasAlpha) png_set_filler(writer.png, 0, PNG_FILLER_AFTER);
    for (uint32_t row = 0; row < height; ++row)
        png_write_row(writer.png, reinterpret_cast<png_const_bytep>(pixels.data() + size_t{4} * row * width));
    png_write_end(writer.png, nullptr);
    return file;
}

Picture pictureFromPng(std::span<const std::byte> png, const std::string& file) {
    if (png.size() < 8 || png_sig_cmp(reinterpret_cast<png_const_bytep>(png.data()), 0, 8))
        throw quant::InputError(file, "", "not a PNG file");
    try {
        return decode(png);
    } catch (const std::runtime_error& error) {
        throw quant::InputError(file, "", std::string("broken PNG: ") + error.what());
    }
}

void writePng(const std::filesystem::path& path, const Picture& picture) {
    const std::vector<std::byte> file = pngOf(picture.pixels, picture.width, picture.height);
    quant::OutputFile output(path);
    output.write(std::span(file));
    output.commit();
}

Picture readPng(const std::filesystem::path& path) {
    const auto fail = [&] {
        throw quant::InputError(path.string(), "", std::string("cannot be read: ") + std::strerror(errno));
    };
    std::ifstream stream(path, std::ios::binary);
    if (!stream) fail();
    std::vector<char> bytes;
    while (stream) {
        const size_t before = bytes.size();
        bytes.resize(before + (1 << 16));
        stream.read(bytes.data() + before, 1 << 16);
        bytes.resize(before + size_t(stream.gcount()));
    }
    if (stream.bad()) fail();
    return pictureFromPng(std::as_bytes(std::span(bytes)), path.string());
}

}  // namespace app
