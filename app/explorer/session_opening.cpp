#include "app/explorer/session_opening.h"

#include "app/explorer/workspace.h"
#include "app/tensor_selection.h"
#include "quant/input_error.h"
#include "quant/raw.h"

#include <algorithm>

namespace app {

namespace {

// Only headers are read here; they are read again when the rest is opened.
std::vector<std::string> usableInputs(const Session& session, std::vector<std::string>& missing) {
    const auto layout = session.raw.empty() ? std::nullopt : std::optional(quant::rawLayoutFrom(session.raw));
    std::vector<std::string> usable;
    for (const std::string& input : session.inputs) {
        try {
            selectTensors({{input}, layout}, {}, {});
            usable.push_back(input);
        } catch (const quant::InputError& error) {
            missing.push_back(error.what());
            if (session.inputs.size() == 1) throw;
        }
    }
    return usable;
}

void keepChannelsThatAre(Session& session, const std::vector<uint64_t>& shape,
                         std::vector<std::string>& missing) {
    ChannelState& channels = session.channels;
    if (channels.axis != 0 && channels.axis >= shape.size()) {
        missing.push_back("the tensor has no axis " + std::to_string(channels.axis));
        channels.axis = 0;
    }
    const uint64_t count = channels.axis < shape.size() ? shape[channels.axis] : 1;
    const auto gone = std::erase_if(channels.selected, [&](uint64_t channel) { return channel >= count; });
    if (gone > 0) missing.push_back("the tensor lacks " + std::to_string(gone) + " of the selected channels");
}

}  // namespace

std::vector<std::string> openWhatIsThere(Session& session, Workspace& workspace) {
    std::vector<std::string> missing;
    Session found = session;
    found.inputs = usableInputs(session, missing);
    if (found.inputs.empty() && !session.inputs.empty())
        throw quant::InputError(session.inputs.front(), "", "none of the session's inputs can be opened");
    if (found.inputs != workspace.inputs() || found.raw != workspace.raw())
        workspace.open(found.inputs, found.raw);
    if (!found.tensor.empty() && !workspace.find(found.tensor)) {
        missing.push_back(workspace.problemOf(found.tensor));
        found.tensor.clear();
    }
    if (found.tensor.empty()) {
        if (const auto first = workspace.find("")) found.tensor = first->info().name;
    }
    if (found.reference && !workspace.find(*found.reference)) {
        missing.push_back(workspace.problemOf(*found.reference));
        found.reference.reset();
    }
    if (const auto place = workspace.find(found.tensor))
        keepChannelsThatAre(found, place->info().shape, missing);
    session = std::move(found);
    return missing;
}

}  // namespace app
