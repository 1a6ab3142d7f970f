#pragma once

#include <optional>
#include <string>
#include <vector>

namespace app {

struct Theme;

enum class NoticeKind { Note, Done, Warning, Error };

struct Notice {
    NoticeKind kind = NoticeKind::Note;
    std::string text;
    double age = 0;  // seconds
};

// What the explorer has to say that belongs to no view: in a corner for some seconds, and in a list to read
// again.
class Notices {
public:
    static constexpr size_t mostKept = 100;  // the oldest are forgotten

    void add(NoticeKind kind, std::string text);
    void step(double seconds);

    const std::vector<Notice>& all() const { return m_notices; }  // the latest last
    // How solid one is in its corner, 1 to 0 as it fades.
    static float opacity(const Notice& notice);
    // In how many seconds the corner looks different; none where it stays as it is.
    std::optional<double> changesIn() const;

    // In the lower right of the picture, in a frame of Dear ImGui. A click takes one away.
    void showCorner(const Theme& theme, float scale);
    // The list as a popup; isAsked: opens it.
    void showList(const Theme& theme, float scale, bool isAsked);

private:
    std::vector<Notice> m_notices;
};

}  // namespace app
