#pragma once

#include <string>
#include <string_view>

namespace app {

struct ViewContext;

// The lines above a view's figures, in Dear ImGui.

// The shown tensor, and what is known of it; `more` after that. Needs a tensor that is shown.
void showTensorHeading(const ViewContext& context, std::string_view more = {});

// A name and its value; the next goes beside it.
void showValue(const ViewContext& context, const char* name, const std::string& value);

// One of several words of which one is chosen; whether it was clicked. The next goes beside it.
bool showChoice(const ViewContext& context, const char* word, bool isChosen);

// A dim word; the next goes beside it.
void showWord(const ViewContext& context, const char* word);

}  // namespace app
