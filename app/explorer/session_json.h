#pragma once

#include "app/explorer/json_field.h"
#include "app/explorer/session.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace app {

constexpr int sessionVersion = 1;

// A session as JSON: an object with "clipscope_session": 1 and fields that are all optional, null as good as
// missing; fields that this version does not know are ignored. Paths are kept relative to `folder` where they
// lie below it, else absolute (pathJson).
Json sessionJson(const Session& session, const std::filesystem::path& folder);

// The way back. Throws quant::InputError naming the file and the field: a wrong type, a number out of range,
// an unknown word, a version that this program does not know, no session at all.
Session sessionFrom(const JsonField& object, const std::filesystem::path& folder);

// The same for a text that stands in the file of that path, whose folder is that of the relative paths.
Session sessionFrom(std::string_view text, const std::filesystem::path& file);

// A file of at most 1 MiB. Throws quant::InputError.
Session readSession(const std::filesystem::path& file);

// Whole or not at all. Throws quant::OutputError.
void writeSession(const Session& session, const std::filesystem::path& file);

}  // namespace app
