#pragma once

#include "app/ceilings.h"
#include "app/kernel_run.h"
#include "app/text_table.h"
#include "engine/device_info.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

// What the reports of `gemm` and `conv` have in common.

namespace app {

using Json = nlohmann::ordered_json;

Json finite(double value);                        // null where it is not
Json headJson(const engine::DeviceInfo& device);  // "tool" and "device"
std::string dumped(const Json& report);           // one line
// "seconds" to "error_bound".
Json speedJson(const Ceilings& ceilings, const Measurement& measured);

// Text of a number or share that is "-" where it is not finite: what has no elements takes no time to speak
// of.
std::string numberText(double value);
std::string shareText(double share);
std::string millisecondsText(double seconds);

std::vector<Cell> headCells(std::vector<std::string> names);

// What the shares are shares of, and the device.
std::string ceilingsText(const Ceilings& ceilings, const engine::DeviceInfo& device);
// A line for each reason.
std::string skippedText(const std::set<std::string>& reasons);

// Measurements in rows: columns of the caller, the first of which stands out, then speed and, where something
// was checked, errors.
class KernelTable {
public:
    struct Column {
        std::string head;
        Align align = Align::Left;
    };
    KernelTable(std::vector<Column> leading, const Ceilings& ceilings, bool hasChecks);

    void addRow(std::vector<std::string> leading, const Measurement& measured);

    std::string render(bool hasColour) const;
    // How many elements were compared; empty where none.
    std::string checkText() const;

private:
    const Ceilings& m_ceilings;
    bool m_hasChecks;
    TextTable m_table;
    uint64_t m_compared = 0, m_outputs = 0;
};

}  // namespace app
