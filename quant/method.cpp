#include "quant/method.h"

#include <algorithm>
#include <stdexcept>

namespace quant {

namespace {

constexpr std::string_view percentilePrefix = "percentile:";

struct NamedKind {
    std::string_view name;
    MethodKind kind;
};
constexpr NamedKind plainMethods[] = {{"octav", MethodKind::Octav},
                                      {"octav-paper", MethodKind::OctavPaper},
                                      {"max", MethodKind::Max},
                                      {"entropy", MethodKind::Entropy},
                                      {"mse", MethodKind::Mse}};

}  // namespace

std::string Method::name() const {
    if (kind == MethodKind::Percentile) return std::string(percentilePrefix) + percentile->text();
    return std::string(std::ranges::find(plainMethods, kind, &NamedKind::kind)->name);
}

Method methodFrom(std::string_view text) {
    const auto plain = std::ranges::find(plainMethods, text, &NamedKind::name);
    if (plain != std::end(plainMethods)) return {plain->kind, {}};
    if (text.starts_with(percentilePrefix))
        return {MethodKind::Percentile, Percentile(text.substr(percentilePrefix.size()))};
    std::string names;
    for (const auto& name : methodNames()) names += (names.empty() ? "" : ", ") + name;
    throw std::invalid_argument("unknown method '" + std::string(text) + "'; there are " + names);
}

const std::vector<std::string>& methodNames() {
    static const std::vector<std::string> names = {"octav",           "octav-paper", "max",
                                                   "percentile:99.9", "entropy",     "mse"};
    return names;
}

}  // namespace quant
