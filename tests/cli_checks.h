#pragma once

#include "quant/tensor_file.h"
#include "tests/run_clipscope.h"
#include "tests/source_folder.h"
#include "tests/temp_folder.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace app::tests {

// What the tests of the command line have in common.
using quant::tests::TempFolder;
using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;

inline const std::string sample = sourceFile("assets/fashion_cnn.safetensors");
inline const RunOptions withoutVulkan{.environment = {{"VK_DRIVER_FILES", "/nonexistent"}}};

struct FileTensor {
    FileTensor(std::string name, std::vector<uint64_t> shape, const std::vector<float>& values);
    FileTensor(std::string name, quant::DType dtype, std::vector<uint64_t> shape, std::string data);

    quant::TensorInfo info;
    std::string bytes;
};

// Writes a safetensors file into the folder and returns its path.
std::string writeFile(const TempFolder& folder, const std::vector<FileTensor>& tensors,
                      const std::string& name = "tensors.safetensors");

// Writes an npy file of such elements into the folder and returns its path.
std::string writeNpy(const TempFolder& folder, const std::string& name, quant::DType dtype,
                     std::vector<uint64_t> shape, const std::string& bytes);

RunResult runCommand(const std::string& command, Arguments arguments, const RunOptions& options = {});

// The report of `COMMAND ARGUMENTS --json -`, which must succeed.
Json reportOf(const std::string& command, Arguments arguments, const RunOptions& options = {});

// The exit code, nothing on standard output, and exactly one line, "clipscope: error: …", that holds the
// hint.
void checkFails(const RunResult& result, int exitCode, const std::string& hint = "");

Arguments keysOf(const Json& object);
Arguments namesOf(const Json& list);  // of objects that have a "name"

}  // namespace app::tests
