#include "app/explorer/view_switch.h"

#include "app/explorer/clip_view.h"
#include "app/explorer/view_context.h"

namespace app {

void showView(ViewContext& context) {
    switch (context.session.view) {
        case View::Clip:
        case View::Channels:
        case View::Compare:
        case View::Values:
        case View::Device:
            return showClipView(context);
    }
}

}  // namespace app
