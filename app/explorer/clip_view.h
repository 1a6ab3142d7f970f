#pragma once

namespace app {

struct ViewContext;

// Error versus clip above the histogram of |x|, with a clip line that is dragged, nudged, typed or snapped to
// the optimum, and what quantizing there costs.
void showClipView(ViewContext& context);

}  // namespace app
