#pragma once

#include "app/tensor_selection.h"
#include "quant/quantize.h"

#include <string>
#include <vector>

namespace app {

// A job with the options for each selected tensor of the one file.
std::vector<quant::QuantizeJob> jobsFor(const Selection& selection, const quant::QuantizeOptions& options);

// The jobs that a plan names (quant::readQuantizationPlan), which become the selection. Options that the plan
// does not decide are taken from `options`. Throws quant::InputError: a plan that cannot be used or does not
// fit the file.
std::vector<quant::QuantizeJob> jobsOfPlan(const std::string& planPath, Selection& selection,
                                           const quant::QuantizeOptions& options);

}  // namespace app
