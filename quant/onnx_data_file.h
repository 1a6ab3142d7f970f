#pragma once

#include "quant/output_file.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace quant {

// The file beside a model that holds its external data; see OnnxWriter.
class OnnxDataFile {
public:
    static std::filesystem::path pathFor(const std::filesystem::path& model);

    explicit OnnxDataFile(const std::filesystem::path& model);

    // Makes the tensor, whose data is cleared, refer to what is appended next, of that size.
    void begin(onnx::TensorProto& tensor, uint64_t sizeBytes);
    void write(std::span<const std::byte> bytes);
    void commit() { m_file.commit(); }

private:
    OutputFile m_file;
    std::string m_location;
    uint64_t m_sizeBytes = 0;
};

}  // namespace quant
