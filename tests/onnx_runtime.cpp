#include "tests/onnx_runtime.h"

#include "tests/memory_tensor.h"
#include "tests/sample_data.h"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <onnxruntime_cxx_api.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <numeric>
#include <stdexcept>

namespace tests {

struct OnnxSession::State {
    Ort::Session session;
    Ort::AllocatorWithDefaultOptions allocator;
};

namespace {

// Debian's build of the library complains in some three thousand lines that its operators are registered
// already.
class SilentStandardError {
public:
    SilentStandardError() {
        std::fflush(stderr);
        m_saved = dup(STDERR_FILENO);
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDERR_FILENO);
        close(nowhere);
    }
    ~SilentStandardError() {
        std::cerr.flush();
        std::clog.flush();
        std::fflush(stderr);
        dup2(m_saved, STDERR_FILENO);
        close(m_saved);
    }
    SilentStandardError(const SilentStandardError&) = delete;
    SilentStandardError& operator=(const SilentStandardError&) = delete;

private:
    int m_saved = -1;
};

Ort::Env& environment() {
    static Ort::Env env(ORT_LOGGING_LEVEL_FATAL, "tests");
    return env;
}

Ort::Session load(const std::filesystem::path& path, bool optimizes) {
    const SilentStandardError silence;
    Ort::Env& env = environment();
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
    options.SetGraphOptimizationLevel(optimizes ? ORT_ENABLE_ALL : ORT_DISABLE_ALL);
    return Ort::Session(env, path.c_str(), options);
}

std::string describe(const Ort::TypeInfo& type) {
    const auto tensor = type.GetTensorTypeAndShapeInfo();
    std::string text = std::to_string(tensor.GetElementType()) + ":";
    for (const int64_t extent : tensor.GetShape()) text += " " + std::to_string(extent);
    return text;
}

template <class T>
Ort::Value valueOf(const OnnxInput& input, OrtAllocator* allocator) {
    auto value = Ort::Value::CreateTensor<T>(allocator, input.shape.data(), input.shape.size());
    std::ranges::transform(input.values, value.template GetTensorMutableData<T>(),
                           [](double x) { return static_cast<T>(x); });
    return value;
}

Ort::Value convert(const OnnxInput& input, ONNXTensorElementDataType type, OrtAllocator* allocator) {
    switch (type) {
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
            return valueOf<float>(input, allocator);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
            return valueOf<double>(input, allocator);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
            return valueOf<int64_t>(input, allocator);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
            return valueOf<int32_t>(input, allocator);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
            return valueOf<bool>(input, allocator);
        default:
            throw std::runtime_error("inputs of this type are not needed so far");
    }
}

template <class T, class Convert>
std::vector<double> doublesOf(const Ort::Value& value, Convert convert) {
    const size_t count = value.GetTensorTypeAndShapeInfo().GetElementCount();
    std::vector<double> result(count);
    std::transform(value.GetTensorData<T>(), value.GetTensorData<T>() + count, result.begin(), convert);
    return result;
}

std::vector<double> doubles(const Ort::Value& value) {
    const auto widen = [](auto x) { return static_cast<double>(x); };
    switch (value.GetTensorTypeAndShapeInfo().GetElementType()) {
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
            return doublesOf<float>(value, widen);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
            return doublesOf<double>(value, widen);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
            return doublesOf<int64_t>(value, widen);
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
            return doublesOf<uint16_t>(value, [](uint16_t bits) { return double{floatFromHalf(bits)}; });
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
            return doublesOf<uint16_t>(value, [](uint16_t bits) { return double{floatFromBfloat(bits)}; });
        default:
            throw std::runtime_error("outputs of this type are not needed so far");
    }
}

}  // namespace

OnnxSession::OnnxSession(const std::filesystem::path& path, bool optimizes)
    : m_state(new State{load(path, optimizes), {}}) {}

OnnxSession::~OnnxSession() {
    delete m_state;
}

OnnxSignature OnnxSession::signature() const {
    OnnxSignature result;
    for (size_t i = 0; i < m_state->session.GetInputCount(); ++i) {
        result.inputs[m_state->session.GetInputNameAllocated(i, m_state->allocator).get()] =
            describe(m_state->session.GetInputTypeInfo(i));
    }
    for (size_t i = 0; i < m_state->session.GetOutputCount(); ++i) {
        result.outputs[m_state->session.GetOutputNameAllocated(i, m_state->allocator).get()] =
            describe(m_state->session.GetOutputTypeInfo(i));
    }
    return result;
}

std::map<std::string, OnnxInput> OnnxSession::randomInputs(uint64_t seed, int64_t freeExtent) const {
    Random random(seed);
    std::map<std::string, OnnxInput> inputs;
    for (size_t i = 0; i < m_state->session.GetInputCount(); ++i) {
        const Ort::TypeInfo type = m_state->session.GetInputTypeInfo(i);
        OnnxInput& input = inputs[m_state->session.GetInputNameAllocated(i, m_state->allocator).get()];
        input.shape = type.GetTensorTypeAndShapeInfo().GetShape();
        for (int64_t& extent : input.shape) extent = extent < 0 ? freeExtent : extent;
        const int64_t elements =
            std::accumulate(input.shape.begin(), input.shape.end(), int64_t{1}, std::multiplies());
        for (int64_t k = 0; k < elements; ++k)
            input.values.push_back(random.below(1 << 20) / double{1 << 20});
    }
    return inputs;
}

std::map<std::string, std::vector<double>> OnnxSession::run(const std::map<std::string, OnnxInput>& inputs) {
    std::vector<std::string> outputNames;
    std::vector<const char*> inputPointers, outputPointers;
    std::vector<Ort::Value> values;
    for (size_t i = 0; i < m_state->session.GetInputCount(); ++i) {
        const std::string name = m_state->session.GetInputNameAllocated(i, m_state->allocator).get();
        const auto input = inputs.find(name);
        if (input == inputs.end()) continue;
        const Ort::TypeInfo type = m_state->session.GetInputTypeInfo(i);
        values.push_back(
            convert(input->second, type.GetTensorTypeAndShapeInfo().GetElementType(), m_state->allocator));
        inputPointers.push_back(input->first.c_str());
    }
    for (size_t i = 0; i < m_state->session.GetOutputCount(); ++i)
        outputNames.push_back(m_state->session.GetOutputNameAllocated(i, m_state->allocator).get());
    for (const std::string& name : outputNames) outputPointers.push_back(name.c_str());
    const auto results = m_state->session.Run(Ort::RunOptions(), inputPointers.data(), values.data(),
                                              values.size(), outputPointers.data(), outputPointers.size());
    std::map<std::string, std::vector<double>> outputs;
    for (size_t i = 0; i < results.size(); ++i) outputs[outputNames[i]] = doubles(results[i]);
    return outputs;
}

std::map<std::string, std::vector<double>> runOnnx(const std::filesystem::path& path,
                                                   const std::map<std::string, OnnxInput>& inputs,
                                                   double tolerance) {
    const auto plain = OnnxSession(path, false).run(inputs);
    const auto optimized = OnnxSession(path, true).run(inputs);
    for (const auto& [name, values] : plain) {
        const std::vector<double>& others = optimized.at(name);
        REQUIRE(others.size() == values.size());
        for (size_t i = 0; i < values.size(); ++i) {
            if (std::isnan(values[i]) && std::isnan(others[i])) continue;
            REQUIRE(std::abs(values[i] - others[i]) <= tolerance);
        }
    }
    return plain;
}

}  // namespace tests
