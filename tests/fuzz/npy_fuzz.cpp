#include "quant/npy.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::readTensors([&] { return std::make_unique<quant::NpyFile>(fuzz::fileOf({data, size})); });
    return 0;
}
