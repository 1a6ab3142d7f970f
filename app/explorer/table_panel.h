#pragma once

#include "app/explorer/tensor_rows.h"

#include <string>

namespace app {

struct PanelContext;

// The table of tensors: filter, columns that sort, the selected row. Its rows are laid out only where they
// are in sight.
class TablePanel {
public:
    // In the present window, which it fills.
    void show(PanelContext& context);

    // Moves the selection, past rows that cannot be analyzed.
    void step(PanelContext& context, RowStep step);

private:
    void showFilter(PanelContext& context);
    void showRows(PanelContext& context);
    void showRow(PanelContext& context, size_t row);
    void keepInSight(PanelContext& context);

    size_t m_pageRows = 10;
    std::string m_inSight;  // the tensor that was scrolled to last
};

}  // namespace app
