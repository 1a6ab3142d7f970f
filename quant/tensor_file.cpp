#include "quant/tensor_file.h"

#include "quant/gguf.h"
#include "quant/input_error.h"
#include "quant/input_file.h"
#include "quant/npy.h"
#include "quant/npz.h"
#include "quant/onnx.h"
#include "quant/safetensors.h"
#include "quant/safetensors_index.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <format>
#include <string_view>
#include <utility>

namespace quant {
namespace {

// To add a format, add a row.
struct FileFormat {
    std::string_view extension;
    std::string_view magic;  // how its files begin; empty: they are told by the extension
    std::unique_ptr<TensorFile> (*open)(InputFile file);
};

template <class File>
std::unique_ptr<TensorFile> open(InputFile file) {
    return std::make_unique<File>(std::move(file));
}

constexpr std::array fileFormats = {
    FileFormat{".npy", npyMagic, open<NpyFile>},
    FileFormat{".npz", "PK\x03\x04", open<NpzFile>},
    FileFormat{".npz", "PK\x05\x06", open<NpzFile>},  // an archive of nothing
    FileFormat{".gguf", ggufMagic, open<GgufFile>},
    FileFormat{safetensorsIndexExtension, "", open<SafetensorsIndexFile>},
    FileFormat{".onnx", "", open<OnnxFile>},
    FileFormat{".safetensors", "", open<SafetensorsFile>},
};

// Formats that users pass by mistake, with what to say.
struct ForeignFormat {
    std::string_view magic;
    const char* problem;
};
constexpr std::array foreignFormats = {
    ForeignFormat{"\x89HDF", "is an HDF5 file, which is not supported"},
    // Longer than the opcode, which begins safetensors files with headers of 640 bytes.
    ForeignFormat{"\x80\x02\x8a\x0a",
                  "is a Python pickle (an old PyTorch checkpoint?), which is not supported"},
};
constexpr size_t longestMagicBytes = 8;

std::string readStart(const InputFile& file, size_t sizeBytes) {
    std::string start(std::min<uint64_t>(file.sizeBytes(), sizeBytes), '\0');
    file.read(0, std::as_writable_bytes(std::span(start)));
    return start;
}

// What is left is a safetensors file, unless its name or its first bytes, which are the length of a header,
// say otherwise.
void refuseUnlike(const InputFile& file, const std::string& start) {
    for (const FileFormat& format : fileFormats) {
        if (!format.magic.empty() && file.path().ends_with(format.extension))
            throw InputError(file.path(), "",
                             std::format("does not begin as {} files do", format.extension.substr(1)), 0);
    }
    uint64_t length = 0;
    for (size_t i = start.size(); i-- > 0;) length = length << 8 | static_cast<uint8_t>(start[i]);
    if (start.size() < 8 || hasTensorFileExtension(file.path()) || length <= file.sizeBytes()) return;
    throw InputError(
        file.path(), "",
        "is of no known format: neither safetensors, npy, npz, gguf nor onnx; of bare elements --raw "
        "says the type and shape");
}

}  // namespace

std::expected<TensorInfo, std::string> makeTensorInfo(std::string name, DType dtype,
                                                      std::vector<uint64_t> shape) {
    if (shape.size() > maxDimensions) {
        return std::unexpected(std::format("has {} dimensions, more than {}", shape.size(), maxDimensions));
    }
    uint64_t product = 1;
    bool isEmpty = false, overflows = false;
    for (const uint64_t extent : shape) {
        // Zeros are left out so that strides, too, fit, whatever the order of the extents.
        isEmpty |= extent == 0;
        overflows |= __builtin_mul_overflow(product, std::max<uint64_t>(extent, 1), &product);
    }
    uint64_t sizeBits = 0;
    overflows |= __builtin_mul_overflow(product, uint64_t{elementSizeBits(dtype)}, &sizeBits);
    if (overflows) return std::unexpected("the size of the shape overflows 64 bits");
    if (isEmpty) product = sizeBits = 0;
    if (sizeBits % 8 != 0) {
        return std::unexpected(
            std::format("{} elements of dtype {} do not fill whole bytes", product, quant::name(dtype)));
    }
    return TensorInfo{std::move(name), dtype, std::move(shape), product, sizeBits / 8, {}, {}};
}

void TensorFile::read(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    assert(index < m_tensors.size());
    const TensorInfo& tensor = m_tensors[index];
    [[maybe_unused]] const uint32_t elementSize = elementSizeBytes(tensor.dtype);
    assert(offset <= tensor.sizeBytes && bytes.size() <= tensor.sizeBytes - offset);
    assert(offset % elementSize == 0 && bytes.size() % elementSize == 0);
    if (!tensor.unreadable.empty()) throw InputError(m_path, tensor.name, tensor.unreadable);
    if (!bytes.empty()) readRange(index, offset, bytes);
}

std::unique_ptr<TensorFile> openTensorFile(const std::filesystem::path& path) {
    InputFile file(path);
    if (file.sizeBytes() == 0) throw InputError(file.path(), "", "is empty");
    const std::string start = readStart(file, longestMagicBytes);
    for (const FileFormat& format : fileFormats) {
        if (!format.magic.empty() && start.starts_with(format.magic)) return format.open(std::move(file));
    }
    for (const ForeignFormat& format : foreignFormats) {
        if (start.starts_with(format.magic)) throw InputError(file.path(), "", format.problem);
    }
    for (const FileFormat& format : fileFormats) {
        if (format.magic.empty() && file.path().ends_with(format.extension))
            return format.open(std::move(file));
    }
    if (isOnnx(file)) return std::make_unique<OnnxFile>(std::move(file));
    refuseUnlike(file, start);
    return std::make_unique<SafetensorsFile>(std::move(file));
}

bool hasTensorFileExtension(const std::filesystem::path& path) {
    return std::ranges::any_of(fileFormats, [name = path.filename().string()](const FileFormat& format) {
        return name.ends_with(format.extension);
    });
}

}  // namespace quant
