#include "app/explorer/view_switch.h"

#include "app/explorer/clip_view.h"
#include "app/explorer/compare_view.h"
#include "app/explorer/device_view.h"
#include "app/explorer/view_context.h"

namespace app {

void showView(ViewContext& context) {
    switch (context.session.view) {
        case View::Compare:
            return showCompareView(context);
        case View::Device:
            return showDeviceView(context);
        case View::Clip:
        case View::Channels:
        case View::Values:
            return showClipView(context);
    }
}

}  // namespace app
