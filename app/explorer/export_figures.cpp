#include "app/explorer/export_figures.h"

#include "app/explorer/bare_view.h"
#include "app/explorer/figure_list.h"
#include "app/explorer/ui.h"
#include "app/explorer/view_context.h"
#include "app/explorer/workspace.h"
#include "app/plot/figure_csv.h"
#include "app/plot/figure_svg.h"
#include "app/plot/frame_renderer.h"
#include "app/plot/image_picture.h"
#include "engine/commands.h"
#include "engine/image.h"
#include "quant/output_file.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace app {

namespace {

// The view laid out in a context of its own, so that the one on the screen does not notice.
class Page {
public:
    Page(const Session& session, Workspace& workspace, float width, float height, float scale)
        : m_session(session), m_workspace(workspace), m_figures(m_ui) {
        const double wide = std::round(width * scale), high = std::round(height * scale);
        if (!(wide >= 1 && high >= 1 && wide <= mostPictureSide && high <= mostPictureSide)) {
            throw std::invalid_argument("a picture has sides of 1 to " + std::to_string(mostPictureSide) +
                                        " pixels");
        }
        m_wide = static_cast<uint32_t>(wide);
        m_high = static_cast<uint32_t>(high);
        m_ui.setLook(session.theme == Appearance::Dark ? darkTheme() : lightTheme(), scale);
        layOut();
        layOut();  // what the first frame laid out settles in the second
    }

    Picture picture() {
        engine::Device& device = m_workspace.device();
        const engine::Image image(device, m_wide, m_high, "export");
        FrameRenderer renderer(device);
        renderer.draw(image, *m_data, m_ui.atlas(), m_figures.all(), m_ui.scale(), m_ui.theme().panel);
        return pictureOf(device, image);
    }

    // Moved up to where the page begins.
    std::vector<PlacedFigure> figures() const {
        std::vector<PlacedFigure> placed;
        float top = static_cast<float>(m_high);
        for (const LaidOutFigure& figure : m_figures.all()) top = std::min(top, figure.layout.frame.top);
        for (const LaidOutFigure& figure : m_figures.all()) {
            Rect frame = figure.layout.frame;
            frame.top -= top;
            frame.bottom -= top;
            placed.push_back({figure.figure, frame});
        }
        return placed;
    }

    const Ui& ui() const { return m_ui; }

private:
    void layOut() {
        m_ui.beginFrame(m_wide, m_high, 1.0 / 60);
        m_figures.clear();
        ViewContext context{m_session, m_workspace, m_figures, m_ui};
        showBareView(context, m_wide, m_high);
        m_data = &m_ui.endFrame();
    }

    Session m_session;
    Workspace& m_workspace;
    Ui m_ui;
    FigureList m_figures;
    const ImDrawData* m_data = nullptr;
    uint32_t m_wide = 0, m_high = 0;
};

}  // namespace

std::string_view name(ExportKind kind) {
    constexpr std::string_view names[] = {"png", "svg", "csv"};
    return names[static_cast<size_t>(kind)];
}

Picture pictureOfView(const Session& session, Workspace& workspace, float width, float height, float scale) {
    return Page(session, workspace, width, height, scale).picture();
}

std::string svgOfView(const Session& session, Workspace& workspace, float width, float height) {
    const Page page(session, workspace, width, height, 1);
    const auto figures = page.figures();
    glm::vec2 size(width, 1);
    for (const PlacedFigure& figure : figures) size.y = std::max(size.y, figure.frame.bottom);
    return svgOf(figures, size, page.ui().theme(), page.ui().measure(), workspace.device());
}

std::string csvOfView(const Session& session, Workspace& workspace, float width, float height) {
    const Page page(session, workspace, width, height, 1);
    const auto placed = page.figures();
    std::vector<const Figure*> figures;
    for (const PlacedFigure& figure : placed) figures.push_back(&figure.figure);
    return csvOf(figures, workspace.device());
}

std::function<void()> preparedExport(const std::string& path, ExportKind kind, const Session& session,
                                     Workspace& workspace, float width, float height, float scale) {
    if (kind == ExportKind::Png) {
        return [path, picture = pictureOfView(session, workspace, width, height, scale)] {
            writePng(path, picture);
        };
    }
    return [path, text = kind == ExportKind::Svg ? svgOfView(session, workspace, width, height)
                                                 : csvOfView(session, workspace, width, height)] {
        quant::OutputFile file(path);
        file.write(text);
        file.commit();
    };
}

}  // namespace app
