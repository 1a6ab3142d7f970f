#include "app/explorer/view_switch.h"

#include "app/explorer/channel_view.h"
#include "app/explorer/clip_view.h"
#include "app/explorer/compare_view.h"
#include "app/explorer/device_view.h"
#include "app/explorer/value_view.h"
#include "app/explorer/view_context.h"

namespace app {

void showView(ViewContext& context) {
    if (context.workspace.inputs().empty() && context.session.view != View::Device)
        return showNotice(context, "Drop a file here, or press Ctrl+O.");
    switch (context.session.view) {
        case View::Clip:
            return showClipView(context);
        case View::Channels:
            return showChannelView(context);
        case View::Compare:
            return showCompareView(context);
        case View::Values:
            return showValueView(context);
        case View::Device:
            return showDeviceView(context);
    }
}

}  // namespace app
