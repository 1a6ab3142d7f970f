#include "app/plot/svg_text.h"

#include "app/plot/dash_pattern.h"
#include "quant/input_error.h"

#include <charconv>
#include <cmath>
#include <format>
#include <stdexcept>

namespace app {

namespace {

std::string paint(std::string_view attribute, Colour colour) {
    std::string text = std::format(" {}=\"#{:02x}{:02x}{:02x}\"", attribute, colour & 255, colour >> 8 & 255,
                                   colour >> 16 & 255);
    const uint32_t alpha = colour >> 24;
    if (alpha < 255) text += std::format(" {}-opacity=\"{}\"", attribute, svgNumber(alpha / 255.0));
    return text;
}

// Corners of a sign of size 2 around zero.
std::vector<glm::vec2> corners(MarkerShape shape) {
    constexpr float side = 0.886f;  // a square with the area of the circle
    switch (shape) {
        case MarkerShape::Square:
            return {{-side, -side}, {side, -side}, {side, side}, {-side, side}};
        case MarkerShape::Diamond:
            return {{0, -1.15f}, {1.15f, 0}, {0, 1.15f}, {-1.15f, 0}};
        case MarkerShape::Triangle:
            return {{0, -1.1f}, {1.1f, 0.85f}, {-1.1f, 0.85f}};
        default:
            throw std::logic_error("a marker without corners");
    }
}

}  // namespace

std::string svgNumber(double value) {
    const double rounded = std::round(value * 100) / 100;
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, rounded + 0.0, std::chars_format::fixed).ptr};
}

std::string svgPoint(const glm::vec2& point) {
    return svgNumber(double(point.x)) + " " + svgNumber(double(point.y));
}

std::string xmlText(std::string_view text) {
    std::string escaped;
    for (const char c : quant::printable(text)) switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += c;
        }
    return escaped;
}

std::string svgFill(Colour colour) {
    return paint("fill", colour);
}

std::string svgStroke(Colour colour, float width, Dash dash) {
    std::string text =
        paint("stroke", colour) + std::format(" stroke-width=\"{}\"", svgNumber(double(width)));
    std::string pattern;
    for (const float length : dashPattern(dash))
        pattern += (pattern.empty() ? "" : " ") + svgNumber(double(length));
    return pattern.empty() ? text : text + " stroke-dasharray=\"" + pattern + "\"";
}

std::string svgRect(const Rect& rect, Colour fill) {
    return std::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}/>\n",
                       svgNumber(double(rect.left)), svgNumber(double(rect.top)),
                       svgNumber(double(std::max(0.0f, rect.width()))),
                       svgNumber(double(std::max(0.0f, rect.height()))), svgFill(fill));
}

std::string svgLine(const glm::vec2& from, const glm::vec2& to, Colour colour, float width, Dash dash) {
    return std::format("<path d=\"M{}L{}\"{}/>\n", svgPoint(from), svgPoint(to),
                       svgStroke(colour, width, dash));
}

std::string svgPath(std::span<const glm::vec2> points, bool isClosed) {
    std::string data;
    for (const glm::vec2& point : points) data += (data.empty() ? "M" : "L") + svgPoint(point);
    return isClosed && !data.empty() ? data + "Z" : data;
}

std::string svgMarker(MarkerShape shape, const glm::vec2& at, float size, Colour colour, Colour edge) {
    const std::string outline = edge >> 24 ? svgStroke(edge, 1) : "";
    const float radius = size / 2;
    if (shape == MarkerShape::Circle || shape == MarkerShape::Ring)
        return std::format(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n", svgNumber(double(at.x)), svgNumber(double(at.y)),
            svgNumber(double(radius)),
            shape == MarkerShape::Ring ? " fill=\"none\"" + svgStroke(colour, 2) : svgFill(colour) + outline);
    if (shape == MarkerShape::Cross) {
        const glm::vec2 down(radius * 0.8f), up(radius * 0.8f, -radius * 0.8f);
        return svgLine(at - down, at + down, colour, 2, Dash::Solid) +
               svgLine(at - up, at + up, colour, 2, Dash::Solid);
    }
    std::vector<glm::vec2> points = corners(shape);
    for (glm::vec2& point : points) point = at + radius * point;
    return std::format("<path d=\"{}\"{}{}/>\n", svgPath(points, true), svgFill(colour), outline);
}

std::string base64(std::span<const std::byte> bytes) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < bytes.size() ? uint32_t(bytes[i + k]) : 0);
        for (size_t k = 0; k < 4; ++k)
            text += i + k <= bytes.size() ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

}  // namespace app
