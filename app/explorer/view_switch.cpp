#include "app/explorer/view_switch.h"

#include "app/explorer/channel_view.h"
#include "app/explorer/clip_view.h"
#include "app/explorer/value_view.h"
#include "app/explorer/view_context.h"

namespace app {

void showView(ViewContext& context) {
    switch (context.session.view) {
        case View::Channels:
            return showChannelView(context);
        case View::Values:
            return showValueView(context);
        case View::Clip:
        case View::Compare:
        case View::Device:
            return showClipView(context);
    }
}

}  // namespace app
