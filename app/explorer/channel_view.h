#pragma once

namespace app {

struct ViewContext;

// A heat map of the error of every channel at every clip, and the curves of selected channels below it. A
// click selects a channel, with Ctrl adds or removes it; arrow keys up and down move the selection while the
// pointer is over the map.
void showChannelView(ViewContext& context);

}  // namespace app
