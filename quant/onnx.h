#pragma once

#include "quant/input_file.h"
#include "quant/tensor_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quant {

struct OnnxModel;
struct OnnxStorage;

constexpr uint64_t maxOnnxBytes = 0x7fffffff;  // protobuf's limit for a message

// An ONNX model as a file of tensors: the initializers of its graph and of all subgraphs, and the values of
// Constant nodes, also those in model-local functions. Names are those in the model. Where several tensors
// have the same name, as in the branches of an If, those in a subgraph or function are called by their place,
//     If_3.then_branch/NAME        (the node's type, its index in its graph, its attribute)
//     function DOMAIN.NAME/NAME
// Strings, 4-bit integers and sparse tensors are unreadable. metadata() is metadata_props.
class OnnxFile final : public TensorFile {
public:
    // Reads the whole model and checks every tensor; external data is looked up in the model's own folder
    // (see quant/contained_file.h) and stays in its files. Memory: some twice the file's size, for typed
    // fields of small integers up to eight times. Throws InputError naming tensor and field.
    explicit OnnxFile(InputFile file);
    ~OnnxFile() override;

    const OnnxModel& model() const { return *m_model; }
    std::vector<std::string> sourcePaths() const override;

private:
    void describe();
    void checkExternal(const TensorInfo& info, const OnnxStorage& storage) const;
    void readRange(size_t index, uint64_t offset, std::span<std::byte> bytes) const override;

    std::unique_ptr<OnnxModel> m_model;
};

// Whether the path ends in .onnx.
bool hasOnnxExtension(std::string_view path);

// Whether the file is an ONNX model by its name, or else by its contents: the fields of a model and no
// others, a graph among them. Reads the fields' tags alone.
bool isOnnx(const InputFile& file);

}  // namespace quant
