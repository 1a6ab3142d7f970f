#pragma once

namespace app {

struct ViewContext;

// The device: what it is and can do, and how fast its kernels run, measured when it is shown first and
// whenever it is asked for.
void showDeviceView(ViewContext& context);

}  // namespace app
