#pragma once

#include "quant/input_file.h"

#include <onnx/onnx_pb.h>

namespace quant {

// Parses a model. Throws InputError: malformed, cut short, beyond 2 GB, without a graph, nested more than
// protobuf reads (33 graphs), or so full of tiny parts that it would take more than 1 GiB and eight times the
// file's size in memory.
void parseOnnx(const InputFile& file, onnx::ModelProto& model);

}  // namespace quant
