#include "app/explorer/session_opening.h"

#include "app/explorer/workspace.h"
#include "app/tensor_selection.h"
#include "quant/input_error.h"
#include "quant/raw.h"

#include <algorithm>

namespace app {

namespace {

// Headers are read here, and again when all are opened together.
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

SessionOpening openSession(const Session& session) {
    SessionOpening opening{.session = session, .files = {}, .missing = {}};
    std::vector<std::string>& inputs = opening.session.inputs;
    inputs = usableInputs(session, opening.missing);
    if (inputs.empty() && !session.inputs.empty())
        throw quant::InputError(session.inputs.front(), "", "none of the session's inputs can be opened");
    opening.files = openFiles(inputs, session.raw);
    return opening;
}

std::vector<std::string> keepWhatIsThere(Session& session, const Workspace& workspace) {
    std::vector<std::string> missing;
    if (!session.tensor.empty() && !workspace.find(session.tensor)) {
        missing.push_back(workspace.problemOf(session.tensor));
        session.tensor.clear();
    }
    if (session.tensor.empty()) session.tensor = workspace.nameOfFirst();
    if (session.reference && !workspace.find(*session.reference)) {
        missing.push_back(workspace.problemOf(*session.reference));
        session.reference.reset();
    }
    if (const auto place = workspace.find(session.tensor))
        keepChannelsThatAre(session, place->info().shape, missing);
    return missing;
}

}  // namespace app
