#include "tests/cli_checks.h"

#include "quant/npy_writer.h"
#include "quant/safetensors_writer.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

namespace app::tests {

FileTensor::FileTensor(std::string name, std::vector<uint64_t> shape, const std::vector<float>& values)
    : FileTensor(std::move(name), quant::DType::F32, std::move(shape),
                 {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}) {}

FileTensor::FileTensor(std::string name, quant::DType dtype, std::vector<uint64_t> shape, std::string data)
    : info(quant::makeTensorInfo(std::move(name), dtype, std::move(shape)).value()), bytes(std::move(data)) {}

std::string writeFile(const TempFolder& folder, const std::vector<FileTensor>& tensors,
                      const std::string& name) {
    std::vector<quant::TensorInfo> infos;
    for (const auto& tensor : tensors) infos.push_back(tensor.info);
    const auto path = folder / name;
    quant::SafetensorsWriter writer(path, infos);
    for (const auto& tensor : tensors) writer.write(std::as_bytes(std::span(tensor.bytes)));
    writer.commit();
    return path;
}

std::string writeNpy(const TempFolder& folder, const std::string& name, quant::DType dtype,
                     std::vector<uint64_t> shape, const std::string& bytes) {
    const std::filesystem::path path = folder / name;
    quant::NpyWriter writer(path, quant::makeTensorInfo("x", dtype, std::move(shape)).value());
    writer.write(std::as_bytes(std::span(bytes)));
    writer.commit();
    return path;
}

RunResult runCommand(const std::string& command, Arguments arguments, const RunOptions& options) {
    arguments.insert(arguments.begin(), command);
    return runClipscope(arguments, options);
}

Json reportOf(const std::string& command, Arguments arguments, const RunOptions& options) {
    arguments.insert(arguments.end(), {"--json", "-"});
    const RunResult result = runCommand(command, std::move(arguments), options);
    CAPTURE(result.err);
    REQUIRE(result.exitCode == 0);
    return Json::parse(result.out);
}

void checkFails(const RunResult& result, int exitCode, const std::string& hint) {
    CAPTURE(result.out, result.err, hint);
    CHECK(result.exitCode == exitCode);
    CHECK(result.err.starts_with("clipscope: error: "));
    CHECK(std::ranges::count(result.err, '\n') == 1);
    CHECK(result.err.ends_with('\n'));
    CHECK(result.err.contains(hint));
    CHECK(result.out.empty());
}

Arguments keysOf(const Json& object) {
    Arguments keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

Arguments namesOf(const Json& list) {
    Arguments names;
    for (const Json& entry : list) names.push_back(entry["name"]);
    return names;
}

}  // namespace app::tests
