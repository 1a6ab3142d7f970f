#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace engine {

// A Vulkan call that failed: the call, its result and the place (what was being done).
class Error : public std::runtime_error {
public:
    Error(const std::string& call, int result, const std::string& place);
    int result() const { return m_result; }

private:
    int m_result;
};

// The device was lost; everything made on it is gone.
class DeviceLost : public Error {
public:
    using Error::Error;
};

// Host or device memory ran out; a smaller request may succeed.
class OutOfMemory : public Error {
public:
    using Error::Error;
};

// Work did not finish within its time-out.
class Timeout : public std::runtime_error {
public:
    Timeout(const std::string& place, uint64_t seconds);
};

// No Vulkan loader, no driver, or no device with the features of the baseline.
class NoDevice : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A shader of CLIPSCOPE_SHADERS that does not compile; the message names file and line.
class ShaderError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace engine
