#include "app/plot/dash_pattern.h"

#include <stdexcept>

namespace app {

std::span<const float> dashPattern(Dash dash) {
    static constexpr float dashed[] = {6, 4}, dotted[] = {1.5f, 3}, dashDot[] = {7, 3, 1.5f, 3},
                           longDash[] = {12, 5};
    switch (dash) {
        case Dash::Solid:
            return {};
        case Dash::Dashed:
            return dashed;
        case Dash::Dotted:
            return dotted;
        case Dash::DashDot:
            return dashDot;
        case Dash::LongDash:
            return longDash;
    }
    throw std::logic_error("unknown dash");
}

}  // namespace app
