#pragma once

#include "app/explorer/channels_task.h"
#include "app/explorer/compare_task.h"
#include "app/explorer/curves_task.h"
#include "app/explorer/device_task.h"
#include "app/explorer/methods_task.h"
#include "app/explorer/opened_files.h"
#include "app/explorer/readout_task.h"
#include "app/explorer/session.h"
#include "app/explorer/table_task.h"
#include "app/explorer/tensor_place.h"
#include "app/explorer/tensor_rows.h"
#include "app/explorer/values_task.h"
#include "engine/device.h"
#include "quant/counting_path.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

// The open files of a viewer and what is known of their tensors: everything that a Session is drawn from. It
// computes what the session asks for, the most urgent first, in slices.
class Workspace {
public:
    // memoryBytes: of the device, for tensor data.
    Workspace(engine::Device& device, uint64_t memoryBytes, quant::CountingPath path);

    // Takes files in place of what is open.
    void open(OpenedFiles files);
    // What has been computed is computed again, as after a change of a kernel.
    void startAgain();
    const std::vector<std::string>& inputs() const { return m_inputs; }
    const std::string& raw() const { return m_raw; }

    TensorRows& rows() { return m_rows; }
    const TensorPlace& place(size_t row) const { return m_places[row]; }
    // The tensor of the row of that name, or the first where it is empty, if it can be analyzed.
    std::optional<TensorPlace> find(const std::string& name) const;
    // The first row's that can be analyzed; empty where there is none.
    std::string nameOfFirst() const;
    // Why a tensor of that name cannot be analyzed, or that there is none; empty where it can.
    std::string problemOf(const std::string& name) const;

    // What is to be computed from now on; the table's numbers only where it is shown.
    void want(const Session& session);
    // Goes on with it for about so long, or past so many places where work may pause.
    void run(std::chrono::steady_clock::duration budget);
    void runPauses(uint64_t pauses);
    bool isIdle() const;

    // The tensor that the session shows; none where it names one that cannot be shown.
    const std::optional<TensorPlace>& shown() const { return m_shown; }
    CurvesTask& curves() { return m_curves; }
    CurvesTask& reference() { return m_reference; }
    MethodsTask& methods() { return m_methods; }
    ReadoutTask& readout() { return m_readout; }
    ChannelsTask& channels() { return m_channels; }
    ValuesTask& values() { return m_values; }
    CompareTask& comparison() { return m_comparison; }
    CompareTask& referenceComparison() { return m_referenceComparison; }
    DeviceTask& deviceTask() { return m_deviceTask; }
    const TableTask& table() const { return m_table; }

    // The number format that the session has chosen for the shown tensor; none before its profile is known.
    std::optional<quant::NumberFormat> chosenFormat(const Session& session);
    // That format at the session's clip, or at octav's as far as it is known. None for block-scaled formats.
    std::optional<quant::ClippedGrid> grid(const Session& session);

    engine::Device& device() { return m_device; }

private:
    void forgetShown();
    void wantClip(const Session& session);
    void wantChannels(const Session& session);
    void wantValues(const Session& session);
    void wantComparison(const Session& session);

    engine::Device& m_device;
    std::vector<std::string> m_inputs;
    std::string m_raw;
    std::vector<TensorPlace> m_places;  // of rows()
    TensorRows m_rows;
    std::optional<TensorPlace> m_shown;
    CurvesTask m_curves, m_reference;
    MethodsTask m_methods;
    ReadoutTask m_readout;
    TableTask m_table;
    ChannelsTask m_channels;
    ValuesTask m_values;
    CompareTask m_comparison, m_referenceComparison;
    DeviceTask m_deviceTask;
    // The most urgent first; those of one view work only while it is shown.
    std::vector<Task*> m_tasks;
};

}  // namespace app
