#include "tests/fuzz/fuzz_file.h"

#include "quant/input_error.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace fuzz {

namespace {

constexpr uint64_t sliceBytes = 64 << 10;

void readSlices(const quant::TensorFile& file, size_t index) {
    const quant::TensorInfo& info = file.tensors()[index];
    const uint64_t element = quant::elementSizeBytes(info.dtype);
    const uint64_t size = std::min(info.sizeBytes, sliceBytes) / element * element;
    std::vector<std::byte> bytes(size);
    for (const uint64_t offset : {uint64_t{0}, info.sizeBytes / 2, info.sizeBytes - size}) {
        const uint64_t begin = std::min(offset, info.sizeBytes - size) / element * element;
        file.read(index, begin, bytes);
    }
}

}  // namespace

quant::InputFile fileOf(std::span<const uint8_t> bytes) {
    static const int descriptor = memfd_create("fuzz", 0);
    static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    if (descriptor < 0 || ftruncate(descriptor, 0) != 0 ||
        pwrite(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("cannot write a file in memory");
    }
    return quant::InputFile(path);
}

void readTensors(const std::function<std::unique_ptr<quant::TensorFile>()>& open) {
    try {
        const auto file = open();
        for (size_t i = 0; i < file->tensors().size(); ++i) {
            try {
                readSlices(*file, i);
            } catch (const quant::InputError&) {
                continue;
            }
        }
    } catch (const quant::InputError&) {
        return;
    }
}

}  // namespace fuzz
