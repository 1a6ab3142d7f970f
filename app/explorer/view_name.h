#pragma once

#include "app/explorer/session.h"

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace app {

// The words for values of an enumeration, as options and files have them.
template <class Enum>
struct EnumName {
    Enum value;
    std::string_view name;
};

constexpr std::array<EnumName<View>, 5> viewNames{{{View::Clip, "clip"},
                                                   {View::Channels, "channels"},
                                                   {View::Compare, "compare"},
                                                   {View::Values, "values"},
                                                   {View::Device, "device"}}};
constexpr std::array<EnumName<Appearance>, 2> appearanceNames{
    {{Appearance::Dark, "dark"}, {Appearance::Light, "light"}}};

template <class Enum, size_t count>
std::string_view nameIn(const std::array<EnumName<Enum>, count>& names, Enum value) {
    for (const auto& entry : names)
        if (entry.value == value) return entry.name;
    throw std::logic_error("an enumeration has a value without a name");
}

// Throws std::invalid_argument, with the names there are.
template <class Enum, size_t count>
Enum valueIn(const std::array<EnumName<Enum>, count>& names, std::string_view text) {
    std::string known;
    for (const auto& entry : names) {
        if (entry.name == text) return entry.value;
        known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw std::invalid_argument("'" + std::string(text) + "' is none of " + known);
}

inline std::string_view name(View view) {
    return nameIn(viewNames, view);
}
inline View viewFrom(std::string_view text) {
    return valueIn(viewNames, text);
}
inline std::string_view name(Appearance theme) {
    return nameIn(appearanceNames, theme);
}
inline Appearance appearanceFrom(std::string_view text) {
    return valueIn(appearanceNames, text);
}

}  // namespace app
