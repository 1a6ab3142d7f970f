#pragma once

namespace app {

struct ViewContext;

// The tensor as an image: its elements, what they are quantized to, or the difference. The wheel zooms, a
// drag moves, a double click shows all; keys O, Q and D choose, page keys step through the slices.
void showValueView(ViewContext& context);

}  // namespace app
