#include "app/explorer/session_edit.h"

#include <algorithm>

namespace app {

void selectTensor(Session& session, const std::string& name) {
    if (session.tensor == name) return;
    session.tensor = name;
    session.clip.reset();
    session.channels.selected.clear();
    session.values.slice.clear();
    session.values.zoom.reset();
}

Session withInputs(const Session& session, std::vector<std::string> inputs) {
    Session next = session;
    next.inputs = std::move(inputs);
    next.raw.clear();
    next.reference.reset();
    selectTensor(next, "");
    next.clip.reset();
    next.channels.axis = 0;
    for (AxisView* axis : {&next.clips, &next.errors, &next.counts, &next.channels.clips, &next.channels.rows,
                           &next.compare.sqnr})
        axis->bounds.reset();
    next.table.filter.clear();
    return next;
}

void chooseBits(Session& session, uint32_t bits) {
    session.chosenBits = std::clamp(bits, 1u, 16u);
    session.format.reset();
}

void toggleCurve(Session& session, uint32_t bits) {
    const auto found = std::ranges::find(session.bits, bits);
    if (found != session.bits.end()) {
        session.bits.erase(found);
        return;
    }
    session.bits.push_back(bits);
    std::ranges::sort(session.bits);
}

void fitAxes(Session& session) {
    const auto fit = [](auto&... axes) { (axes.bounds.reset(), ...); };
    switch (session.view) {
        case View::Clip:
            return fit(session.clips, session.errors, session.counts);
        case View::Channels:
            return fit(session.channels.clips, session.channels.rows);
        case View::Compare:
            return fit(session.compare.sqnr);
        case View::Values:
            return session.values.zoom.reset();
        case View::Device:
            return;
    }
}

}  // namespace app
