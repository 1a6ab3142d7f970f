#pragma once

#include "app/explorer/session.h"

#include <string>
#include <vector>

namespace app {

// Changes of a session that controls and keys share.

// Shows another tensor. A clip set by hand belongs to the tensor before, so the new one begins at its own
// optimum; so do the selected channels, the slice and its zoom. Bounds of axes stay, to compare tensors by.
void selectTensor(Session& session, const std::string& name);

// Other files, with nothing left of those before: no tensor, reference, bounds of axes.
Session withInputs(const Session& session, std::vector<std::string> inputs);

// Bits of the clip line, 1 to 16, as integers.
void chooseBits(Session& session, uint32_t bits);
// Whether the curve of so many bits is drawn.
void toggleCurve(Session& session, uint32_t bits);

// No bounds in the view that is shown.
void fitAxes(Session& session);

}  // namespace app
