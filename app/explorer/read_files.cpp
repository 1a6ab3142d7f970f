#include "app/explorer/read_files.h"

#include "app/explorer/session_json.h"
#include "quant/input_error.h"

#include <stdexcept>

namespace app {

namespace {

// Of a tensor file's index beside it there is "model.safetensors.index.json".
bool isSessionName(const std::string& path) {
    return path.ends_with(".json") && !path.ends_with(".index.json");
}

}  // namespace

ReadFiles readFiles(const std::vector<std::string>& paths, bool isAsked) {
    ReadFiles read{.paths = paths,
                   .problem = {},
                   .isSession = paths.size() == 1 && isSessionName(paths.front()),
                   .isAsked = isAsked,
                   .opening = {}};
    try {
        if (read.isSession) {
            read.opening = openSession(readSession(paths.front()));
        } else {
            read.opening.session.inputs = paths;
            read.opening.files = openFiles(paths, "");
        }
    } catch (const quant::InputError& error) {
        read.problem = error.what();
    } catch (const std::invalid_argument& error) {
        read.problem = error.what();
    }
    return read;
}

}  // namespace app
