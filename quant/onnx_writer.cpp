#include "quant/onnx_writer.h"

#include "quant/input_error.h"
#include "quant/onnx_data_file.h"
#include "quant/onnx_dequantize.h"
#include "quant/onnx_model.h"
#include "quant/output_file.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <exception>
#include <format>
#include <system_error>
#include <utility>

namespace quant {
namespace {

constexpr uint64_t copyBytes = uint64_t{4} << 20;
constexpr uint64_t minExternalBytes = 1024;
constexpr uint64_t slackBytesPerTensor = 64;  // for lengths of fields that are not written yet

// Takes protobuf's bytes to a file, and keeps an exception away from it.
class FileSink final : public google::protobuf::io::CopyingOutputStream {
public:
    explicit FileSink(OutputFile& file) : m_file(file) {}

    bool Write(const void* buffer, int size) override {
        try {
            m_file.write(std::span(static_cast<const std::byte*>(buffer), static_cast<size_t>(size)));
            return true;
        } catch (...) {
            m_error = std::current_exception();
            return false;
        }
    }
    const std::exception_ptr& error() const { return m_error; }

private:
    OutputFile& m_file;
    std::exception_ptr m_error;
};

// A tensor of the output whose data is still to come.
struct Target {
    onnx::TensorProto* tensor = nullptr;
    uint64_t givenBytes = 0;   // that write() takes
    uint64_t storedBytes = 0;  // in the file
    bool isPacked = false;     // two levels to a byte
    OnnxPartNames names;
};

Target targetOf(const TensorInfo& info, const OnnxPlace& place, const OnnxReplacement& replacement,
                OnnxDequantizer& dequantizer) {
    if (!replacement.levels) {
        clearOnnxData(*place.tensor);
        return {place.tensor, info.sizeBytes, info.sizeBytes, false, {}};
    }
    const auto type = onnxLevelType(*replacement.levels, place.opset);
    const bool isPacked = type == onnx::TensorProto::INT4 || type == onnx::TensorProto::UINT4;
    const uint64_t given = info.elements * (replacement.levels->bits > 8 ? 2 : 1);
    onnx::TensorProto& tensor = dequantizer.replace(place, *replacement.levels);
    return {&tensor, given, isPacked ? (given + 1) / 2 : given, isPacked, dequantizer.lastNames()};
}

std::vector<std::byte> packNibbles(std::span<const std::byte> levels) {
    std::vector<std::byte> bytes((levels.size() + 1) / 2);
    for (size_t i = 0; i < levels.size(); ++i) bytes[i / 2] |= (levels[i] & std::byte{0xf}) << (i % 2 * 4);
    return bytes;
}

}  // namespace

void checkOnnxReplacement(const OnnxFile& file, size_t tensor, bool byLevels) {
    const TensorInfo& info = file.tensors()[tensor];
    const OnnxPlace& place = file.model().places[tensor];
    if (!info.unreadable.empty()) throw InputError(file.path(), info.name, info.unreadable);
    if (!byLevels) return;
    const auto fail = [&](const std::string& problem) {
        throw InputError(file.path(), info.name, problem + "; --fake keeps the model as it is");
    };
    if (place.opset < minOnnxOpset) {
        fail(std::format("integers need operator set {}, and the model imports {}", minOnnxOpset,
                         place.opset == 0 ? "none" : std::to_string(place.opset)));
    }
    if (place.isFormalInput && !place.isMainGraph) fail("is an input of its subgraph, too");
    if (file.model().proto.training_info_size() > 0)
        fail("the model's training graphs need its initializers");
}

struct OnnxWriter::State {
    State(const OnnxFile& inputFile, const std::filesystem::path& outputPath)
        : input(inputFile), path(outputPath), file(outputPath), proto(inputFile.model().proto) {}

    void replace(const std::vector<OnnxReplacement>& replacements);
    uint64_t embeddedBytes() const;
    void refuseOwnData() const;
    void beginTarget();
    void storePacked(std::span<const std::byte> levels);
    void store(std::span<const std::byte> bytes);
    void storeRest();
    void storeExternal(size_t index);
    void serialize();

    const OnnxFile& input;
    std::filesystem::path path;
    OutputFile file;
    onnx::ModelProto proto;
    std::vector<Target> targets;           // per replacement
    size_t current = 0;                    // of targets
    uint64_t missingBytes = 0;             // of the current target
    std::optional<std::byte> half;         // a level that waits for the other of its byte
    std::vector<onnx::TensorProto*> kept;  // per tensor of the input, as it was; null where replaced
    std::vector<bool> isConstant;          // likewise: the value of a Constant node
    std::optional<OnnxDataFile> data;
};

void OnnxWriter::State::replace(const std::vector<OnnxReplacement>& replacements) {
    const auto places = placesOf(proto);
    for (const OnnxPlace& place : places) {
        kept.push_back(place.tensor);
        isConstant.push_back(place.constant != nullptr);
    }
    OnnxDequantizer dequantizer(proto);
    for (const OnnxReplacement& replacement : replacements) {
        const size_t i = replacement.tensor;
        checkOnnxReplacement(input, i, replacement.levels.has_value());
        targets.push_back(targetOf(input.tensors()[i], places[i], replacement, dequantizer));
        kept[i] = nullptr;
    }
    dequantizer.finish();
}

// What the model takes as one file.
uint64_t OnnxWriter::State::embeddedBytes() const {
    uint64_t bytes = proto.ByteSizeLong();
    for (const Target& target : targets) bytes += target.storedBytes + slackBytesPerTensor;
    for (size_t i = 0; i < kept.size(); ++i) {
        if (kept[i] && input.model().storages[i].field == OnnxStorage::Field::External)
            bytes += input.tensors()[i].sizeBytes + slackBytesPerTensor;
    }
    return bytes;
}

// The new data would replace what the input's model refers to.
void OnnxWriter::State::refuseOwnData() const {
    const auto dataPath = OnnxDataFile::pathFor(path);
    for (const OnnxStorage& storage : input.model().storages) {
        if (storage.field != OnnxStorage::Field::External) continue;
        std::error_code ignored;
        const auto used = std::filesystem::path(input.path()).parent_path() / storage.location;
        if (std::filesystem::equivalent(used, dataPath, ignored))
            throw OutputError(dataPath.string(), "would replace the input's external data");
    }
}

void OnnxWriter::State::beginTarget() {
    while (current < targets.size() && targets[current].givenBytes == 0) ++current;
    if (current == targets.size()) return;
    const Target& target = targets[current];
    missingBytes = target.givenBytes;
    if (data)
        data->begin(*target.tensor, target.storedBytes);
    else
        target.tensor->mutable_raw_data()->reserve(target.storedBytes);
}

void OnnxWriter::State::store(std::span<const std::byte> bytes) {
    if (data)
        data->write(bytes);
    else
        targets[current].tensor->mutable_raw_data()->append(reinterpret_cast<const char*>(bytes.data()),
                                                            bytes.size());
}

// Two levels to a byte, wherever the pieces end.
void OnnxWriter::State::storePacked(std::span<const std::byte> levels) {
    if (half && !levels.empty()) {
        store(packNibbles(std::array{*std::exchange(half, {}), levels.front()}));
        levels = levels.subspan(1);
    }
    const bool isEnd = missingBytes == 0;
    if (levels.size() % 2 == 1 && !isEnd) {
        half = levels.back();
        levels = levels.first(levels.size() - 1);
    }
    store(packNibbles(levels));
}

// Initializers that need not be in the model, and all that was external.
void OnnxWriter::State::storeRest() {
    for (size_t i = 0; i < kept.size(); ++i) {
        if (!kept[i]) continue;
        if (input.model().storages[i].field == OnnxStorage::Field::External) {
            storeExternal(i);
        } else if (data && !isConstant[i] && kept[i]->raw_data().size() >= minExternalBytes) {
            const std::string bytes = std::move(*kept[i]->mutable_raw_data());
            clearOnnxData(*kept[i]);
            data->begin(*kept[i], bytes.size());
            data->write(std::as_bytes(std::span(bytes)));
        }
    }
}

void OnnxWriter::State::storeExternal(size_t index) {
    onnx::TensorProto& tensor = *kept[index];
    const uint64_t size = input.tensors()[index].sizeBytes;
    clearOnnxData(tensor);
    if (data) {
        data->begin(tensor, size);
    } else {
        tensor.mutable_raw_data()->reserve(size);
    }
    std::vector<std::byte> bytes;
    for (uint64_t offset = 0; offset < size; offset += copyBytes) {
        bytes.resize(std::min(copyBytes, size - offset));
        input.read(index, offset, bytes);
        if (data)
            data->write(bytes);
        else
            tensor.mutable_raw_data()->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
}

void OnnxWriter::State::serialize() {
    const uint64_t size = proto.ByteSizeLong();
    if (size > maxOnnxBytes)
        throw OutputError(path.string(),
                          std::format("the model takes {} bytes, more than protobuf's 2 GB", size));
    FileSink sink(file);
    google::protobuf::io::CopyingOutputStreamAdaptor stream(&sink, 1 << 16);
    const bool isWhole = proto.SerializeToZeroCopyStream(&stream) && stream.Flush();
    if (sink.error()) std::rethrow_exception(sink.error());
    if (!isWhole) throw OutputError(path.string(), "the model cannot be serialized");
}

OnnxWriter::OnnxWriter(const OnnxFile& input, const std::filesystem::path& path,
                       const std::vector<OnnxReplacement>& replacements, uint64_t maxModelBytes)
    : m_state(std::make_unique<State>(input, path)) {
    m_state->replace(replacements);
    if (m_state->embeddedBytes() > maxModelBytes) {
        m_state->refuseOwnData();
        m_state->data.emplace(path);
    }
    m_state->beginTarget();
}

OnnxWriter::~OnnxWriter() = default;

const OnnxPartNames& OnnxWriter::namesOf(size_t index) const {
    return m_state->targets[index].names;
}

void OnnxWriter::setMetadata(const std::string& key, const std::string& value) {
    auto& entries = *m_state->proto.mutable_metadata_props();
    const auto found = std::ranges::find(entries, key, &onnx::StringStringEntryProto::key);
    onnx::StringStringEntryProto& entry = found == entries.end() ? *entries.Add() : *found;
    entry.set_key(key);
    entry.set_value(value);
}

void OnnxWriter::write(std::span<const std::byte> bytes) {
    State& state = *m_state;
    while (!bytes.empty()) {
        if (state.current == state.targets.size()) {
            throw OutputError(state.path.string(),
                              std::format("{} bytes more than the tensors announced hold", bytes.size()));
        }
        const auto part = bytes.first(std::min<uint64_t>(bytes.size(), state.missingBytes));
        state.missingBytes -= part.size();
        if (state.targets[state.current].isPacked)
            state.storePacked(part);
        else
            state.store(part);
        bytes = bytes.subspan(part.size());
        if (state.missingBytes > 0) continue;
        ++state.current;
        state.beginTarget();
    }
}

void OnnxWriter::commit() {
    State& state = *m_state;
    if (state.current < state.targets.size())
        throw OutputError(state.path.string(), "the data of a tensor was not written");
    state.storeRest();
    state.serialize();
    if (state.data) state.data->commit();
    state.file.commit();
}

}  // namespace quant
