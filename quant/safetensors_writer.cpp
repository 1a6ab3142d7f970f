// Writes the safetensors format; see safetensors.cpp for its layout.
#include "quant/safetensors_writer.h"

#include "quant/input_error.h"
#include "quant/safetensors.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cassert>
#include <format>
#include <unordered_set>

namespace quant {
namespace {

// nlohmann's ordered object looks keys up linearly, too slow for many thousand tensors; hence strings.
class HeaderBuilder {
public:
    explicit HeaderBuilder(const std::string& path) : m_path(path) {}

    void addMetadata(const std::map<std::string, std::string>& metadata) {
        if (metadata.empty()) return;
        std::string text;
        for (const auto& [key, value] : metadata) {
            text += (text.empty() ? "{" : ",") + quoted(key) + ":" + quoted(value);
        }
        append("\"__metadata__\":" + text + "}");
    }

    void addTensor(const TensorInfo& tensor) {
        const std::string shownName = "tensor '" + printable(tensor.name, 200) + "' ";
        if (tensor.name == "__metadata__") throw OutputError(m_path, shownName + "has a reserved name");
        if (!m_names.insert(tensor.name).second) throw OutputError(m_path, shownName + "would appear twice");
        std::string shape;
        for (const uint64_t extent : tensor.shape)
            shape += (shape.empty() ? "" : ",") + std::to_string(extent);
        const uint64_t begin = m_dataBytes;
        if (__builtin_add_overflow(m_dataBytes, tensor.sizeBytes, &m_dataBytes)) {
            throw OutputError(m_path, shownName + "ends beyond 2^64 bytes");
        }
        append(std::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", quoted(tensor.name),
                           quant::name(tensor.dtype), shape, begin, m_dataBytes));
    }

    uint64_t dataBytes() const { return m_dataBytes; }

    // Length field and JSON, padded to a multiple of 8 bytes.
    std::string finish() {
        m_json += m_json.empty() ? "{}" : "}";
        m_json.resize((m_json.size() + 7) / 8 * 8, ' ');
        if (m_json.size() > maxSafetensorsHeaderBytes) {
            throw OutputError(m_path,
                              std::format("the header would exceed {} bytes", maxSafetensorsHeaderBytes));
        }
        std::string length(safetensorsLengthBytes, '\0');
        for (size_t i = 0; i < length.size(); ++i)
            length[i] = static_cast<char>(m_json.size() >> (8 * i) & 0xff);
        return length + m_json;
    }

private:
    void append(const std::string& member) { m_json += (m_json.empty() ? "{" : ",") + member; }

    std::string quoted(const std::string& text) const {
        try {
            return nlohmann::json(text).dump();
        } catch (const nlohmann::json::type_error&) {
            throw OutputError(m_path, "'" + printable(text, 200) + "' is not UTF-8");
        }
    }

    const std::string& m_path;
    std::string m_json;
    std::unordered_set<std::string> m_names;
    uint64_t m_dataBytes = 0;
};

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path,
                                     const std::vector<TensorInfo>& tensors,
                                     const std::map<std::string, std::string>& metadata)
    : m_file(path) {
    HeaderBuilder header(m_file.path());
    header.addMetadata(metadata);
    for (const TensorInfo& tensor : tensors) {
        assert(makeTensorInfo(tensor.name, tensor.dtype, tensor.shape)->sizeBytes == tensor.sizeBytes);
        header.addTensor(tensor);
    }
    m_missingBytes = header.dataBytes();
    m_file.write(header.finish());
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
    if (bytes.size() > m_missingBytes) {
        throw OutputError(m_file.path(), std::format("{} bytes more than the tensors announced hold",
                                                     bytes.size() - m_missingBytes));
    }
    m_file.write(bytes);
    m_missingBytes -= bytes.size();
}

void SafetensorsWriter::commit() {
    if (m_missingBytes > 0) {
        throw OutputError(m_file.path(),
                          std::format("{} bytes of tensor data were not written", m_missingBytes));
    }
    m_file.commit();
}

}  // namespace quant
