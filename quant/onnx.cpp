// Reads ONNX models (https://onnx.ai/onnx/repo-docs/IR.html): a protobuf message ModelProto.
#include "quant/onnx.h"

#include "quant/contained_file.h"
#include "quant/input_error.h"
#include "quant/onnx_model.h"
#include "quant/onnx_parse.h"
#include "quant/utf8.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <array>
#include <format>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace quant {
namespace {

using google::protobuf::internal::WireFormatLite;

constexpr size_t maxOpenExternalFiles = 64;
constexpr int maxTopLevelFields = 100'000;  // of a model that is recognised by its contents

std::map<std::string, std::string> metadataOf(const std::string& file, const onnx::ModelProto& model) {
    std::map<std::string, std::string> metadata;
    for (const onnx::StringStringEntryProto& entry : model.metadata_props()) {
        const auto fail = [&](const std::string& problem) {
            throw InputError::atField(file, "", "metadata_props", "key '" + entry.key() + "' " + problem);
        };
        if (!isUtf8(entry.key()) || !isUtf8(entry.value())) fail("or its value is not UTF-8");
        if (!metadata.emplace(entry.key(), entry.value()).second) fail("appears twice");
    }
    return metadata;
}

// Unique names for the tensors at these places.
std::vector<std::string> uniqueNames(const std::string& file, const std::vector<OnnxPlace>& places) {
    std::unordered_map<std::string_view, size_t> uses;
    for (const OnnxPlace& place : places) ++uses[place.ownName()];
    std::vector<std::string> names;
    std::unordered_set<std::string> taken;
    for (const OnnxPlace& place : places) {
        const std::string& own = place.ownName();
        std::string name = uses[own] > 1 ? place.path + own : own;
        if (own.empty()) throw InputError::atField(file, place.path, "name", "an initializer has none");
        if (!isUtf8(name)) throw InputError::atField(file, name, "name", "is not UTF-8");
        if (!taken.insert(name).second) throw InputError(file, name, "appears twice");
        names.push_back(std::move(name));
    }
    return names;
}

// Reads a varint at `offset` of the file and moves behind it.
std::optional<uint64_t> readVarint(const InputFile& file, uint64_t& offset) {
    std::array<uint8_t, 10> bytes = {};
    const uint64_t count = std::min<uint64_t>(bytes.size(), file.sizeBytes() - offset);
    file.read(offset, std::as_writable_bytes(std::span(bytes).first(count)));
    google::protobuf::io::CodedInputStream stream(bytes.data(), static_cast<int>(count));
    uint64_t value = 0;
    if (!stream.ReadVarint64(&value)) return {};
    offset += static_cast<uint64_t>(stream.CurrentPosition());
    return value;
}

// Whether ModelProto has a field of that number and wire type.
bool isModelField(uint64_t tag) {
    constexpr uint64_t numbers[] = {onnx::ModelProto::kIrVersionFieldNumber,
                                    onnx::ModelProto::kModelVersionFieldNumber};
    constexpr uint64_t messages[] = {
        onnx::ModelProto::kProducerNameFieldNumber,  onnx::ModelProto::kProducerVersionFieldNumber,
        onnx::ModelProto::kDomainFieldNumber,        onnx::ModelProto::kDocStringFieldNumber,
        onnx::ModelProto::kGraphFieldNumber,         onnx::ModelProto::kOpsetImportFieldNumber,
        onnx::ModelProto::kMetadataPropsFieldNumber, onnx::ModelProto::kTrainingInfoFieldNumber,
        onnx::ModelProto::kFunctionsFieldNumber};
    if ((tag & 7) == WireFormatLite::WIRETYPE_VARINT) return std::ranges::contains(numbers, tag >> 3);
    return (tag & 7) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED &&
           std::ranges::contains(messages, tag >> 3);
}

bool hasModelFields(const InputFile& file) {
    bool hasGraph = false;
    uint64_t at = 0;
    for (int fields = 0; at < file.sizeBytes(); ++fields) {
        const auto tag = readVarint(file, at);
        if (!tag || !isModelField(*tag) || fields == maxTopLevelFields) return false;
        hasGraph |= *tag >> 3 == onnx::ModelProto::kGraphFieldNumber;
        const auto value = readVarint(file, at);  // or the length of what follows
        if (!value) return false;
        if ((*tag & 7) == WireFormatLite::WIRETYPE_VARINT) continue;
        if (*value > file.sizeBytes() - at) return false;
        at += *value;
    }
    return hasGraph;
}

}  // namespace

std::shared_ptr<const InputFile> OnnxExternalFiles::open(const std::string& file, const std::string& tensor,
                                                         const std::string& location) {
    const std::lock_guard lock(m_mutex);
    if (const auto known = m_files.find(location); known != m_files.end()) return known->second;
    auto opened = openContained(m_folder, location);
    if (!opened) throw InputError::atField(file, tensor, "location", opened.error());
    if (m_files.size() >= maxOpenExternalFiles) m_files.clear();
    return m_files[location] = std::make_shared<const InputFile>(*std::move(opened));
}

std::set<std::string> OnnxModel::locations() const {
    std::set<std::string> locations;
    for (const OnnxStorage& storage : storages) {
        if (storage.field == OnnxStorage::Field::External) locations.insert(storage.location);
    }
    return locations;
}

OnnxFile::OnnxFile(InputFile file)
    : m_model(std::make_unique<OnnxModel>(std::filesystem::path(file.path()).parent_path())) {
    m_path = file.path();
    m_format = "onnx";
    m_fileSizeBytes = file.sizeBytes();
    parseOnnx(file, m_model->proto);
    m_metadata = metadataOf(m_path, m_model->proto);
    describe();
}

OnnxFile::~OnnxFile() = default;

std::vector<std::string> OnnxFile::sourcePaths() const {
    std::vector<std::string> paths = {m_path};
    for (const std::string& location : m_model->locations())
        paths.push_back((std::filesystem::path(m_path).parent_path() / location).string());
    return paths;
}

void OnnxFile::describe() {
    m_model->places = placesOf(m_model->proto);
    const auto names = uniqueNames(m_path, m_model->places);
    for (size_t i = 0; i < names.size(); ++i) {
        const OnnxPlace& place = m_model->places[i];
        m_tensors.push_back(place.tensor ? onnxTensorInfo(m_path, names[i], *place.tensor)
                                         : onnxTensorInfo(m_path, names[i], *place.sparse));
        const TensorInfo& info = m_tensors.back();
        OnnxStorage& storage = m_model->storages.emplace_back();
        if (!info.unreadable.empty()) continue;
        storage = onnxStorage(m_path, info, *place.tensor);
        if (storage.field == OnnxStorage::Field::External) checkExternal(info, storage);
    }
    for (const std::string& location : m_model->locations())
        m_fileSizeBytes += m_model->externalFiles.open(m_path, "", location)->sizeBytes();
}

void OnnxFile::checkExternal(const TensorInfo& info, const OnnxStorage& storage) const {
    const uint64_t available = m_model->externalFiles.open(m_path, info.name, storage.location)->sizeBytes();
    if (storage.offset <= available && info.sizeBytes <= available - storage.offset) return;
    throw InputError::atField(m_path, info.name, "external_data",
                              std::format("{} bytes from {} on lie beyond the {} of '{}'", info.sizeBytes,
                                          storage.offset, available, storage.location));
}

void OnnxFile::readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const {
    const OnnxStorage& storage = m_model->storages[index];
    if (storage.field != OnnxStorage::Field::External) {
        copyOnnxData(*m_model->places[index].tensor, m_tensors[index], storage.field, offset, bytes);
        return;
    }
    const auto file = m_model->externalFiles.open(m_path, m_tensors[index].name, storage.location);
    file->read(storage.offset + offset, bytes, m_tensors[index].name);
}

bool hasOnnxExtension(std::string_view path) {
    constexpr std::string_view extension = ".onnx";
    return path.size() > extension.size() && path.ends_with(extension);
}

bool isOnnx(const InputFile& file) {
    return hasOnnxExtension(file.path()) || hasModelFields(file);
}

}  // namespace quant
