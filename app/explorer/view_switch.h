#pragma once

namespace app {

struct ViewContext;

// Shows the session's view in the rest of the present window.
void showView(ViewContext& context);

}  // namespace app
