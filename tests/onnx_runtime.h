#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tests {

struct OnnxInput {
    std::vector<int64_t> shape;
    std::vector<double> values;  // converted to the input's type
};

// What ONNX Runtime knows of a model's inputs and outputs: name -> element type and shape, as text.
struct OnnxSignature {
    std::map<std::string, std::string> inputs, outputs;
    bool operator==(const OnnxSignature&) const = default;
};

// A model loaded by ONNX Runtime, on the processor and one thread. Throws std::exception when it does not
// load.
class OnnxSession {
public:
    explicit OnnxSession(const std::filesystem::path& path, bool optimizes = true);
    ~OnnxSession();
    OnnxSession(const OnnxSession&) = delete;
    OnnxSession& operator=(const OnnxSession&) = delete;

    OnnxSignature signature() const;
    // Every input filled with pseudo-random numbers of [0, 1); extents that the model leaves free are
    // freeExtent.
    std::map<std::string, OnnxInput> randomInputs(uint64_t seed, int64_t freeExtent) const;
    // All outputs by name, as doubles. An input that is left out takes its initializer's value.
    std::map<std::string, std::vector<double>> run(const std::map<std::string, OnnxInput>& inputs);

private:
    struct State;
    State* m_state;
};

// The outputs of the model, which must be the same with and without ONNX Runtime's optimizations to within
// `tolerance`: unoptimized, each node runs as it is written.
std::map<std::string, std::vector<double>> runOnnx(const std::filesystem::path& path,
                                                   const std::map<std::string, OnnxInput>& inputs = {},
                                                   double tolerance = 0);

}  // namespace tests
