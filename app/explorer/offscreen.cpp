#include "app/explorer/offscreen.h"

#include "app/plot/image_picture.h"

#include <algorithm>
#include <chrono>

namespace app {

namespace {

using std::chrono::steady_clock;

constexpr double frameSeconds = 1.0 / 60;

}  // namespace

Offscreen::Offscreen(engine::Device& device, Explorer& explorer, const PictureSize& size)
    : m_device(device),
      m_explorer(explorer),
      m_size(size),
      m_image(device, size.pixelsWide(), size.pixelsHigh(), "picture") {}

// Without a person who waits for frames, they wait for files.
void Offscreen::draw() {
    m_explorer.finishFiles();
    m_explorer.draw(m_image, m_size.scale, frameSeconds, steady_clock::duration::zero());
}

Picture Offscreen::frame() {
    draw();
    return pictureOf(m_device, m_image);
}

// An answer may raise the next question, which the frame after it asks; and what the last frame laid out may
// settle only in the next.
Picture Offscreen::finished() {
    for (int settled = 0; settled < 2;) {
        m_explorer.workspace().want(m_explorer.session());
        settled = m_explorer.isBusy() ? 0 : settled + 1;
        m_explorer.workspace().run(std::chrono::hours(1));
        draw();
    }
    return frame();
}

Picture Offscreen::afterPauses(uint64_t pauses) {
    m_explorer.workspace().want(m_explorer.session());
    m_explorer.workspace().runPauses(pauses);
    draw();
    return frame();
}

}  // namespace app
