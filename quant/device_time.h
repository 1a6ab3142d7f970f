#pragma once

#include "engine/device.h"

#include <functional>

namespace quant {

// Seconds that a device takes for work, which submits and returns its last ticket: by the device's own clock
// where it has one, else by the host's from before the work to its end. Waits for all that was submitted
// before, and for the work.
double deviceSeconds(engine::Device& device, const std::function<engine::Ticket()>& work);

}  // namespace quant
