// Reads bytes as a plan of mixed precision. What is taken must name each tensor once, in words that are read
// back alike; all else must be refused as unusable input.
#include "quant/input_error.h"
#include "quant/quantization_plan.h"
#include "tests/fuzz/fuzz_file.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        std::set<std::string> names;
        for (const auto& tensor : quant::readQuantizationPlan(fuzz::fileOf({data, size}))) {
            require(names.insert(tensor.name).second);
            require(quant::numberFormatFrom(tensor.format.name()) == tensor.format);
            require(quant::granularityFrom(tensor.granularity.name()) == tensor.granularity);
            require(quant::methodFrom(tensor.method.name()).name() == tensor.method.name());
        }
        require(!names.empty());
    } catch (const quant::InputError&) {
    }
    return 0;
}
