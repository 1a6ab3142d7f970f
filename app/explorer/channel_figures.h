#pragma once

#include "app/explorer/channels_task.h"
#include "app/explorer/curves_task.h"
#include "app/explorer/session.h"
#include "app/plot/figure.h"
#include "app/plot/theme.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace app {

// What the channel view draws.
struct ChannelScene {
    const Session& session;
    uint32_t axis = 0;  // of the tensor
    const ChannelsAnswer& channels;
    const FormatCurve* tensor = nullptr;  // the whole tensor's curve on the same format
    std::optional<float> clip;            // of the whole tensor
    const Theme& theme;
};

// The channels whose curves are drawn, at most 7: those of the session that are there, or, where it has none,
// those with the least and the largest clip of their own.
std::vector<uint64_t> shownChannels(const ChannelScene& scene);

// The errors of all channels, the first at the top, with each one's best clip and the tensor's over them.
// Needs channels.perChannel.
Figure channelMap(const ChannelScene& scene);

// Below it, with the same x axis: the curves of the channels that are shown, and the tensor's.
Figure channelCurves(const ChannelScene& scene);

}  // namespace app
