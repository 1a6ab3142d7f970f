#pragma once

#include "app/explorer/synthetic_tensor.h"
#include "engine/buffer.h"
#include "engine/device.h"
#include "quant/curve_pass.h"
#include "quant/error_pass.h"
#include "quant/level_counts.h"
#include "quant/profile_pass.h"
#include "quant/quantize_pass.h"
#include "quant/tensor_stream.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace app {

// Every family of kernels with work to do, on a synthetic tensor that lies on the device.
class KernelSuite {
public:
    struct Work {
        std::string name;
        double bytes = 0;           // of the tensor that it reads and writes
        std::function<void()> run;  // submits; need not wait
    };

    // Brings the tensor to the device. Throws engine::OutOfMemory where that and as much again has no room.
    KernelSuite(engine::Device& device, uint64_t elements, quant::CountingPath path);

    // A plain copy comes first. The works refer to the suite.
    std::vector<Work> works();

private:
    void copy();
    void quantize();

    engine::Device& m_device;
    SyntheticTensor m_tensor;
    quant::TensorStream m_stream;
    quant::ProfilePass m_profiles;
    quant::ErrorPass m_errors;
    quant::QuantizePass m_quantize;
    quant::LevelCounts m_levels;
    quant::Profile m_profile;
    quant::CurvePass m_curves;
    engine::Buffer m_copy;
};

}  // namespace app
