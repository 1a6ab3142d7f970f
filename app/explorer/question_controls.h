#pragma once

namespace app {

struct PanelContext;

// What is asked of the shown tensor, and what is drawn of the answer: bit widths, number format, sign, curves
// and methods, scales of the axes. A row or more of the present window.
void showQuestionControls(PanelContext& context);

}  // namespace app
