#include "quant/raw.h"

#include "quant/input_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <expected>
#include <filesystem>
#include <format>
#include <ranges>
#include <stdexcept>
#include <utility>

namespace quant {
namespace {

constexpr std::array types = {std::pair("f64", DType::F64), std::pair("f32", DType::F32),
                              std::pair("f16", DType::F16), std::pair("bf16", DType::BF16)};

constexpr std::optional<uint64_t> openExtent;  // left to the file's size

std::optional<uint64_t> extentFrom(std::string_view text) {
    if (text == "?") return openExtent;
    uint64_t extent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc() || end != text.data() + text.size())
        throw std::invalid_argument("'" + std::string(text) + "' is no extent in a shape such as 64x3x3x3");
    return extent;
}

// The shape with what is left open filled in, or what is wrong with it.
std::expected<std::vector<uint64_t>, std::string> completeShape(const RawLayout& layout, uint64_t sizeBytes) {
    std::vector<uint64_t> shape;
    for (const auto extent : layout.shape) shape.push_back(extent.value_or(1));
    const auto open = std::ranges::find(layout.shape, openExtent);
    if (open == layout.shape.end()) return shape;
    const auto slice = makeTensorInfo("", layout.dtype, shape);
    if (!slice) return std::unexpected(slice.error());
    if (slice->sizeBytes == 0) return std::unexpected("the open extent is not determined by the file's size");
    shape[static_cast<size_t>(open - layout.shape.begin())] = sizeBytes / slice->sizeBytes;
    return shape;
}

std::string tensorName(const std::string& path) {
    // A file name may be any bytes, a tensor name is UTF-8.
    return printable(std::filesystem::path(path).stem().string());
}

}  // namespace

std::string RawLayout::name() const {
    const auto* const type = std::ranges::find(types, dtype, [](const auto& entry) { return entry.second; });
    std::string text = type == types.end() ? "" : type->first;
    for (size_t i = 0; i < shape.size(); ++i)
        text += (i == 0 ? ":" : "x") + (shape[i] ? std::to_string(*shape[i]) : "?");
    return text;
}

RawLayout rawLayoutFrom(std::string_view text) {
    const size_t colon = text.find(':');
    const auto* const type = std::ranges::find(
        types, text.substr(0, colon), [](const auto& entry) { return std::string_view(entry.first); });
    if (type == types.end()) {
        throw std::invalid_argument("'" + std::string(text.substr(0, colon)) +
                                    "' is none of the types f64, f32, f16, bf16");
    }
    if (colon == std::string_view::npos || colon + 1 == text.size())
        throw std::invalid_argument("a shape is missing, as in " + std::string(type->first) + ":64x3x3x3");
    RawLayout layout{type->second, {}};
    for (const auto part : std::views::split(text.substr(colon + 1), 'x'))
        layout.shape.push_back(extentFrom(std::string_view(part.begin(), part.end())));
    if (std::ranges::count(layout.shape, openExtent) > 1)
        throw std::invalid_argument("only one extent may be ?");
    if (layout.shape.size() > maxDimensions)
        throw std::invalid_argument(std::format("a shape has at most {} extents", maxDimensions));
    return layout;
}

RawFile::RawFile(InputFile file, const RawLayout& layout) : m_file(std::move(file)) {
    m_path = m_file.path();
    m_format = "raw";
    m_fileSizeBytes = m_file.sizeBytes();
    const auto fail = [&](const std::string& field, const std::string& problem) {
        throw InputError::atField(m_path, "", field, problem);
    };
    auto shape = completeShape(layout, m_fileSizeBytes);
    if (!shape) fail("shape", shape.error());
    auto info = makeTensorInfo(tensorName(m_path), layout.dtype, std::move(*shape));
    if (!info) fail("shape", info.error());
    const bool isOpen = std::ranges::contains(layout.shape, openExtent);
    if (isOpen && info->sizeBytes != m_fileSizeBytes)
        fail("size",
             std::format("{} bytes are no whole number of slices of {}", m_fileSizeBytes, layout.name()));
    if (info->sizeBytes != m_fileSizeBytes) {
        fail("size",
             std::format("{} bytes, but {} needs {}", m_fileSizeBytes, layout.name(), info->sizeBytes));
    }
    m_tensors.push_back(std::move(*info));
}

void RawFile::readRange(size_t, uint64_t offset, std::span<std::byte> bytes) const {
    m_file.read(offset, bytes, m_tensors[0].name);
}

}  // namespace quant
