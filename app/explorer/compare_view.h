#pragma once

namespace app {

struct ViewContext;

// SQNR by method, format and granularity of the shown tensor, as grouped bars.
void showCompareView(ViewContext& context);

}  // namespace app
